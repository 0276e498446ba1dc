using System.Globalization;

namespace Sophia.Operations;

/// <summary>What a probe saw of a place, in bytes. Free is what this process may still write.</summary>
public readonly record struct RoomReading(long TotalBytes, long FreeBytes)
{
    public double UsedPercent => TotalBytes <= 0 ? 0 : 100.0 * (TotalBytes - FreeBytes) / TotalBytes;
}

/// <summary>Decides how much room a place has. A level is entered at its mark and left only beyond it by <see cref="RoomOptions.Slack"/>. Pure.</summary>
internal static class RoomRules
{
    private const double Gib = 1L << 30;

    public static RoomLevel Decide(RoomLevel before, RoomReading seen, RoomOptions options)
    {
        if (Holds(seen, options.RefusePercent, options.RefuseFreeGib, before == RoomLevel.None))
            return RoomLevel.None;
        return Holds(seen, options.WarnPercent, options.WarnFreeGib, before != RoomLevel.Enough) ? RoomLevel.Short : RoomLevel.Enough;
    }

    /// <summary>The sentence that people are told.</summary>
    public static string Say(string place, RoomLevel level, RoomReading seen, RoomOptions options)
    {
        var has = string.Create(CultureInfo.InvariantCulture, $"{Name(place)} is {seen.UsedPercent:0.0} % full, {seen.FreeBytes / Gib:0.00} GiB are free");
        return seen.TotalBytes <= 0 ? $"{Name(place)} is not watched: its size limit is not set." : level switch
        {
            RoomLevel.None => $"{has}; no new records or files are taken until there is more room.",
            RoomLevel.Short => string.Create(CultureInfo.InvariantCulture, $"{has}; at {options.RefusePercent:0.#} % and under {options.RefuseFreeGib:0.##} GiB free no new records or files are taken."),
            _ => $"{has}.",
        };
    }

    private static bool Holds(RoomReading seen, double percent, double freeGib, bool held)
    {
        var (share, free) = held ? (percent - RoomOptions.Slack, freeGib * (1 + RoomOptions.Slack / 100)) : (percent, freeGib);
        return seen.TotalBytes > 0 && seen.UsedPercent >= share && seen.FreeBytes < free * Gib;
    }

    private static string Name(string place) => place switch
    {
        "postgres" => "The database",
        IStorageRoom.Inbox => "The disk of dropped files",
        _ => "The disk of the data folder",
    };
}
