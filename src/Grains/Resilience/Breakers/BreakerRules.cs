using System.Globalization;

namespace Sophia.Resilience;

/// <summary>What becomes of a breaker. Pure: each function takes a state to the next, and gives the same one back where nothing changes.</summary>
/// <remarks>
/// <para>Closed opens where the calls speak against the dependency. A break ends by time; then exactly <see cref="BreakerOptions.Probes"/> probes are given, each to one process under a number and a lease. One that
/// fails opens anew, for longer; when all have succeeded, a growing share of the calls is let through, and after the last step it is closed. At any moment the probes that are out and those that have succeeded are
/// together no more than that number: a probe is given anew only when its lease has run out or it is handed back.</para>
/// <para>Each phase and each step is a round. Whatever is reported names its round, and what belongs to an earlier one changes nothing.</para>
/// <para>The same rules serve the whole cluster, in the grain, and one process by itself that alone sees the dependency failing.</para>
/// </remarks>
internal static class BreakerRules
{
    /// <summary>Changes that are remembered.</summary>
    public const int MostHistory = 50;

    /// <summary>By how much clocks of two silos may differ: a probe's lease is taken for that much longer, so that it is over for its process before it is given anew. 2 s.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(2);

    /// <summary>What time alone makes of it: a break ends, a step of the ramp is over, a probe's lease has run out.</summary>
    public static BreakerState Pass(BreakerState state, BreakerOptions options, DateTimeOffset now) => state.Phase switch
    {
        BreakerPhase.Open when state.Until <= now => Turn(state, BreakerPhase.HalfOpen, "the break is over", null, now),
        // That those which succeeded are enough may also come by fewer probes being asked for.
        BreakerPhase.HalfOpen => HaveSucceeded(state, options) ? NextStep(state, 0, options, now) : Free(state, now),
        BreakerPhase.Ramp when state.Until <= now => NextStep(state, state.Step + 1, options, now),
        _ => state,
    };

    /// <summary>When <see cref="Pass"/> has something to do next; null: never.</summary>
    public static DateTimeOffset? Due(BreakerState state) => state.Phase == BreakerPhase.HalfOpen
        ? state.Probes.Where(probe => !probe.Succeeded).Select(probe => (DateTimeOffset?)probe.ExpiresAt + ClockSkew).Min()
        : state.Until;

    /// <summary>Opens it.</summary>
    public static BreakerState Open(BreakerState state, string because, BreakerOptions options, DateTimeOffset now, string? by = null)
    {
        var trips = state.Trips + 1;
        return Turn(state, BreakerPhase.Open, because, by, now) with { Trips = trips, Until = now + Break(trips, options) };
    }

    /// <summary>How long the break is after so many openings.</summary>
    public static TimeSpan Break(int trips, BreakerOptions options) =>
        TimeSpan.FromTicks((long)Math.Min(options.LongestBreak.Ticks, options.BreakFor.Ticks * Math.Pow(options.BreakFactor, Math.Min(trips, 1_000) - 1)));

    /// <summary>Gives a process more probes, as far as there are any left.</summary>
    public static BreakerState Grant(BreakerState state, string process, int more, BreakerOptions options, DateTimeOffset now)
    {
        var given = Math.Min(more, options.Probes - state.Probes.Count);
        return state.Phase != BreakerPhase.HalfOpen || given <= 0 ? state : state with
        {
            Version = state.Version + 1,
            LastProbe = state.LastProbe + given,
            Probes = [.. state.Probes, .. Enumerable.Range(1, given).Select(next => new BreakerProbe(state.LastProbe + next, process, now + options.ProbeFor, false))],
        };
    }

    /// <summary>A probe came back.</summary>
    /// <param name="succeeded">Null: it says nothing of the dependency, or was not used, and is free again.</param>
    public static BreakerState Settle(BreakerState state, string process, long probe, bool? succeeded, BreakerOptions options, DateTimeOffset now)
    {
        if (state.Phase != BreakerPhase.HalfOpen || state.Probes.FirstOrDefault(one => one.Number == probe && one.Process == process && !one.Succeeded) is not { } known)
            return state;
        if (succeeded == false)
            return Open(state, "a probe failed", options, now);
        var left = state.Probes.Where(one => one.Number != probe);
        var after = state with { Version = state.Version + 1, Probes = [.. succeeded == true ? left.Append(known with { Succeeded = true }) : left] };
        return HaveSucceeded(after, options) ? NextStep(after, 0, options, now) : after;
    }

