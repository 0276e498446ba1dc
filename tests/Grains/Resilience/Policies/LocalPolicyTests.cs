using Orleans.Runtime;

namespace Sophia.Resilience;

// Goal: a policy calls as often, as long and as late as its rules say, whatever the dependency does. Method: one thread, a clock that jumps, dependencies that hang, fail and recover by seed.
public sealed class LocalPolicyTests
{
    private readonly OneThread world = new();
    private readonly List<CallOutcome> told = [];

    [Fact]
    public void A_call_that_fails_twice_and_then_answers_is_made_three_times_with_pauses_that_grow()
    {
        List<TimeSpan> at = [];
        world.Run(async () =>
        {
            var answer = await Policy(new PolicyOptions()).Run(Call(_ => (at.Count, at) switch
            {
                (< 2, _) => Said(at, world.Now, () => throw new IOException()),
                _ => Said(at, world.Now, () => 7),
            }), default);
            Assert.Equal(7, answer);
        });
        Assert.Equal(3, at.Count);
        Assert.InRange((at[1] - at[0]).TotalMilliseconds, 100, 200);
        Assert.InRange((at[2] - at[1]).TotalMilliseconds, 200, 400);
        Assert.Equal([CallOutcome.Unreachable, CallOutcome.Unreachable, CallOutcome.Success], told);
    }

    [Fact]
    public void What_is_not_idempotent_is_called_once_unless_it_is_sure_that_nothing_happened()
    {
        var (calls, refused) = (0, 0);
        world.Run(async () =>
        {
            await Assert.ThrowsAsync<IOException>(() => Policy(new PolicyOptions()).Run(Call(_ => { calls++; throw new IOException(); }, idempotent: false), default).AsTask());
            var sure = new PolicyCall<int>(_ => ++refused < 3 ? throw new IOException() : Task.FromResult(1), _ => new CallFailure(CallOutcome.Throttled, true, DidNothing: true), false);
            await Policy(new PolicyOptions()).Run(sure, default);
        });
        Assert.Equal((1, 3), (calls, refused));
    }

    [Fact]
    public void A_dependency_that_hangs_is_left_after_each_attempt_s_time_and_hears_that_nobody_waits()
    {
        var cancelled = 0;
        world.Run(async () => Assert.Equal(TimeSpan.FromSeconds(1), (await Assert.ThrowsAsync<AttemptTimeoutException>(() =>
            Policy(new PolicyOptions { AttemptWithin = TimeSpan.FromSeconds(1), Within = TimeSpan.FromSeconds(60) }).Run(Call(async token =>
            {
                using var heard = token.Register(() => cancelled++);
                await world.Pause(Timeout.InfiniteTimeSpan, token);
                return 0;
            }), default).AsTask())).Within));
        Assert.Equal(3, cancelled);
        Assert.Equal([CallOutcome.TimedOut, CallOutcome.TimedOut, CallOutcome.TimedOut], told);
        Assert.InRange(world.Now, TimeSpan.FromSeconds(3.3), TimeSpan.FromSeconds(3.7));
    }

    [Fact]
    public void A_hedge_follows_a_slow_attempt_wins_and_has_the_slow_one_cancelled_without_a_word_against_it()
    {
        var (attempts, cancelled, discarded) = (0, false, 0);
        world.Run(async () =>
        {
            var call = new PolicyCall<int>(async token =>
            {
                if (++attempts > 1)
                    return 2;
                using var heard = token.Register(() => cancelled = true);
                await world.Pause(TimeSpan.FromSeconds(5), token);
                return 1;
            }, Judge, true) { Discard = _ => discarded++ };
            Assert.Equal(2, await Policy(new PolicyOptions { Hedge = HedgeMode.Delay, HedgeAfter = TimeSpan.FromMilliseconds(100) }).Run(call, default));
        });
        Assert.Equal((2, true, 0), (attempts, cancelled, discarded));
        Assert.Equal([CallOutcome.Success, CallOutcome.Abandoned], told);
        Assert.Equal(TimeSpan.FromMilliseconds(100), world.Now);
    }

