using System.Globalization;

namespace Sophia.Resilience;

/// <summary>Options of breakers as a line of configuration: "*: consecutive=5, ratio=0.5; model: break=10s, mode=metrics". Pure.</summary>
/// <remarks>Dependencies are separated by ';', "*" is every one that is not named; a named one begins from what "*" says. Spans are 200ms, 10s, 5m or 1h.</remarks>
public static class BreakerText
{
    /// <exception cref="FormatException">Says what cannot be meant, where, and what would be.</exception>
    public static void Read(string text, BreakersOptions into)
    {
        var parts = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split(':', 2, StringSplitOptions.TrimEntries)).ToList();
        if (parts.Find(part => part.Length != 2 || (part[0] != "*" && !Tenants.TenantId.IsName(part[0]))) is { } odd)
            throw new FormatException($"\"{string.Join(':', odd)}\" is not of the form dependency: option=value, …; a dependency is * or 1 to 63 of a-z, 0-9 and '-'.");
        if (parts.GroupBy(part => part[0]).FirstOrDefault(one => one.Count() > 1)?.Key is { } twice)
            throw new FormatException($"{twice} stands twice; say its options in one place.");
        if (parts.Find(part => part[1].Length == 0) is { } bare)
            throw new FormatException($"{bare[0]}: it says no option.");
        foreach (var part in parts.OrderBy(part => part[0] != "*"))
        {
            var said = part[1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (said.GroupBy(option => option.Split('=')[0].Trim()).FirstOrDefault(one => one.Count() > 1)?.Key is { } repeated)
                throw new FormatException($"{part[0]}: {repeated} stands twice.");
            var read = said.Aggregate(into.Of(part[0]), (so, option) => With(so, part[0], option));
            if (read.Wrong() is { } wrong)
                throw new FormatException($"{part[0]}: {wrong}.");
            if (part[0] == "*")
                into.Default = read;
            else
                into.Dependencies[part[0]] = read;
        }
    }

    private static BreakerOptions With(BreakerOptions so, string of, string option)
    {
        if (option.Split('=', 2, StringSplitOptions.TrimEntries) is not [var name, var value])
            throw new FormatException($"{of}: \"{option}\" is not of the form option=value.");
        return name switch
        {
            "consecutive" => so with { ConsecutiveFailures = Whole(of, name, value) },
            "ratio" => so with { FailureRatio = Number(of, name, value) },
            "slow-ratio" => so with { SlowRatio = Number(of, name, value) },
            "slow" => so with { SlowAfter = Span(of, name, value) },
            "minimum" => so with { MinimumCalls = Whole(of, name, value) },
            "window" => so with { Window = Span(of, name, value) },
            "break" => so with { BreakFor = Span(of, name, value) },
            "factor" => so with { BreakFactor = Number(of, name, value) },
            "longest-break" => so with { LongestBreak = Span(of, name, value) },
            "probes" => so with { Probes = Whole(of, name, value) },
            "probe" => so with { ProbeFor = Span(of, name, value) },
            "ramp" => so with { Ramp = [.. value.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(share => Whole(of, name, share))] },
            "ramp-step" => so with { RampStepFor = Span(of, name, value) },
            "quorum" => so with { Quorum = Number(of, name, value) },
            "mode" => so with { MetricsOnly = value switch { "metrics" => true, "on" => false, _ => throw new FormatException($"{of}: mode is on or metrics; \"{value}\" is not.") } },
            "failures" => so with { Failures = new SortedSet<CallOutcome>(value.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(word => Outcome(of, word))) },
            _ => throw new FormatException($"{of}: there is no option \"{name}\"; there are consecutive, ratio, slow-ratio, slow, minimum, window, break, factor, longest-break, probes, probe, ramp, ramp-step, quorum, mode and failures."),
        };
    }

    private static CallOutcome Outcome(string of, string word) => word switch
    {
        "unreachable" => CallOutcome.Unreachable,
        "timed-out" => CallOutcome.TimedOut,
        "failed" => CallOutcome.Failed,
        "throttled" => CallOutcome.Throttled,
        "bad-answer" => CallOutcome.BadAnswer,
        _ => throw new FormatException($"{of}: failures are unreachable, timed-out, failed, throttled and bad-answer, separated by '/'; \"{word}\" is none."),
    };

    private static int Whole(string of, string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"{of}: {name} is a whole number; \"{value}\" is not.");

    private static double Number(string of, string name, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"{of}: {name} is a number such as 0.5; \"{value}\" is not.");

    private static TimeSpan Span(string of, string name, string value)
    {
        var (unit, length) = value.EndsWith("ms", StringComparison.Ordinal) ? (TimeSpan.FromMilliseconds(1), 2) : value is [.., 's'] ? (TimeSpan.FromSeconds(1), 1) : value is [.., 'm'] ? (TimeSpan.FromMinutes(1), 1) : value is [.., 'h'] ? (TimeSpan.FromHours(1), 1) : default;
        return length > 0 && double.TryParse(value[..^length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number <= 1_000_000 ? unit * number
            : throw new FormatException($"{of}: {name} is a span such as 200ms, 10s, 5m or 1h; \"{value}\" is not.");
    }
}
