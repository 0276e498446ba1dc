using System.Globalization;
using Sophia.Hosting;

namespace Sophia.Operations;

/// <summary>What the environment says of the room on disks: SOPHIA_DISK_WARN and SOPHIA_DISK_REFUSE, a share and free space like "95% 10GiB" of which either may stand alone, and SOPHIA_POSTGRES_LIMIT, like "500GiB".</summary>
internal static class RoomSettings
{
    private const double Never = 1_000_000;

    /// <exception cref="StartRefusedException">A value cannot be meant.</exception>
    public static void Read(RoomOptions options, Func<string, string?> variable)
    {
        (options.WarnPercent, options.WarnFreeGib) = Mark(variable, "SOPHIA_DISK_WARN") ?? (options.WarnPercent, options.WarnFreeGib);
        (options.RefusePercent, options.RefuseFreeGib) = Mark(variable, "SOPHIA_DISK_REFUSE") ?? (options.RefusePercent, options.RefuseFreeGib);
        if (!options.IsOrdered)
            throw new StartRefusedException("SOPHIA_DISK_REFUSE must not come before SOPHIA_DISK_WARN: no smaller share used, no more space free.");
        if (variable("SOPHIA_POSTGRES_LIMIT") is { Length: > 0 } limit)
            options.PostgresBytes = Gib(limit) is { } gib and >= 1 ? (long)(gib * (1L << 30))
                : throw new StartRefusedException($"SOPHIA_POSTGRES_LIMIT is a size of 1GiB or more, like 500GiB; \"{limit}\" is not.");
    }

    // A share alone counts whatever is free, a free space alone whatever is used.
    private static (double Percent, double FreeGib)? Mark(Func<string, string?> variable, string name)
    {
        if (variable(name) is not { Length: > 0 } text)
            return null;
        double? percent = null, free = null;
        foreach (var part in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            if (part.EndsWith('%') && Number(part[..^1]) is { } share and >= 1 and <= 100)
                percent = share;
            else if (Gib(part) is { } gib)
                free = gib;
            else
                throw new StartRefusedException($"{name} is a share used, a free space, or both, like \"95% 10GiB\"; \"{text}\" is not.");
        return (percent ?? 1, free ?? Never);
    }

    private static double? Gib(string text) =>
        text.EndsWith("GiB", StringComparison.OrdinalIgnoreCase) && Number(text[..^3]) is { } number and >= 0 and <= Never ? number : null;

    private static double? Number(string text) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
}
