using System.Globalization;

namespace Sophia.Resilience;

/// <summary>What the rules read at one moment.</summary>
/// <param name="Failing">Dependencies that fail, with why.</param>
internal sealed record HealthSnapshot(IReadOnlyDictionary<HealthSignal, double> Signals, IReadOnlyDictionary<string, string> Failing)
{
    public static HealthSnapshot Well { get; } = new(new Dictionary<HealthSignal, double>(), new Dictionary<string, string>());
}

/// <summary>Chooses the level from what is seen. Pure.</summary>
/// <remarks>
/// A rule begins at once when its dependency fails or its signal reaches <c>Enter</c>, and ends when the signal has been below <c>Leave</c> (the dependency well) without a break for
/// <c>StayFor</c>. The level rises at once to that of the worst rule in force. It falls by one step at a time: each step when nothing has asked for the level for <c>StepEvery</c>. All clocks of
/// recovery count from the last moment at which something was wrong, so what was worse at any time is never back sooner.
/// </remarks>
internal static class DegradationRules
{
    public const int HistoryKept = 50;

    public static DegradationState See(DegradationState state, HealthSnapshot seen, DegradationOptions options, DateTimeOffset now)
    {
        state = Expire(state, options, now);
        var rules = Rules(state.Rules, seen, options, now);
        var worst = rules.Select(active => options.Rules.First(rule => rule.Name == active.Name)).MaxBy(rule => rule.Level);
        var target = worst?.Level ?? DegradationLevel.Full;
        if (target > state.Level)
            return Turned(state with { Rules = rules, QuietSince = null }, target, rules.First(active => active.Name == worst!.Name) is var by ? $"{by.Name}: {by.Because}" : "", now);
        if (target == state.Level)
            return SameRules(state.Rules, rules) && state.QuietSince is null ? state with { Rules = rules } : Noted(state with { Rules = rules, QuietSince = null }, state.Rules, rules, now);
        var quiet = state.QuietSince ?? now;
        if (now - quiet < options.StepEvery)
            return Noted(state with { Rules = rules, QuietSince = quiet }, state.Rules, rules, now);
        var step = state.Level - 1;
        return Turned(state with { Rules = rules, QuietSince = step == target ? null : now }, step, step == DegradationLevel.Full ? "everything is well again" : "recovering step by step", now);
    }

    /// <summary>What counts: what is held, else what the rules say.</summary>
    public static DegradationLevel InForce(DegradationState state) => state.Hold?.Level ?? state.Level;

    public static DegradationEffects Effects(DegradationState state, DegradationOptions options)
    {
        if (state.Hold is { } hold)
            return options.EffectsOf(hold.Level);
        var active = state.Rules.Select(one => options.Rules.FirstOrDefault(rule => rule.Name == one.Name)).OfType<DegradationRule>().ToArray();
        // A level that no rule asks for any more is a step of the way back: it does what the level does.
        var effects = active.Any(rule => rule.Level == state.Level) ? DegradationEffects.None : options.EffectsOf(state.Level);
        return active.Aggregate(effects, (sum, rule) => sum.With(rule.Effects ?? options.EffectsOf(rule.Level)));
    }

    public static DegradationState Hold(DegradationState state, DegradationHold hold) =>
        Changed(state with { Hold = hold }, hold.Level, $"held until {hold.Until.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)}: {hold.Because}", hold.By, hold.At);

    public static DegradationState Release(DegradationState state, string by, string because, DateTimeOffset now) =>
        Changed(state with { Hold = null }, state.Level, $"released: {because}", by, now);

    /// <summary>One that processes know more of than this grain does goes on after what they know.</summary>
    public static DegradationState After(DegradationState state, long version) => version > state.Version ? state with { Version = version + 1 } : state;

    /// <summary>Why it is as it is, for people.</summary>
    public static string? Because(DegradationState state) => state switch
    {
        { Hold: { } hold } => hold.Level == DegradationLevel.Full ? null : $"set by an operator: {hold.Because}",
        { Level: DegradationLevel.Full } => null,
        { Rules: [] } => state.Because,
        _ => string.Join("; ", state.Rules.Select(rule => $"{rule.Name}: {rule.Because}")),
    };

