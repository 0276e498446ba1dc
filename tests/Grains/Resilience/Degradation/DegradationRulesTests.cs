namespace Sophia.Resilience;

// Goal: the level follows what is wrong at once, never flaps, is never better for worse, and always comes back in steps. Method: short sequences exhaustively, long ones by seed.
public sealed class DegradationRulesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly DegradationOptions Options = new();

    /// <summary>From well to worst; each at least as bad as the one before in every part.</summary>
    private static readonly HealthSnapshot[] Worse =
    [
        HealthSnapshot.Well,
        Seen(errors: 3),
        Seen(errors: 6),
        Seen(errors: 6, failing: ["redis"]),
        Seen(errors: 25, failing: ["redis"], disk: 1),
        Seen(errors: 60, failing: ["airbyte", "redis"], disk: 2),
    ];

    [Fact]
    public void Over_all_short_sequences_the_level_is_at_once_that_of_the_worst_rule_and_falls_one_step_at_a_time()
    {
        const int Length = 6;
        for (var code = 0; code < Math.Pow(Worse.Length, Length); code++)
        {
            var (state, rest, now) = (new DegradationState(), code, Start);
            for (var step = 0; step < Length; step++, rest /= Worse.Length, now += TimeSpan.FromSeconds(20))
            {
                var before = state;
                state = DegradationRules.See(state, Worse[rest % Worse.Length], Options, now);
                var worst = state.Rules.Count == 0 ? DegradationLevel.Full : state.Rules.Max(active => Options.Rules.Single(rule => rule.Name == active.Name).Level);
                Assert.True(state.Level >= worst && state.Level >= before.Level - 1, $"sequence {code}, step {step}");
                Assert.True(state.Level <= before.Level || state.Level == worst, $"sequence {code}, step {step}");
                Assert.Equal(state.Level != before.Level || !Names(state).SequenceEqual(Names(before)), state.Version != before.Version);
            }
        }
    }

    [Fact]
    public void What_is_worse_at_every_moment_is_never_offered_more()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var (better, worse, now) = (new DegradationState(), new DegradationState(), Start);
            for (var step = 0; step < 200; step++, now += Look)
            {
                var at = random.Next(4) == 0 ? random.Next(Worse.Length) : 0;
                better = DegradationRules.See(better, Worse[at], Options, now);
                worse = DegradationRules.See(worse, Worse[random.Next(at, Worse.Length)], Options, now);
                Assert.True(worse.Level >= better.Level, $"seed {seed}, step {step}: {worse.Level} against {better.Level}");
            }
        }
    }

    [Fact]
    public void From_wherever_it_is_it_comes_back_to_full_when_all_is_well_and_within_the_time_stated()
    {
        var bound = Options.StayFor + 3 * Options.StepEvery + 5 * Look;
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var (state, now) = (new DegradationState(), Start);
            for (var step = random.Next(60); step > 0; step--, now += Look)
                state = DegradationRules.See(state, Worse[random.Next(Worse.Length)], Options, now);
            var from = state.Level;
            var healed = now;
            for (; state.Level > DegradationLevel.Full; now += Look)
            {
                Assert.True(now - healed <= bound, $"seed {seed}: still {state.Level} after {now - healed}");
                var before = state.Level;
                state = DegradationRules.See(state, HealthSnapshot.Well, Options, now);
                Assert.InRange(before - state.Level, 0, 1);
            }
            Assert.True(from == DegradationLevel.Full || now - healed >= Options.StepEvery, $"seed {seed}: back at once");
            Assert.Empty(DegradationRules.Effects(state, Options).Off);
        }
    }

    [Fact]
    public void What_comes_and_goes_turns_the_level_once_and_not_each_time()
    {
        var (state, now) = (new DegradationState(), Start);
        for (var step = 0; step < 500; step++, now += Look)
            state = DegradationRules.See(state, step % 5 == 0 ? Seen(errors: 30) : Seen(errors: 0), Options, now);
        Assert.Equal(DegradationLevel.Minimal, state.Level);
        Assert.Single(state.History);
    }

    [Fact]
    public void Between_the_two_marks_it_stays_as_it_is()
    {
        Assert.Equal(DegradationLevel.Full, See(new DegradationState(), Seen(errors: 4.9), 100).Level);
        var entered = See(new DegradationState(), Seen(errors: 5), 1);
        Assert.Equal("errors: 5 % of requests fail", DegradationRules.Because(entered));
        Assert.Equal(DegradationLevel.Partial, See(entered, Seen(errors: 1), 100).Level);
        Assert.Equal(DegradationLevel.Full, See(entered, Seen(errors: 0.9), 100).Level);
    }

    [Fact]
    public void The_rules_of_the_seed_are_shipped()
    {
        var airbyte = See(new DegradationState(), Seen(failing: ["airbyte"]), 1);
        Assert.Equal(DegradationLevel.Partial, airbyte.Level);
        Assert.Equivalent(new DegradationEffects(["data_transformations", "real_time_sync"], CacheOnly: true, CacheForSeconds: 3_600, SaysStale: true), DegradationRules.Effects(airbyte, Options), strict: true);
        var redis = See(new DegradationState(), Seen(failing: ["redis"]), 1);
        Assert.Equal(DegradationLevel.Partial, redis.Level);
        Assert.Equivalent(new DegradationEffects(["caching", "session_storage"], RequestsPerSecond: 100), DegradationRules.Effects(redis, Options), strict: true);
        var both = DegradationRules.Effects(See(new DegradationState(), Seen(failing: ["airbyte", "redis"]), 1), Options);
        Assert.Equal(["caching", "data_transformations", "real_time_sync", "session_storage"], both.Off);
        Assert.Equal((true, 3_600, true, 100), (both.CacheOnly, both.CacheForSeconds, both.SaysStale, both.RequestsPerSecond));
    }

    [Fact]
    public void What_an_operator_holds_counts_against_the_rules_until_it_runs_out()
    {
        var failing = See(new DegradationState(), Seen(errors: 60), 1);
        var held = DegradationRules.Hold(failing, new DegradationHold(DegradationLevel.Full, "ada", "a drill", Start, Start.AddMinutes(10)));
        Assert.Equal((DegradationLevel.Full, DegradationLevel.Emergency), (DegradationRules.InForce(held), held.Level));
        Assert.Empty(DegradationRules.Effects(held, Options).Off);
        var later = DegradationRules.See(held, Seen(errors: 60), Options, Start.AddMinutes(10));
        Assert.Equal(DegradationLevel.Emergency, DegradationRules.InForce(later));
        Assert.Equal("what an operator held ran out", later.History[0].Because);
        Assert.Equal(DegradationLevel.Emergency, DegradationRules.InForce(DegradationRules.Release(held, "ada", "over", Start)));
    }

    [Fact]
    public void A_level_on_the_way_back_does_what_the_level_does()
    {
        var state = See(new DegradationState(), Seen(errors: 60), 1);
        var now = Start;
        while (state.Level == DegradationLevel.Emergency)
            state = DegradationRules.See(state, HealthSnapshot.Well, Options, now += Look);
        Assert.Equal(DegradationLevel.Minimal, state.Level);
        Assert.Equivalent(Options.Minimal, DegradationRules.Effects(state, Options), strict: true);
    }

    [Fact]
    public void A_rule_that_is_configured_no_more_ends()
    {
        var state = See(new DegradationState(), Seen(failing: ["redis"]), 1);
        var after = DegradationRules.See(state, Seen(failing: ["redis"]), new DegradationOptions { Rules = [] }, Start);
        Assert.Empty(after.Rules);
        Assert.True(after.Version > state.Version);
    }

    public static TheoryData<string, DegradationOptions> Wrong() => new()
    {
        { "leave must be below enter", With(new DegradationRule { Name = "x", Signal = HealthSignal.Disk, Enter = 1, Leave = 1, Level = DegradationLevel.Partial }) },
        { "either a dependency or a signal", With(new DegradationRule { Name = "x", Level = DegradationLevel.Partial }) },
        { "either a dependency or a signal", With(new DegradationRule { Name = "x", Dependency = "a", Signal = HealthSignal.Disk, Enter = 1, Level = DegradationLevel.Partial }) },
        { "the level is", With(new DegradationRule { Name = "x", Dependency = "a", Level = DegradationLevel.Full }) },
        { "there is no feature", With(new DegradationRule { Name = "x", Dependency = "a", Level = DegradationLevel.Partial, Effects = new(["sign_in"]) }) },
        { "stands twice", With(ShippedRules.All[0], ShippedRules.All[0]) },
        { "cacheForSeconds", new DegradationOptions { Partial = new([], CacheOnly: true, CacheForSeconds: 0) } },
        { "refusesMisses", new DegradationOptions { Minimal = new([], RefusesMisses: true) } },
        { "stayFor", new DegradationOptions { StayFor = TimeSpan.Zero } },
        { "minimumRequests", new DegradationOptions { MinimumRequests = 0 } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_cannot_be_meant_is_said_at_the_start(string because, DegradationOptions options)
    {
        Assert.Null(new DegradationOptions().Wrong());
        Assert.Contains(because, options.Wrong());
    }

    private static DegradationOptions With(params DegradationRule[] rules) => new() { Rules = rules };

    private static IEnumerable<string> Names(DegradationState state) => state.Rules.Select(rule => rule.Name);

    private static DegradationState See(DegradationState state, HealthSnapshot seen, int looks)
    {
        for (var look = 0; look < looks; look++)
            state = DegradationRules.See(state, seen, Options, Start + look * Look);
        return state;
    }

    private static HealthSnapshot Seen(double? errors = null, string[]? failing = null, double? disk = null)
    {
        var signals = new Dictionary<HealthSignal, double>();
        if (errors is { } share)
            signals[HealthSignal.ErrorRate] = share;
        if (disk is { } room)
            signals[HealthSignal.Disk] = room;
        return new HealthSnapshot(signals, (failing ?? []).ToDictionary(name => name, name => $"{name} does not answer"));
    }
}
