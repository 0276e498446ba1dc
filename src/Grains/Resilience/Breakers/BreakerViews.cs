using System.Globalization;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>A breaker as people are shown it. Pure.</summary>
internal static class BreakerViews
{
    public static BreakerView Of(TenantKey key, BreakerState state, BreakerHeld held, BreakerOptions options, IReadOnlyList<(BreakerEvidence Evidence, string Name, DateTimeOffset At)> seen) => new(
        key.Tenant.Value, key.Name!, state.Phase, state.Epoch, state.Round, state.Since, state.Until, state.Because,
        held.Hold switch { BreakerHold.Isolated => 0, BreakerHold.HeldClosed => 100, _ => BreakerRules.Share(state, options) },
        state.Trips, state.Probes.Count(probe => !probe.Succeeded), held.Hold, held.Hold == BreakerHold.None ? null : held.By, held.Hold == BreakerHold.None ? null : held.Because, held.Hold == BreakerHold.None ? null : held.At,
        options.MetricsOnly, Rule(options),
        [.. seen.Select(one => new BreakerProcess(one.Name, one.Evidence.Counts.Calls, one.Evidence.Counts.Failures, one.Evidence.Counts.Slow, one.Evidence.OpensHere, BreakerJudge.Sees(one.Evidence.Counts, options)))],
        state.History);

    /// <summary>When it opens and how it comes back, in one line.</summary>
    public static string Rule(BreakerOptions options)
    {
        List<string> opens = [];
        if (options.ConsecutiveFailures > 0)
            opens.Add(string.Create(CultureInfo.InvariantCulture, $"{options.ConsecutiveFailures} failures in a row"));
        if (options.FailureRatio > 0)
            opens.Add(string.Create(CultureInfo.InvariantCulture, $"{options.FailureRatio * 100:0.##} % of {options.MinimumCalls} or more calls within {Span(options.Window)} failing"));
        if (options.SlowRatio > 0)
            opens.Add(string.Create(CultureInfo.InvariantCulture, $"{options.SlowRatio * 100:0.##} % of them taking {Span(options.SlowAfter)}"));
        return string.Create(CultureInfo.InvariantCulture,
            $"opens at {string.Join(", or ", opens)}; for {Span(options.BreakFor)}, then {options.BreakFactor:0.##} times longer each time up to {Span(options.LongestBreak)}; {options.Probes} probes, then {string.Join(", ", options.Ramp)} % for {Span(options.RampStepFor)} each");
    }

    private static string Span(TimeSpan span) => span.TotalSeconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.##} ms")
        : span.TotalSeconds <= 120 ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.##} s")
        : string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0.##} min");
}