    private static DegradationState Expire(DegradationState state, DegradationOptions options, DateTimeOffset now)
    {
        state = state.Hold is { } hold && hold.Until <= now ? Changed(state with { Hold = null }, state.Level, "what an operator held ran out", null, now) : state;
        var known = state.Rules.Where(active => options.Rules.Any(rule => rule.Name == active.Name)).ToArray();
        return known.Length == state.Rules.Count ? state : state with { Rules = known, Version = state.Version + 1 };
    }

    private static IReadOnlyList<ActiveRule> Rules(IReadOnlyList<ActiveRule> before, HealthSnapshot seen, DegradationOptions options, DateTimeOffset now)
    {
        var after = new List<ActiveRule>();
        foreach (var rule in options.Rules)
        {
            var active = before.FirstOrDefault(one => one.Name == rule.Name);
            if (Sees(rule, seen, active is not null) is { } because)
                after.Add(active is null ? new ActiveRule(rule.Name, now, because, null) : active with { HealingSince = null });
            else if (active is not null && now - (active.HealingSince ?? now) < options.StayFor)
                after.Add(active with { HealingSince = active.HealingSince ?? now });
        }
        return after;
    }

    /// <summary>What the rule sees, in a few words; null: nothing.</summary>
    private static string? Sees(DegradationRule rule, HealthSnapshot seen, bool isActive) =>
        rule.Dependency is { } dependency ? seen.Failing.GetValueOrDefault(dependency)
        : seen.Signals.TryGetValue(rule.Signal!.Value, out var value) && value >= (isActive ? rule.Leave : rule.Enter) ? HealthText.Of(rule.Signal.Value, value) : null;

    private static bool SameRules(IReadOnlyList<ActiveRule> before, IReadOnlyList<ActiveRule> after) => before.Select(rule => rule.Name).SequenceEqual(after.Select(rule => rule.Name), StringComparer.Ordinal);

    // Rules that come or go change what is offered, though the level stays.
    private static DegradationState Noted(DegradationState state, IReadOnlyList<ActiveRule> before, IReadOnlyList<ActiveRule> after, DateTimeOffset now)
    {
        if (SameRules(before, after))
            return state;
        var said = after.Where(rule => before.All(known => known.Name != rule.Name)).Select(rule => $"{rule.Name}: {rule.Because}")
            .Concat(before.Where(rule => after.All(left => left.Name != rule.Name)).Select(rule => $"{rule.Name} is over"));
        return Changed(state, state.Level, string.Join("; ", said), null, now);
    }

    private static DegradationState Turned(DegradationState state, DegradationLevel level, string because, DateTimeOffset now) =>
        Changed(state with { Level = level, Since = now, Because = because }, level, because, null, now);

    private static DegradationState Changed(DegradationState state, DegradationLevel level, string because, string? by, DateTimeOffset now) => state with
    {
        Version = state.Version + 1,
        History = [new DegradationChange(now, level, because, by), .. state.History.Take(HistoryKept - 1)],
    };
}

/// <summary>Signals in words.</summary>
internal static class HealthText
{
    public static string Of(HealthSignal signal, double value) => signal switch
    {
        HealthSignal.ErrorRate => string.Create(CultureInfo.InvariantCulture, $"{value:0.#} % of requests fail"),
        HealthSignal.P95 => string.Create(CultureInfo.InvariantCulture, $"one request of twenty takes {value:N0} ms or more"),
        HealthSignal.QueueAge => string.Create(CultureInfo.InvariantCulture, $"records for the index, or work in the queue, wait {value:N0} s"),
        HealthSignal.Memory => string.Create(CultureInfo.InvariantCulture, $"half of the processes or more use {value:0} % of their memory"),
        _ => value >= 2 ? "there is no room on the disk" : value >= 1 ? "room on the disk is short" : "there is room on the disk",
    };
}