    [Fact]
    public void A_hedge_that_fails_leaves_the_first_attempt_its_time()
    {
        var attempts = 0;
        world.Run(async () => Assert.Equal(1, await Policy(new PolicyOptions { Hedge = HedgeMode.Delay, HedgeAfter = TimeSpan.FromMilliseconds(100) }).Run(Call(async token =>
        {
            if (++attempts > 1)
                throw new IOException();
            await world.Pause(TimeSpan.FromSeconds(5), token);
            return 1;
        }), default)));
        Assert.Equal(2, attempts);
    }

    [Fact]
    public void Nothing_is_called_past_the_caller_s_deadline_and_no_attempt_outlives_it()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var (one, random) = (new OneThread(), new Random(seed));
            var within = TimeSpan.FromMilliseconds(random.Next(1, 3_000));
            one.Run(async () =>
            {
                var policy = new LocalPolicy("d", new PolicyOptions { AttemptWithin = TimeSpan.FromMilliseconds(400), Within = TimeSpan.FromSeconds(2), Retries = 5, BudgetFloor = 100, Hedge = HedgeMode.Delay, HedgeAfter = TimeSpan.FromMilliseconds(150) }, new Door([]), random, one.Time);
                using var _ = Deadline.Until(one.Time.GetUtcNow() + within);
                await Assert.ThrowsAnyAsync<Exception>(() => policy.Run(new PolicyCall<int>(async token =>
                {
                    Assert.True(one.Now < within, $"seed {seed}: an attempt begins at {one.Now} of {within}");
                    await one.Pause(TimeSpan.FromMilliseconds(random.Next(1, 800)), token);
                    throw new IOException();
                }, Judge, true), default).AsTask());
                Assert.True(one.Now <= within && one.Now <= TimeSpan.FromSeconds(2), $"seed {seed}: {one.Now} of {within}");
                if (one.Now < within)
                    return;
                Assert.Equal(PolicyRefusalReason.Deadline, (await Assert.ThrowsAsync<PolicyRefusedException>(() => policy.Run(Call(_ => Task.FromResult(1)), default).AsTask())).Reason);
            });
        }
    }

    [Fact]
    public void In_every_window_repetitions_and_hedges_stay_within_the_budget_whatever_fails()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var (one, random) = (new OneThread(), new Random(seed));
            var options = new PolicyOptions { AttemptWithin = TimeSpan.FromMilliseconds(300), Within = TimeSpan.FromSeconds(3), BudgetShare = 0.2, BudgetFloor = 2, BudgetWindow = TimeSpan.FromSeconds(2), Hedge = HedgeMode.Delay, HedgeAfter = TimeSpan.FromMilliseconds(50), MostAtOnce = 1_000, Retries = 4 };
            List<TimeSpan> calls = [], more = [];
            one.Run(async () =>
            {
                var policy = new LocalPolicy("d", options, new Door([]), random, one.Time);
                await Task.WhenAll(Enumerable.Range(0, 150).Select(_ => Caller(policy, TimeSpan.FromMilliseconds(random.Next(8_000)))));
            });
            foreach (var at in more)
                Assert.True(more.Count(other => other > at - options.BudgetWindow && other <= at) <= options.BudgetFloor + options.BudgetShare * calls.Count(call => call > at - options.BudgetWindow && call <= at) + 1e-6, $"seed {seed} at {at}");
            Assert.NotEmpty(more);

            async Task Caller(LocalPolicy policy, TimeSpan begins)
            {
                await one.Pause(begins);
                var own = 0;
                calls.Add(one.Now);
                try
                {
                    await policy.Run(new PolicyCall<int>(async token =>
                    {
                        if (own++ > 0)
                            more.Add(one.Now);
                        await one.Pause(TimeSpan.FromMilliseconds(random.Next(1, 500)), token);
                        return random.Next(3) == 0 ? 1 : throw new IOException();
                    }, failure => new CallFailure(CallOutcome.Failed, true, random.Next(4) == 0 ? TimeSpan.Zero : null), true), default);
                }
                catch (Exception failed) when (failed is IOException or AttemptTimeoutException)
                {
                }
            }
        }
    }

    [Fact]
    public void Who_comes_on_top_of_what_may_wait_is_refused_with_a_time_to_come_again()
    {
        world.Run(async () =>
        {
            var policy = Policy(new PolicyOptions { MostAtOnce = 1, MostWaiting = 1 });
            var gate = new TaskCompletionSource<int>();
            var first = policy.Run(Call(_ => gate.Task), default).AsTask();
            var second = policy.Run(Call(_ => Task.FromResult(2)), default).AsTask();
            var refused = await Assert.ThrowsAsync<PolicyRefusedException>(() => policy.Run(Call(_ => Task.FromResult(3)), default).AsTask());
            Assert.Equal((PolicyRefusalReason.Full, true), (refused.Reason, refused.RetryAt > world.Time.GetUtcNow()));
            gate.SetResult(1);
            Assert.Equal((1, 2), (await first, await second));
        });
    }

    [Fact]
    public void An_open_breaker_ends_the_call_without_an_attempt()
    {
        world.Run(async () =>
        {
            var policy = new LocalPolicy("d", new PolicyOptions(), new Door(told) { Refuses = new BreakerRefusal(BreakerRefusalReason.Open, "it failed", DateTimeOffset.UnixEpoch) }, new Random(1), world.Time);
            var refused = await Assert.ThrowsAsync<PolicyRefusedException>(() => policy.Run(Call(_ => throw new InvalidOperationException("it was called")), default).AsTask());
            Assert.Equal((PolicyRefusalReason.Breaker, "it failed"), (refused.Reason, refused.Message));
            Assert.Equal((1, 1), (policy.Seen.Calls, policy.Seen.RefusedByBreaker));
        });
    }

    [Fact]
    public void Who_goes_away_ends_the_call_and_nothing_is_said_against_the_dependency()
    {
        world.Run(async () =>
        {
            using var gone = new CancellationTokenSource(TimeSpan.FromSeconds(1), world.Time);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Policy(new PolicyOptions()).Run(Call(async token =>
            {
                await world.Pause(Timeout.InfiniteTimeSpan, token);
                return 1;
            }), gone.Token).AsTask());
        });
        Assert.Equal([CallOutcome.Abandoned], told);
    }

    [Theory]
    [InlineData(0, 4, false, false)]
    [InlineData(1, 8, true, false)]
    [InlineData(1, 4, true, true)]
    [InlineData(0, 2, true, true)]
    public void A_time_that_ran_out_is_the_caller_s_only_where_his_deadline_is_the_soonest(int retries, int callers, bool isCutShort, bool isDeadline)
    {
        world.Run(async () =>
        {
            var options = new PolicyOptions { Retries = retries, AttemptWithin = TimeSpan.FromSeconds(3), Within = TimeSpan.FromSeconds(5) };
            using var until = Deadline.Until(world.Time.GetUtcNow() + TimeSpan.FromSeconds(callers));
            var late = await Assert.ThrowsAsync<AttemptTimeoutException>(() => Policy(options).Run(Call(async token =>
            {
                await world.Pause(Timeout.InfiniteTimeSpan, token);
                return 1;
            }), default).AsTask());
            Assert.Equal((isCutShort, isDeadline), (late.IsCutShort, late.IsDeadline));
        });
    }

    private LocalPolicy Policy(PolicyOptions options) => new("d", options, new Door(told), new Random(7), world.Time);

    private static PolicyCall<int> Call(Func<CancellationToken, Task<int>> attempt, bool idempotent = true) => new(attempt, Judge, idempotent);

    private static CallFailure Judge(Exception failure) => new(CallOutcome.Unreachable, failure is IOException);

    private static Task<int> Said(List<TimeSpan> at, TimeSpan now, Func<int> answer)
    {
        at.Add(now);
        return Task.FromResult(answer());
    }

    private sealed class Door(List<CallOutcome> told) : BreakerCalls, IBreaker
    {
        public BreakerRefusal? Refuses { get; init; }

        public string Dependency => "d";

        public BreakerEntry TryEnter() => Refuses is { } refusal ? new BreakerEntry(refusal) : new BreakerEntry(new BreakerPermit(this, 1, 0, 0));

        public ValueTask<BreakerEntry> Enter(CancellationToken cancellation) => new(TryEnter());

        public override void Report(in BreakerPermit permit, CallOutcome outcome, TimeSpan? took) => told.Add(outcome);
    }
}
