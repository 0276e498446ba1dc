using System.Collections.Concurrent;
using Orleans.Runtime;
using Sophia.Chat;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: what a breaker promises of the whole cluster. Method: several silos, each with its own copy, over one store; silos die, pushes are lost, the store is away or forgets.
public sealed class BreakerClusterTests
{
    internal static readonly BreakerOptions Quick = new()
    {
        BreakFor = TimeSpan.FromMilliseconds(200), LongestBreak = TimeSpan.FromSeconds(1), Probes = 5, Ramp = [10, 100], RampStepFor = TimeSpan.FromMilliseconds(200), MinimumCalls = 10,
    };

    // Stays open until somebody says otherwise, as far as a test goes.
    internal static readonly BreakerOptions Patient = Quick with { BreakFor = TimeSpan.FromHours(1), LongestBreak = TimeSpan.FromHours(1) };

    [Fact]
    public async Task It_opens_for_all_when_a_majority_of_the_silos_that_call_sees_it_failing_and_one_sick_silo_is_alone()
    {
        await using var silos = await SomeSilos.Start(4, Patient);
        foreach (var well in (int[])[1, 2, 3])
            await silos.Succeed(well);
        await Heard(silos, 3);
        await silos.Fail(0);
        var seen = await Eventually.Get(() => silos.View(), view => view.Processes.Count(process => process.Calls > 0) == 4 && view.Processes.Any(process => process.OpensHere), "all four are heard");
        Assert.Equal((BreakerPhase.Closed, "5 failures in a row"), (seen.Phase, seen.Processes.Single(process => process.Name == "silo-0").Sees));
        Assert.Equal(BreakerRefusalReason.OpenHere, silos.Breaker(0).TryEnter().Refusal.Reason);
        Assert.False(silos.Breaker(1).TryEnter().IsRefused);
        await silos.Fail(1);
        await silos.Fail(2);
        Assert.Contains("3 of 4 processes", (await silos.Comes(BreakerPhase.Open)).Because);
        await silos.Everywhere(BreakerPhase.Open, 0, 1, 2, 3);
        Assert.Equal(BreakerRefusalReason.Open, silos.Breaker(3).TryEnter().Refusal.Reason);
    }

    [Fact]
    public async Task A_sick_silo_comes_back_by_itself()
    {
        await using var silos = await SomeSilos.Start(2, Quick);
        await silos.Succeed(1);
        await Heard(silos, 1);
        await silos.Fail(0);
        Assert.Equal(BreakerPhase.Closed, (await silos.View()).Phase);
        await silos.Succeed(0);
        await Eventually.Comes(() =>
        {
            var all = Enumerable.Range(0, 100).Select(_ => silos.Breaker(0).TryEnter()).ToList();
            all.ForEach(entry => entry.Permit.Report(CallOutcome.Success));
            return !all.Exists(entry => entry.IsRefused);
        }, "all calls of silo 0");
        Assert.Equal(BreakerPhase.Closed, (await silos.View()).Phase);
    }

    public enum Meanwhile
    {
        Nothing, ItsGrainMoves, ItsSiloDies,
    }

