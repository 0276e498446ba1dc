using System.Numerics;

namespace Sophia.Resilience;

/// <summary>Goal: each algorithm is its definition. Method: long seeded sequences of askings beside a plain and slow one that remembers everything; a failure names its seed.</summary>
public sealed class LimitRuleTests
{
    private const long Second = Nanoseconds.ASecond;
    private const int Sequences = 300, Askings = 400;

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 8)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_fixed_window_admits_what_fits_into_its_window_of_the_grid(int seed) => Walk(seed, (random, limit, window) =>
    {
        var rule = new FixedWindowRule(limit, window);
        var taken = new Dictionary<long, long>();
        return Asked(rule, random, window, (now, cost, verdict) =>
        {
            var used = taken.GetValueOrDefault(now / window);
            Assert.Equal(used + cost <= limit, verdict.IsAdmitted);
            taken[now / window] = used + (verdict.IsAdmitted ? cost : 0);
            Assert.Equal(limit - taken[now / window], verdict.Remaining);
        });
    });

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_sliding_window_never_passes_its_limit_wherever_the_window_lies_and_holds_back_one_segment_at_most(int seed) => Walk(seed, (random, limit, window) =>
    {
        var segments = random.Next(1, Math.Min(SlidingWindowRule.MostSegments, (int)Math.Min(window, 16)) + 1);
        var segment = (window + segments - 1) / segments;
        var rule = new SlidingWindowRule(limit, window, segments);
        var taken = new List<(long At, long Cost)>();
        return Asked(rule, random, window, (now, cost, verdict) =>
        {
            var within = taken.Where(one => one.At > now - window).Sum(one => one.Cost);
            var longer = taken.Where(one => one.At > now - ((segments + 1) * segment)).Sum(one => one.Cost);
            if (verdict.IsAdmitted)
                Assert.True(within + cost <= limit, "more than the limit passed");
            else
                Assert.True(longer + cost > limit, "what had left the window and a segment was held back");
            if (verdict.IsAdmitted)
                taken.Add((now, cost));
        });
    });

    /// <summary>The bucket in whole fractions of a token, with nothing rounded but the time of a token, as the rule says.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_token_bucket_holds_what_flowed_in_and_was_not_taken(int seed) => Walk(seed, (random, limit, window) =>
    {
        var burst = random.Next(1, 50);
        var rule = new TokenBucketRule(limit, window, burst);
        var (full, level, at) = (new BigInteger(burst) * rule.Each, new BigInteger(burst) * rule.Each, -1L);
        return Asked(rule, random, window, (now, cost, verdict) =>
        {
            level = at < 0 ? full : BigInteger.Min(full, level + now - at);
            at = now;
            Assert.Equal(new BigInteger(cost) * rule.Each <= level, verdict.IsAdmitted);
            if (verdict.IsAdmitted)
                level -= new BigInteger(cost) * rule.Each;
            Assert.Equal((long)(level / rule.Each), verdict.Remaining);
        });
    });

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Within_any_length_of_time_a_token_bucket_admits_its_burst_and_what_flowed_in(int seed) => Walk(seed, (random, limit, window) =>
    {
        var burst = random.Next(1, 50);
        var rule = new TokenBucketRule(limit, window, burst);
        var taken = new List<(long At, long Cost)>();
        return Asked(rule, random, window, (now, cost, verdict) =>
        {
            if (!verdict.IsAdmitted)
                return;
            taken.Add((now, cost));
            BigInteger sum = 0;
            for (var from = taken.Count - 1; from >= 0 && from > taken.Count - 60; from--)
            {
                sum += taken[from].Cost;
                Assert.True((sum - burst) * window <= new BigInteger(limit) * (now - taken[from].At), "more than the burst and the flow passed");
            }
        });
    });

    /// <summary>Whoever comes back when he is told to is admitted, if nobody else asked, and a nanosecond sooner he is not.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Retry_after_is_exact(int seed) => Walk(seed, (random, limit, window) =>
    {
        ComesBack(new FixedWindowRule(limit, window), random, window);
        ComesBack(new TokenBucketRule(limit, window, random.Next(1, 50)), random, window);
        ComesBack(new SlidingWindowRule(limit, window, (int)Math.Min(window, 10)), random, window);
        return true;
    });

    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_is_given_back_at_once_is_as_if_it_had_not_been_taken(int seed) => Walk(seed, (random, limit, window) =>
    {
        GivesBack(new FixedWindowRule(limit, window), random, window);
        GivesBack(new TokenBucketRule(limit, window, random.Next(1, 50)), random, window);
        GivesBack(new SlidingWindowRule(limit, window, (int)Math.Min(window, 10)), random, window);
        GivesBack(new ConcurrencyRule(limit), random, window);
        return true;
    });

    [Fact]
    public void Never_more_than_the_places_are_taken_at_a_time()
    {
        var rule = new ConcurrencyRule(3);
        var state = rule.Begin(0);
        for (var i = 0; i < 3; i++)
            (state, _) = rule.Decide(state, 0, 1);
        var (same, refused) = rule.Decide(state, 0, 1);
        Assert.Equal((state, false, 0L, LimitVerdict.Never), (same, refused.IsAdmitted, refused.Remaining, refused.RetryAfter));
        (_, var admitted) = rule.Decide(rule.Returned(state, 0, 2), 0, 2);
        Assert.True(admitted.IsAdmitted);
        Assert.Equal(0, rule.Returned(state, 0, 9).InUse);
    }

    [Fact]
    public void A_cost_over_the_whole_limit_is_never_admitted_and_says_so()
    {
        Assert.Equal(LimitVerdict.Never, new FixedWindowRule(5, Second).Decide(default, 0, 6).Verdict.RetryAfter);
        Assert.Equal(LimitVerdict.Never, new SlidingWindowRule(5, Second).Decide(default, 0, 6).Verdict.RetryAfter);
        Assert.Equal(LimitVerdict.Never, new TokenBucketRule(5, Second, 5).Decide(default, 0, 6).Verdict.RetryAfter);
        Assert.Equal(LimitVerdict.Never, new TokenBucketRule(5, Second, 5).Decide(default, 0, long.MaxValue).Verdict.RetryAfter);
    }

    [Fact]
    public void Where_one_of_nested_limits_refuses_none_is_charged()
    {
        var (wide, narrow) = (new BucketLimiter(new TokenBucketRule(1, 3_600 * Second, 10), TimeProvider.System), new Limiter<FixedWindowRule.State>(new FixedWindowRule(3, long.MaxValue / 2), TimeProvider.System));
        var both = new NestedLimiter([wide, narrow]);
        for (var i = 0; i < 3; i++)
            Assert.True(both.Ask().IsAdmitted);
        for (var i = 0; i < 20; i++)
            Assert.False(both.Ask(1, out var tightest).IsAdmitted || tightest != 1);
        Assert.Equal(6, wide.Ask().Remaining);
    }

    [Fact]
    public async Task Of_many_threads_together_no_more_are_admitted_than_of_one()
    {
        foreach (var limiter in (Limiter[])[new BucketLimiter(new TokenBucketRule(1, 3_600 * Second, 1_000), TimeProvider.System), new Limiter<SlidingWindowRule.State>(new SlidingWindowRule(1_000, 3_600 * Second), TimeProvider.System)])
        {
            var admitted = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 1_000).Count(_ => limiter.Ask().IsAdmitted))));
            Assert.Equal(1_000, admitted.Sum());
        }
    }

    private static void Walk(int seed, Func<Random, long, long, bool> sequence)
    {
        for (var number = 0; number < Sequences / 8; number++)
        {
            var random = new Random((seed * 1_000) + number);
            var (limit, window) = (random.Next(1, 100), random.Next(0, 3) switch { 0 => random.NextInt64(20, 1_000), 1 => random.NextInt64(1_000, Second), _ => Second * random.Next(1, 100) });
            try
            {
                Assert.True(sequence(random, limit, window));
            }
            catch (Exception wrong)
            {
                throw new Xunit.Sdk.XunitException($"seed {seed}, sequence {number}: {limit} in {window} ns: {wrong.Message}");
            }
        }
    }

    private static bool Asked<TState>(ILimitRule<TState> rule, Random random, long window, Action<long, long, LimitVerdict> check) where TState : struct
    {
        var now = random.NextInt64(0, window * 3);
        var state = rule.Begin(now);
        for (var i = 0; i < Askings; i++)
        {
            now += Step(random, window);
            var cost = random.Next(0, 4) == 0 ? random.Next(1, 30) : 1;
            (state, var verdict) = rule.Decide(state, now, cost);
            check(now, cost, verdict);
        }
        return true;
    }

    private static void ComesBack<TState>(ILimitRule<TState> rule, Random random, long window) where TState : struct
    {
        var now = random.NextInt64(0, window);
        var state = rule.Begin(now);
        for (var i = 0; i < Askings; i++)
        {
            now += Step(random, window);
            var cost = random.Next(1, 8);
            (state, var verdict) = rule.Decide(state, now, cost);
            if (verdict.IsAdmitted || verdict.RetryAfter == LimitVerdict.Never)
                continue;
            Assert.False(rule.Decide(state, now + verdict.RetryAfter - 1, cost).Verdict.IsAdmitted, "admitted before Retry-After");
            Assert.True(rule.Decide(state, now + verdict.RetryAfter, cost).Verdict.IsAdmitted, "refused after Retry-After");
        }
    }

    private static void GivesBack<TState>(ILimitRule<TState> rule, Random random, long window) where TState : struct
    {
        var now = random.NextInt64(0, window);
        var state = rule.Begin(now);
        for (var i = 0; i < Askings; i++)
        {
            now += Step(random, window);
            var (after, verdict) = rule.Decide(state, now, random.Next(1, 8));
            if (verdict.IsAdmitted)
            {
                var untouched = rule.Decide(state, now, 1).Verdict;
                var (more, _) = rule.Decide(state, now, 1);
                Assert.Equal(untouched, rule.Decide(rule.Returned(more, now, 1), now, 1).Verdict);
            }
            state = after;
        }
    }

    private static long Step(Random random, long window) => random.Next(0, 5) switch { 0 => 0, 1 => random.NextInt64(0, window * 2), _ => random.NextInt64(0, Math.Max(1, window / 20) + 1) };
}
