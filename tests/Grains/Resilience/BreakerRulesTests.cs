namespace Sophia.Resilience;

// Goal: what is promised of a breaker holds after every short sequence of events. Method: all sequences of up to five events out of fourteen are walked, and long ones are drawn; after each event the promises are looked at.
public sealed class BreakerRulesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly BreakerOptions Options = new() { Probes = 2, BreakFor = TimeSpan.FromSeconds(10), LongestBreak = TimeSpan.FromSeconds(35), ProbeFor = TimeSpan.FromSeconds(20), Ramp = [25, 100], RampStepFor = TimeSpan.FromSeconds(5), MinimumCalls = 4 };

    [Fact]
    public void The_promises_hold_after_every_sequence_of_five_events()
    {
        var walked = 0L;
        Walk(World.New(Options, BreakerRules.Grant), 5, ref walked);
        Assert.Equal(Enumerable.Range(1, 5).Sum(length => (long)Math.Pow(World.Events, length)), walked);
    }

    [Fact]
    public void The_promises_hold_after_long_sequences()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var world = World.New(Options, BreakerRules.Grant);
            for (var step = 0; step < 200; step++)
                (world, _) = (world.After(random.Next(World.Events)), world.Holds($"seed {seed}, step {step}"));
        }
    }

    [Fact]
    public void A_rule_that_gives_one_probe_too_many_is_caught()
    {
        var walked = 0L;
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Walk(World.New(Options, OneTooMany), 5, ref walked));

        static BreakerState OneTooMany(BreakerState state, string process, int more, BreakerOptions options, DateTimeOffset now) => BreakerRules.Grant(state, process, more, options with { Probes = options.Probes + 1 }, now);
    }

    [Fact]
    public void The_break_grows_up_to_its_bound_and_is_short_again_after_the_ramp()
    {
        var (state, now) = (new BreakerState(), Start);
        foreach (var seconds in (int[])[10, 20, 35, 35])
        {
            state = BreakerRules.Open(state, "it fails", Options, now);
            Assert.Equal(TimeSpan.FromSeconds(seconds), state.Until - now);
            state = BreakerRules.Pass(state, Options, now = state.Until!.Value);
        }
        state = BreakerRules.Grant(state, "a", 2, Options, now);
        foreach (var probe in state.Probes)
            state = BreakerRules.Settle(state, "a", probe.Number, true, Options, now);
        foreach (var share in (int[])[25, 100])
        {
            Assert.Equal((BreakerPhase.Ramp, share), (state.Phase, BreakerRules.Share(state, Options)));
            state = BreakerRules.Pass(state, Options, now = state.Until!.Value);
        }
        Assert.Equal((BreakerPhase.Closed, 0), (state.Phase, state.Trips));
        Assert.Equal(TimeSpan.FromSeconds(10), BreakerRules.Open(state, "again", Options, now).Until - now);
    }

    [Fact]
    public void Without_a_ramp_it_closes_when_all_probes_have_succeeded()
    {
        var options = Options with { Ramp = [], Probes = 1 };
        var state = BreakerRules.Grant(BreakerRules.Lost(7, Start), "a", 5, options, Start);
        Assert.Equal(BreakerPhase.Closed, BreakerRules.Settle(state, "a", Assert.Single(state.Probes).Number, true, options, Start).Phase);
    }

    [Fact]
    public void A_probe_of_another_process_an_unknown_one_and_one_that_came_back_already_change_nothing()
    {
        var state = BreakerRules.Grant(BreakerRules.Lost(7, Start), "a", 1, Options, Start);
        var number = state.Probes[0].Number;
        Assert.Same(state, BreakerRules.Settle(state, "b", number, false, Options, Start));
        Assert.Same(state, BreakerRules.Settle(state, "a", number + 1, false, Options, Start));
        var once = BreakerRules.Settle(state, "a", number, true, Options, Start);
        Assert.Same(once, BreakerRules.Settle(once, "a", number, false, Options, Start));
    }

    [Fact]
    public void Where_fewer_probes_are_asked_for_than_have_succeeded_already_it_does_not_stay_half_open()
    {
        var state = BreakerRules.Grant(BreakerRules.Lost(7, Start), "a", 1, Options, Start);
        state = BreakerRules.Settle(state, "a", Assert.Single(state.Probes).Number, true, Options, Start);
        Assert.Same(state, BreakerRules.Pass(state, Options, Start));
        Assert.Equal(BreakerPhase.Ramp, BreakerRules.Pass(state, Options with { Probes = 1 }, Start).Phase);
    }

    [Fact]
    public void What_a_person_said_is_told_once_under_a_version_of_its_own()
    {
        var open = BreakerRules.Open(new BreakerState(), "it fails", Options, Start);
        var held = new BreakerHeld { Hold = BreakerHold.Isolated, By = "ann", Because = "it costs too much", Number = 1 };
        var told = BreakerRules.Tell(open, held, Start);
        Assert.Equal((open.Version + 1, open.Round, BreakerPhase.Open, "isolated: it costs too much"), (told.Version, told.Round, told.Phase, told.History[0].Because));
        Assert.Same(told, BreakerRules.Tell(told, held, Start));
        var reset = BreakerRules.Tell(told, new BreakerHeld { Because = "as ever", By = "ann", Number = 2 }, Start);
        Assert.Equal((BreakerPhase.Closed, "reset: as ever", 2L), (reset.Phase, reset.Because, reset.Told));
    }

    [Fact]
    public void History_is_bounded()
    {
        var state = new BreakerState();
        for (var n = 0; n < BreakerRules.MostHistory * 2; n++)
            state = BreakerRules.Reset(state, $"{n}", "somebody", Start);
        Assert.Equal((BreakerRules.MostHistory, "99"), (state.History.Count, state.History[0].Because));
    }

    private static void Walk(World world, int left, ref long walked)
    {
        if (left == 0)
            return;
        for (var happening = 0; happening < World.Events; happening++)
        {
            var after = world.After(happening);
            after.Holds(null);
            walked++;
            Walk(after, left - 1, ref walked);
        }
    }

    /// <summary>A breaker, the processes that use it, and what they did: enough to tell whether a promise was broken.</summary>
    private sealed record World(BreakerState State, BreakerState? Before, DateTimeOffset Now, BreakerOptions Rule, Func<BreakerState, string, int, BreakerOptions, DateTimeOffset, BreakerState> Grant, long OldProbe, string Path)
    {
        public const int Events = 14;

        public static World New(BreakerOptions rule, Func<BreakerState, string, int, BreakerOptions, DateTimeOffset, BreakerState> grant) => new(new BreakerState(), null, Start, rule, grant, 0, "");

        public World After(int happening)
        {
            var now = happening switch { 0 => Now + TimeSpan.FromSeconds(1), 1 => Now + TimeSpan.FromSeconds(5), 2 => Now + TimeSpan.FromSeconds(25), _ => Now };
            var state = BreakerRules.Pass(State, Rule, now);
            var after = happening switch
            {
                0 or 1 or 2 => state,
                3 => Grant(state, "a", 1, Rule, now),
                4 => Grant(state, "b", 5, Rule, now),
                5 => Settle(state, "a", true, now),
                6 => Settle(state, "a", false, now),
                7 => Settle(state, "a", null, now),
                8 => Settle(state, "b", true, now),
                9 => BreakerRules.Settle(state, "a", OldProbe, false, Rule, now),
                10 => BreakerRules.See(state, [Calls("a", 4, 4), Calls("b", 4, 4)], Rule, now),
                11 => BreakerRules.See(state, [Calls("a", 400, 400), Calls("b", 1, 0)], Rule, now),
                12 => BreakerRules.Reset(state, "by hand", "somebody", now),
                _ => BreakerRules.Lost(state.Epoch + 1, now),
            };
            return new World(after, State, now, Rule, Grant, State.Probes.Count > 0 && state.Round != after.Round ? State.Probes[0].Number : OldProbe, $"{Path} {happening}");
        }

        public bool Holds(string? where)
        {
            var (state, told) = (State, $"after{Path} {where}: {State}");
            Assert.True(state.Probes.Count <= Rule.Probes, $"More probes than {Rule.Probes} {told}");
            Assert.True(state.Probes.Count == 0 || state.Phase == BreakerPhase.HalfOpen, $"Probes in another phase {told}");
            Assert.True(state.Phase != BreakerPhase.Open || state.Until is not null, $"A break without an end {told}");
            Assert.True(state.Phase is not BreakerPhase.Open || state.Until - state.Since <= Rule.LongestBreak, $"Too long a break {told}");
            Assert.True(BreakerRules.Share(state, Rule) is >= 0 and <= 100, told);
            Assert.Equal(state.Probes.Count, state.Probes.Select(probe => probe.Number).Distinct().Count());
            if (Before is not { } before)
                return true;
            Assert.True((state.Epoch, state.Version).CompareTo((before.Epoch, before.Version)) >= 0, $"Older than before {told}");
            Assert.True(ReferenceEquals(state, before) || (state.Epoch, state.Version) != (before.Epoch, before.Version), $"Changed without a version {told}");
            Assert.True((state.Epoch, state.Round) == (before.Epoch, before.Round) || (state.Epoch, state.Round).CompareTo((before.Epoch, before.Round)) > 0, $"An earlier round {told}");
            if (state.Epoch == before.Epoch && (state.Phase, state.Step) != (before.Phase, before.Step))
                Assert.True(state.Round > before.Round, $"Another phase in the same round {told}");
            Assert.All(state.Probes, probe => Assert.True(probe.Number <= state.LastProbe, told));
            // From failing to everybody there is no way but by probes, or by hand.
            if (before.Phase is BreakerPhase.Open && state.Phase is BreakerPhase.Closed or BreakerPhase.Ramp)
                Assert.Equal("somebody", state.History[0].By);
            return true;
        }

        private BreakerState Settle(BreakerState state, string process, bool? succeeded, DateTimeOffset now) =>
            state.Probes.FirstOrDefault(probe => probe.Process == process && !probe.Succeeded) is { } probe ? BreakerRules.Settle(state, process, probe.Number, succeeded, Rule, now) : state;

        private static BreakerEvidence Calls(string process, int calls, int failures) => new(process, new CallCounts(calls, failures, 0, failures), false);
    }
}