    /// <summary>Exactly N whatever becomes of the grain: a probe is written down before it is given, and to whom, so the next activation knows it and tells its process again. What a dead process had in hand is the next test's matter, so nobody
    /// calls where the grain lives at first.</summary>
    [Theory]
    [InlineData(Meanwhile.Nothing)]
    [InlineData(Meanwhile.ItsGrainMoves)]
    [InlineData(Meanwhile.ItsSiloDies)]
    public async Task Ten_thousand_callers_on_four_silos_get_exactly_five_probes_also_while_the_grain_moves_or_its_silo_dies(Meanwhile what)
    {
        // No lease ends however slow the machine is.
        await using var silos = await SomeSilos.Start(5, Quick with { ProbeFor = TimeSpan.FromHours(1) });
        await silos.View();
        var home = silos.Home()!.Value;
        int[] calling = [.. Enumerable.Range(0, 5).Where(silo => silo != home)];
        foreach (var silo in calling)
            await silos.Fail(silo);
        await silos.Comes(BreakerPhase.HalfOpen, calling[0]);
        var probes = new ConcurrentBag<BreakerPermit>();
        var homes = new HashSet<int>();
        using var enough = new CancellationTokenSource();
        var moving = what == Meanwhile.ItsGrainMoves ? Task.Run(Move) : Task.CompletedTask;
        await Eventually.Comes(() => what != Meanwhile.ItsGrainMoves || homes.Count > 1, "the grain moves");
        var callers = Enumerable.Range(0, 10_000).Select(caller => Task.Run(async () =>
        {
            var breaker = silos.Breaker(calling[caller % 4]);
            while (!enough.IsCancellationRequested)
            {
                if (breaker.TryEnter() is { IsRefused: false, Permit: var permit })
                {
                    probes.Add(permit);
                    return;
                }
                await Task.Yield();
            }
        })).ToList();
        if (what == Meanwhile.ItsSiloDies)
        {
            await Eventually.Comes(() => !probes.IsEmpty, "the first probe");
            await silos.Kill(home);
        }
        await Eventually.Comes(() => probes.Count >= 5, "the probes");
        // Several exchanges more, in which a sixth would be given.
        for (var look = 0; look < 20; look++)
            Assert.Equal(5, await Out());
        await enough.CancelAsync();
        await Task.WhenAll([.. callers, moving]);
        Assert.Equal(5, probes.Select(probe => probe.Probe).Distinct().Count());
        Assert.Equal(5, probes.Count);

        async Task Move()
        {
            while (!enough.IsCancellationRequested)
            {
                await silos.Move();
                await Out();
                if (silos.Home() is { } now)
                    homes.Add(now);
            }
        }

        // A call that a moving grain hands on too often is rejected, and asked again.
        async Task<int> Out()
        {
            while (true)
                try
                {
                    return (await silos.View(calling[0])).ProbesOut;
                }
                catch (OrleansMessageRejectionException)
                {
                }
        }
    }

    /// <summary>The one way to more than N calls ever: a probe that nobody reports on, because its process died, is given anew when its lease is over. So there are N and one more for each lease that ended, and never more than N whose leases stand.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_probe_that_a_silo_took_with_it_is_given_anew_when_its_lease_is_over_and_not_before(bool ends)
    {
        await using var silos = await SomeSilos.Start(3, Quick with { Probes = 2, ProbeFor = ends ? TimeSpan.FromSeconds(1) : TimeSpan.FromHours(1), RampStepFor = TimeSpan.FromHours(1) });
        await silos.View();
        var home = silos.Home()!.Value;
        var (dies, lives) = (Enumerable.Range(0, 3).First(silo => silo != home), Enumerable.Range(0, 3).Last(silo => silo != home));
        await silos.Fail(dies);
        await silos.Fail(lives);
        await silos.Comes(BreakerPhase.HalfOpen, lives);
        var taken = await silos.Probe(dies);
        await silos.Kill(dies);
        if (ends)
        {
            for (var given = 0; given < 2; given++)
                (await silos.Probe(lives)).Report(CallOutcome.Success);
            Assert.Equal("all probes succeeded: 10 % of the calls", (await silos.Comes(BreakerPhase.Ramp, lives)).Because);
            return;
        }
        var others = new HashSet<long>();
        for (var look = 0; look < 20; look++)
        {
            for (var call = 0; call < 100; call++)
                if (silos.Breaker(lives).TryEnter() is { IsRefused: false, Permit: var permit })
                    Assert.True(others.Add(permit.Probe));
            Assert.InRange((await silos.View(lives)).ProbesOut, 1, 2);
        }
        Assert.InRange(others.Count, 0, 1);
        Assert.DoesNotContain(taken.Probe, others);
    }