    /// <summary>The calls of this round were looked at.</summary>
    public static BreakerState See(BreakerState state, IReadOnlyCollection<BreakerEvidence> seen, BreakerOptions options, DateTimeOffset now) =>
        state.Phase is BreakerPhase.Closed or BreakerPhase.Ramp && BreakerJudge.Together(seen, options, Share(state, options)) is { } because ? Open(state, because, options, now) : state;

    /// <summary>Closed, and nothing remembered against the dependency.</summary>
    public static BreakerState Reset(BreakerState state, string because, string? by, DateTimeOffset now) =>
        Turn(state, BreakerPhase.Closed, because, by, now) with { Trips = 0 };

    /// <summary>What a person said takes its place among the changes, once: by its version every process learns of it.</summary>
    public static BreakerState Tell(BreakerState state, BreakerHeld held, DateTimeOffset now) => state.Told == held.Number ? state : held.Hold switch
    {
        BreakerHold.Isolated => Note(state, $"isolated: {held.Because}", held.By, now),
        BreakerHold.HeldClosed => Reset(state, $"held closed: {held.Because}", held.By, now),
        _ => Reset(state, $"reset: {held.Because}", held.By, now),
    } with { Told = held.Number };

    /// <summary>That its rule opened it, and closed it again, is owed to the audit; the breaks, probes and steps between the two are not, nor is the way back from a loss alone.</summary>
    public static BreakerState Owe(BreakerState before, BreakerState after) =>
        after.History is [{ By: null } change, ..] && ((before.Trips == 0 && after.Phase == BreakerPhase.Open) || (before.Trips > 0 && after.Phase == BreakerPhase.Closed))
            ? after with { Unaudited = [.. after.Unaudited.Append(change).TakeLast(MostHistory)] } : after;

    /// <summary>What was remembered is lost: half-open, in an epoch in which nothing of before counts.</summary>
    public static BreakerState Lost(long epoch, DateTimeOffset now)
    {
        const string Because = "what it remembered is lost";
        return new BreakerState { Epoch = epoch, Version = 1, Phase = BreakerPhase.HalfOpen, Since = now, Because = Because, History = [new BreakerChange(now, BreakerPhase.HalfOpen, Because, null)] };
    }

    /// <summary>Of a hundred calls, how many are let through.</summary>
    public static int Share(BreakerState state, BreakerOptions options) => state.Phase switch
    {
        BreakerPhase.Closed => 100,
        BreakerPhase.Ramp => state.Step < options.Ramp.Count ? options.Ramp[state.Step] : 100,
        _ => 0,
    };

    private static BreakerState Note(BreakerState state, string what, string? by, DateTimeOffset now) =>
        state with { Version = state.Version + 1, History = Remember(state, new BreakerChange(now, state.Phase, what, by)) };

    private static bool HaveSucceeded(BreakerState state, BreakerOptions options) => state.Probes.Count(static probe => probe.Succeeded) >= options.Probes;

    // By itself, because what it captures would be allocated for every phase.
    private static BreakerState Free(BreakerState state, DateTimeOffset now) => !state.Probes.Any(probe => IsOver(probe, now)) ? state
        : state with { Version = state.Version + 1, Probes = [.. state.Probes.Where(probe => !IsOver(probe, now))] };

    private static bool IsOver(BreakerProbe probe, DateTimeOffset now) => !probe.Succeeded && probe.ExpiresAt + ClockSkew <= now;

    private static BreakerState NextStep(BreakerState state, int step, BreakerOptions options, DateTimeOffset now) => step >= options.Ramp.Count
        ? Turn(state, BreakerPhase.Closed, state.Phase == BreakerPhase.Ramp ? "the ramp is over" : "all probes succeeded", null, now) with { Trips = 0 }
        : Turn(state, BreakerPhase.Ramp, string.Create(CultureInfo.InvariantCulture, $"{(step == 0 ? "all probes succeeded" : "no failures that count")}: {options.Ramp[step]} % of the calls"), null, now) with { Step = step, Until = now + options.RampStepFor };

    private static BreakerState Turn(BreakerState state, BreakerPhase phase, string because, string? by, DateTimeOffset now) => state with
    {
        Version = state.Version + 1, Round = state.Round + 1, Phase = phase, Since = now, Until = null, Because = because, Step = 0, Probes = [], History = Remember(state, new BreakerChange(now, phase, because, by)),
    };

    private static IReadOnlyList<BreakerChange> Remember(BreakerState state, BreakerChange change) => [change, .. state.History.Take(MostHistory - 1)];
}