    [Fact]
    public async Task When_all_probes_succeed_a_growing_share_is_let_through_and_then_all()
    {
        await using var silos = await SomeSilos.Start(2, Quick with { RampStepFor = TimeSpan.FromSeconds(5) });
        await silos.Fail(0);
        await silos.Fail(1);
        await silos.Comes(BreakerPhase.HalfOpen);
        await Eventually.Comes(async () =>
        {
            await Task.WhenAll(silos.Succeed(0), silos.Succeed(1));
            return (await silos.View()).Phase == BreakerPhase.Ramp;
        }, "the ramp");
        // What share a step lets through is BreakerFaultTests' matter, where no step ends by itself.
        await silos.Everywhere(BreakerPhase.Ramp, 0);
        Assert.Equal(0, (await silos.Comes(BreakerPhase.Closed)).Trips);
        await silos.Everywhere(BreakerPhase.Closed, 0, 1);
    }

    [Fact]
    public async Task A_probe_that_fails_opens_it_anew_for_longer_and_results_of_the_round_before_count_no_more()
    {
        await using var silos = await SomeSilos.Start(2, Quick with { LongestBreak = TimeSpan.FromHours(1), BreakFactor = 10 });
        await silos.Fail(0);
        await silos.Fail(1);
        await silos.Comes(BreakerPhase.HalfOpen);
        var (first, second) = (await silos.Probe(0), await silos.Probe(1));
        first.Report(CallOutcome.TimedOut);
        Assert.Equal(2, (await Failed(silos, 0)).Trips);
        second.Report(CallOutcome.Success);
        var half = await silos.Comes(BreakerPhase.HalfOpen);
        var third = await silos.Probe(1);
        second.Report(CallOutcome.Failed);
        first.Report(CallOutcome.Failed);
        third.Report(CallOutcome.Abandoned);
        var free = await Eventually.Get(() => silos.View(), view => view.ProbesOut == 0, "the probe is handed back");
        Assert.Equal((BreakerPhase.HalfOpen, half.Round), (free.Phase, free.Round));
    }

    [Fact]
    public async Task Its_break_ends_also_where_no_process_asks_any_more()
    {
        await using var silos = await SomeSilos.Start(1, Quick with { BreakFor = TimeSpan.FromSeconds(3), LongestBreak = TimeSpan.FromSeconds(3) });
        await silos.Fail(0);
        await Eventually.Comes(() => silos.Log.Rows.Count > 0, "the audit is told that it opened");
        await silos.Replicas(0).StopAsync(default);
        await silos.Comes(BreakerPhase.HalfOpen);
    }

    [Fact]
    public async Task A_lost_push_is_noticed_at_the_next_exchange()
    {
        await using var silos = await SomeSilos.Start(3, Patient);
        await silos.Succeed(2);
        silos.LosesPushes = true;
        await silos.Fail(0);
        await silos.Fail(1);
        await silos.Comes(BreakerPhase.Open);
        await silos.Everywhere(BreakerPhase.Open, 0, 1, 2);
    }

    [Fact]
    public async Task What_a_person_said_holds_everywhere_is_audited_and_outlives_the_silo_and_the_phase()
    {
        await using var silos = await SomeSilos.Start(3, Quick);
        await silos.Succeed(0);
        await silos.Succeed(2);
        await silos.Ask(1, grain => grain.Set(BreakerHold.Isolated, "ann", "it costs too much", SomeSilos.Tenant));
        await Eventually.Comes(() => silos.Breaker(2).TryEnter() is { IsRefused: true, Refusal: { Reason: BreakerRefusalReason.Isolated, Text: "model is isolated: it costs too much" } }, "isolation on silo 2");
        Assert.Contains("breaker-isolate", Assert.Single(silos.Log.Rows).Key);
        var home = silos.Home()!.Value;
        silos.Store.Lose("breaker");
        await silos.Kill(home);
        var (left, other) = (Enumerable.Range(0, 3).First(silo => silo != home), Enumerable.Range(0, 3).Last(silo => silo != home));
        var view = await Eventually.Get(() => silos.View(left), view => view.Epoch > 1, "a higher epoch");
        Assert.Equal((BreakerHold.Isolated, "ann", 0, BreakerPhase.HalfOpen), (view.Hold, view.HeldBy, view.Share, view.Phase));
        Assert.Equal(BreakerRefusalReason.Isolated, (await silos.Breaker(other).Enter(default)).Refusal.Reason);
        await silos.Ask(left, grain => grain.Set(BreakerHold.HeldClosed, "ann", "it must go on", SomeSilos.Tenant));
        await Eventually.Comes(() => !silos.Breaker(other).TryEnter().IsRefused, "held closed");
        for (var call = 0; call < 100; call++)
            silos.Breaker(other).TryEnter().Permit.Report(CallOutcome.Failed);
        Assert.False(silos.Breaker(other).TryEnter().IsRefused);
        var reset = await silos.Ask(left, grain => grain.Set(BreakerHold.None, "ann", "as ever", SomeSilos.Tenant));
        Assert.Equal((BreakerHold.None, BreakerPhase.Closed, 100, "reset: as ever"), (reset.Hold, reset.Phase, reset.Share, reset.Because));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_person_said_comes_into_force_also_where_only_that_was_written(bool isSaidAgain)
    {
        await using var silos = await SomeSilos.Start(2, Quick);
        await silos.Succeed(0);
        await silos.Succeed(1);
        silos.Store.Refuses = "breaker";
        await Assert.ThrowsAnyAsync<Exception>(() => Isolate());
        silos.Store.Refuses = null;
        if (isSaidAgain)
            Assert.Equal("isolated: it costs too much", (await Isolate()).History[0].Because);
        foreach (var silo in (int[])[0, 1])
            await Eventually.Comes(() => silos.Breaker(silo).TryEnter() is { IsRefused: true, Refusal.Reason: BreakerRefusalReason.Isolated }, $"isolation on silo {silo}");
        var view = await silos.View();
        Assert.Equal((BreakerHold.Isolated, "ann"), (view.Hold, view.HeldBy));
        Assert.Single(view.History, change => change.Because == "isolated: it costs too much");

        Task<BreakerView> Isolate() => silos.Ask(0, grain => grain.Set(BreakerHold.Isolated, "ann", "it costs too much", SomeSilos.Tenant));
    }

    [Fact]
    public async Task A_breaker_whose_phase_is_lost_is_half_open_in_a_higher_epoch_and_no_result_of_before_counts()
    {
        await using var silos = await SomeSilos.Start(3, Quick);
        foreach (var silo in (int[])[0, 1, 2])
            await silos.Fail(silo);
        await silos.Comes(BreakerPhase.HalfOpen);
        var home = silos.Home()!.Value;
        var left = Enumerable.Range(0, 3).First(silo => silo != home);
        var old = await silos.Probe(left);
        silos.Store.Lose("breaker");
        await silos.Kill(home);
        var view = await Eventually.Get(() => silos.View(left), view => view.Epoch > 1, "a higher epoch");
        Assert.Equal((BreakerPhase.HalfOpen, 0), (view.Phase, view.ProbesOut));
        await Eventually.Comes(() => silos.Knows(left)?.Epoch == view.Epoch, "the process knows");
        old.Report(CallOutcome.Failed);
        var fresh = await silos.Probe(left);
        Assert.Equal(BreakerPhase.HalfOpen, (await silos.View(left)).Phase);
        fresh.Report(CallOutcome.Failed);
        await Failed(silos, left);
    }

    [Fact]
    public async Task Where_the_store_lost_its_states_lately_a_breaker_that_was_never_used_is_closed_and_one_that_was_is_half_open()
    {
        await using var silos = await SomeSilos.Start(2, Quick);
        silos.Store.LostLately = "breaker";
        await silos.Succeed(0);
        await silos.Succeed(1);
        Assert.Equal(BreakerPhase.Closed, (await silos.View()).Phase);
        silos.Store.Lose("breaker");
        var home = silos.Home()!.Value;
        await silos.Kill(home);
        await silos.Comes(BreakerPhase.HalfOpen, 1 - home);
    }

    [Fact]
    public async Task While_the_truth_is_away_closed_stays_closed_with_tighter_bounds_and_open_stays_open()
    {
        await using var silos = await SomeSilos.Start(2, Quick with { BreakFor = TimeSpan.FromSeconds(10), LongestBreak = TimeSpan.FromSeconds(10) });
        await silos.Succeed(0);
        await silos.Succeed(0, "other");
        await silos.Fail(0, "other");
        await silos.Comes(BreakerPhase.Open, dependency: "other");
        await Eventually.Comes(() => silos.Knows(0, "other")?.Phase == BreakerPhase.Open, "the process knows");
        // Whoever calls the grain now learns nothing: it cannot be read where it is not, and cannot be written where it is.
        silos.Store.IsAway = true;
        foreach (var dependency in (string[])["model", "other"])
            if (silos.Home(dependency) == 1)
            {
                await silos.Kill(1);
                break;
            }
        await Eventually.Comes(() => silos.Breaker(0, "other").TryEnter().Refusal.RetryAt <= DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(150), "its break is over");
        for (var look = 0; look < 1_000; look++)
            Assert.True(silos.Breaker(0, "other").TryEnter().IsRefused);
        Assert.False(silos.Breaker(0).TryEnter().IsRefused);
        await silos.Fail(0);
        Assert.Equal(BreakerRefusalReason.OpenHere, silos.Breaker(0).TryEnter().Refusal.Reason);
        silos.Store.IsAway = false;
        await silos.Comes(BreakerPhase.HalfOpen, dependency: "other");
    }

    [Fact]
    public async Task A_process_that_has_not_heard_of_the_truth_lets_a_few_calls_through_and_no_more()
    {
        await using var silos = await SomeSilos.Start(1, Quick);
        silos.Store.IsAway = true;
        Assert.Equal(5, Enumerable.Range(0, 100).Count(_ => !silos.Breaker(0).TryEnter().IsRefused));
        Assert.Equal(BreakerRefusalReason.ProbesAreOut, silos.Breaker(0).TryEnter().Refusal.Reason);
        silos.Store.IsAway = false;
        await silos.Everywhere(BreakerPhase.Closed, 0);
        Assert.False(silos.Breaker(0).TryEnter().IsRefused);
    }

    [Fact]
    public async Task A_truth_that_is_away_from_the_start_is_waited_for_once_and_not_by_each_call()
    {
        await using var silos = await SomeSilos.Start(1, Quick);
        silos.Store.IsAway = true;
        await silos.Breaker(0).Enter(default);
        for (var call = 0; call < 20; call++)
            Assert.True(silos.Breaker(0).Enter(default).IsCompleted);
    }

    [Fact]
    public async Task One_that_only_measures_refuses_nobody_and_says_what_it_would_have()
    {
        await using var silos = await SomeSilos.Start(1, Patient with { MetricsOnly = true });
        for (var call = 0; call < 20; call++)
            (await silos.Breaker(0).Enter(default)).Permit.Report(CallOutcome.Failed);
        var view = await silos.Comes(BreakerPhase.Open);
        Assert.True(view.IsMetricsOnly);
        await silos.Everywhere(BreakerPhase.Open, 0);
        Assert.False(silos.Breaker(0).TryEnter().IsRefused);
    }

    [Fact]
    public async Task Of_what_an_end_said_only_the_failures_that_are_configured_count()
    {
        await using var silos = await SomeSilos.Start(1, Patient with { Failures = new SortedSet<CallOutcome> { CallOutcome.Throttled } });
        foreach (var outcome in (CallOutcome[])[CallOutcome.Failed, CallOutcome.TimedOut, CallOutcome.Refused, CallOutcome.Abandoned])
            for (var call = 0; call < 30; call++)
                (await silos.Breaker(0).Enter(default)).Permit.Report(outcome);
        Assert.False(silos.Breaker(0).TryEnter().IsRefused);
        for (var call = 0; call < 5; call++)
            silos.Breaker(0).TryEnter().Permit.Report(CallOutcome.Throttled);
        Assert.True(silos.Breaker(0).TryEnter().IsRefused);
    }

    // The phase passes, what is written down of it stays.
    private static Task<BreakerView> Failed(SomeSilos silos, int silo) => Eventually.Get(() => silos.View(silo), view => view.History.Any(change => change.Because == "a probe failed"), "a probe that failed");

    /// <summary>So many processes' calls count for the truth.</summary>
    private static Task<BreakerView> Heard(SomeSilos silos, int processes) => Eventually.Get(() => silos.View(), view => view.Processes.Count(process => process.Calls > 0) == processes, $"calls of {processes} processes");
}
