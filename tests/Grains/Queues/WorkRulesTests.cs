using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Queues;

public sealed class WorkRulesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly QueueOptions Options = new();

    [Fact]
    public void Waits_double_with_chance_and_stop_growing_at_the_cap()
    {
        Assert.Equal([2, 4, 8, 16, 300, 300], ((int[])[1, 2, 3, 4, 9, 99]).Select(attempts => WorkRules.Wait(attempts, Options, 0.5).TotalSeconds));
        for (var seed = 0; seed < 200; seed++)
            Assert.InRange(WorkRules.Wait(2, Options, new Random(seed).NextDouble()).TotalSeconds, 4 * 0.8, 4 * 1.2);
    }

    [Fact]
    public void Every_end_leaves_an_item_where_it_belongs()
    {
        var token = new LeaseToken(1, 1);
        ItemEnd After(WorkEnd end, int attempts) => WorkRules.After(new WorkResult(token, end, "why"), new HeldWork(attempts, 3, 0, false), Options, 0.5, Noon);
        Assert.Equal(new ItemEnd.Done(), After(WorkEnd.Done, 1));
        Assert.Equal(new ItemEnd.Again(Noon.AddSeconds(2), "why"), After(WorkEnd.Failed, 1));
        Assert.Equal(new ItemEnd.Again(Noon.AddSeconds(4), "why"), After(WorkEnd.Failed, 2));
        Assert.Equal(new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Failed, "why"), After(WorkEnd.Failed, 3));
        Assert.Equal(new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Rejected, "why"), After(WorkEnd.Rejected, 1));
        Assert.Equal(new ItemEnd.GivenUp(WorkState.Dead, WorkCause.NoHandler, "why"), After(WorkEnd.NoHandler, 3));
        Assert.Equal(new ItemEnd.Again(Noon, "why", Counts: false), After(WorkEnd.GivenBack, 3));
        Assert.Equal(new ItemEnd.Again(Noon, null, Anew: true), After(WorkEnd.Continued, 3));
    }

    [Fact]
    public void What_ends_its_workers_is_quarantined_and_not_tried_for_ever()
    {
        Assert.IsType<ItemEnd.Again>(WorkRules.AfterLapse(new HeldWork(1, 3, 0, false), Options, 0.5, Noon));
        Assert.Equal(WorkState.Dead, Assert.IsType<ItemEnd.GivenUp>(WorkRules.AfterLapse(new HeldWork(3, 3, 0, false), Options, 0.5, Noon)).State);
        Assert.Equal((WorkState.Quarantined, WorkCause.Lapsed), WorkRules.AfterLapse(new HeldWork(3, 9, 2, false), Options, 0.5, Noon) is ItemEnd.GivenUp up ? (up.State, up.Cause) : default);
        Assert.Equal(WorkState.Quarantined, Assert.IsType<ItemEnd.GivenUp>(WorkRules.AfterLapse(new HeldWork(3, 3, 0, IsReplayed: true), Options, 0.5, Noon)).State);
    }

    // The known bug: ageing that saturates, so that old work of a low priority stands behind new urgent work for ever.
    [Fact]
    public void Waiting_outweighs_any_priority_however_long_it_lasts()
    {
        for (var waited = TimeSpan.FromSeconds(271); waited < TimeSpan.FromDays(400); waited *= 3)
            Assert.True(WorkRules.Rank(Noon, 0) < WorkRules.Rank(Noon + waited, 9));
        Assert.True(WorkRules.Rank(Noon.AddSeconds(269), 9) < WorkRules.Rank(Noon, 0));
    }

    [Fact]
    public void A_full_queue_says_when_it_has_room()
    {
        Assert.Equal(Noon.AddSeconds(10), WorkRules.RetryAt(1_000, 10, Noon));
        Assert.Equal(Noon.AddSeconds(1), WorkRules.RetryAt(1_000, 1_000_000, Noon));
        Assert.Equal(Noon.AddSeconds(60), WorkRules.RetryAt(1_000, 0, Noon));
        var rate = new EndRate();
        for (var second = 0; second < 90; second++)
            rate.Add(5, Noon.AddSeconds(second));
        Assert.InRange(rate.PerSecond(Noon.AddSeconds(89)), 4, 6);
        Assert.InRange(rate.PerSecond(Noon.AddMinutes(9)), 0, 0.5);
    }

    public static TheoryData<NewWork, RefusalCode> Wrong() => new()
    {
        { new NewWork("No", "a", ""), RefusalCode.Invalid },
        { new NewWork("a", "a/b", ""), RefusalCode.Invalid },
        { new NewWork("a", "a", "\0"), RefusalCode.Invalid },
        { new NewWork("a", "a", "x\ud800"), RefusalCode.Invalid },
        { new NewWork("a", "a", "\udc00"), RefusalCode.Invalid },
        { new NewWork("a", "a", new string('é', WorkLimits.MaxPayloadBytes / 2 + 1)), RefusalCode.TooLarge },
        { new NewWork("a", "a", "") { DedupKey = "" }, RefusalCode.Invalid },
        { new NewWork("a", "a", "") { OrderKey = new string('x', 201) }, RefusalCode.Invalid },
        { new NewWork("a", "a", "") { Priority = 10 }, RefusalCode.Invalid },
        { new NewWork("a", "a", "") { Cost = 0 }, RefusalCode.Invalid },
        { new NewWork("a", "a", "") { MaxAttempts = 101 }, RefusalCode.Invalid },
        { new NewWork("a", "a", "") { NotBefore = Noon, Deadline = Noon }, RefusalCode.Invalid },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_breaks_a_limit_is_refused(NewWork work, RefusalCode code) => Assert.Equal(code, Assert.Throws<RefusedException>(() => WorkRules.Check([work])).Code);

    [Fact]
    public void What_keeps_every_limit_is_taken() => WorkRules.Check([new NewWork("a", "a", "😀" + new string('é', WorkLimits.MaxPayloadBytes / 2 - 2)) { DedupKey = "x", Priority = 0, Cost = 100, MaxAttempts = 1 }]);

    // What a worker says comes from anywhere; one text that PostgreSQL does not take would fail the ends of a thousand items.
    [Theory]
    [InlineData(WorkEnd.Failed, 1)]
    [InlineData(WorkEnd.Failed, 3)]
    [InlineData(WorkEnd.Rejected, 1)]
    [InlineData(WorkEnd.GivenBack, 1)]
    public void Whatever_a_worker_says_of_an_error_can_be_kept(WorkEnd end, int attempts)
    {
        foreach (var (said, kept) in ((string, string)[])[("a\0b", "a\uFFFDb"), ("a\ud800", "a\uFFFD"), ("\udc00b", "\uFFFDb"), ("😀", "😀"), (new string('x', WorkLimits.MaxError - 1) + "😀", new string('x', WorkLimits.MaxError - 1) + "\uFFFD")])
            Assert.Equal(kept, WorkRules.After(new WorkResult(new LeaseToken(1, 1), end, said), new HeldWork(attempts, 3, 0, false), Options, 0.5, Noon) switch
            {
                ItemEnd.Again again => again.Error,
                ItemEnd.GivenUp up => up.Error,
                _ => null,
            });
    }

    [Fact]
    public void Texts_that_a_store_does_not_take_are_refused()
    {
        WorkRules.CheckTexts(null, "", "Zürich 😀", new string('x', WorkLimits.MaxKey));
        foreach (var wrong in (string[])["\0", "a\ud800", "\udc00", new string('x', WorkLimits.MaxKey + 1)])
            Assert.Equal(RefusalCode.Invalid, Assert.Throws<RefusedException>(() => WorkRules.CheckTexts("good", wrong)).Code);
    }

    [Fact]
    public void A_tenant_is_noisy_far_above_its_fair_share_and_from_the_least_on()
    {
        var (none, minute) = (TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.False(NoiseRules.IsNoisy(50, 100, none, none, 1.0 / 2)); // Of two, each with half.
        Assert.True(NoiseRules.IsNoisy(76, 100, none, none, 1.0 / 2));
        Assert.False(NoiseRules.IsNoisy(29, 30, none, none, 1.0 / 2));
        Assert.False(NoiseRules.IsNoisy(30, 300, none, none, 1.0 / 100));
        Assert.True(NoiseRules.IsNoisy(31, 300, none, none, 1.0 / 100));
        Assert.True(NoiseRules.IsNoisy(16, 20, none, none, 1.0 / 2, ServedQueue.Runs.NoisyFrom(new QueueOptions())));
        Assert.Equal((NoiseRules.LeastInHand, 16), (ServedQueue.Work.NoisyFrom(new QueueOptions()), ServedQueue.Runs.NoisyFrom(new QueueOptions())));
        Assert.True(NoiseRules.IsNoisy(1, 300, 0.8 * minute, minute, 1.0 / 2));
        Assert.False(NoiseRules.IsNoisy(1, 300, 0.5 * minute, minute, 1.0 / 2));
        Assert.False(NoiseRules.IsNoisy(1, 300, NoiseRules.LeastBusy / 2, NoiseRules.LeastBusy / 2, 1.0 / 2));
    }

    [Fact]
    public void Whatever_tenants_have_nobody_is_noisy_alone_or_with_no_more_than_its_fair_share_and_never_all_of_them()
    {
        var (noisy, of) = (0, 0);
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var tenants = Enumerable.Range(0, random.Next(1, 8)).Select(n => TenantId.Parse($"t-{n}")).ToArray();
            var weights = tenants.ToDictionary(tenant => tenant, _ => random.Next(1, 11));
            var hands = tenants.Where(_ => random.Next(4) > 0).ToDictionary(tenant => tenant, _ => (int)Math.Exp(random.NextDouble() * 7));
            var busy = tenants.Where(_ => random.Next(4) > 0).ToDictionary(tenant => tenant, _ => TimeSpan.FromSeconds(Math.Exp(random.NextDouble() * 6)));
            var ring = tenants.Select(tenant => (tenant, weights[tenant], random.Next(2), 0)).ToArray();
            var shares = FairShares.Of(ring, hands, busy, NoiseRules.LeastInHand).ToArray();
            var (all, allHands, allBusy) = (weights.Values.Sum(), hands.Values.Sum(), busy.Values.Sum(one => one.TotalSeconds));
            Assert.Equal(tenants.Length, shares.Length);
            foreach (var byOne in (IReadOnlyList<TenantShare>[])[FairShares.Of(ring, hands, new Dictionary<TenantId, TimeSpan>(), NoiseRules.LeastInHand), FairShares.Of(ring, new Dictionary<TenantId, int>(), busy, NoiseRules.LeastInHand)])
                Assert.True(byOne.Where(share => share.IsNoisy).Sum(share => share.Weight) < all / NoiseRules.Factor, $"seed {seed}: too many are noisy at once");
            foreach (var share in shares)
            {
                var (fair, hand, spent) = (share.Weight / (double)all, allHands == 0 ? 0 : share.InHand / (double)allHands, allBusy == 0 ? 0 : share.Busy.TotalSeconds / allBusy);
                Assert.False(share.IsNoisy && hand <= fair * NoiseRules.Factor && spent <= fair * NoiseRules.Factor, $"seed {seed}: {share}");
                Assert.False(share.IsNoisy && tenants.Length == 1, $"seed {seed}: alone");
                // More of the same by itself makes nobody quiet.
                var more = new Dictionary<TenantId, int>(hands) { [share.Tenant] = share.InHand + 50 };
                Assert.True(!share.IsNoisy || FairShares.Of(ring, more, busy, NoiseRules.LeastInHand).Single(other => other.Tenant == share.Tenant).IsNoisy, $"seed {seed}: {share} with more");
                noisy += share.IsNoisy ? 1 : 0;
            }
            of += shares.Length;
            // Weights count against each other only.
            var doubled = FairShares.Of(ring.Select(one => (one.tenant, one.Item2 * 10, one.Item3, one.Item4)), hands, busy, NoiseRules.LeastInHand);
            Assert.Equal(shares.Select(share => share.IsNoisy), doubled.Select(share => share.IsNoisy));
        }
        Assert.InRange(noisy, of / 50, of / 2);
    }

    [Fact]
    public void A_replay_begins_with_a_canary_doubles_and_stops_where_too_much_fails()
    {
        var state = new DeadReplayState { Number = 1, Order = new DeadReplayOrder(Canary: 1, MostAtOnce: 6, StopShare: 0.2) };
        Assert.Equal(new ReplayMove.Take(1), DeadReplayRules.Next(state, default));
        state = state with { Step = 1 };
        Assert.Equal(new ReplayMove.Wait(), DeadReplayRules.Next(state, new ReplayTally(1, 0, 0)));
        Assert.Equal(new ReplayMove.Take(2), DeadReplayRules.Next(state, new ReplayTally(0, 1, 0)));
        Assert.IsType<ReplayMove.Stop>(DeadReplayRules.Next(state, new ReplayTally(0, 0, 1)));
        state = state with { Step = 4 };
        Assert.Equal(new ReplayMove.Take(6), DeadReplayRules.Next(state, new ReplayTally(0, 4, 1)));
        // One of six so far, with four open: not more than a fifth of what was replayed.
        Assert.Equal(new ReplayMove.Wait(), DeadReplayRules.Next(state, new ReplayTally(4, 5, 1)));
        Assert.IsType<ReplayMove.Stop>(DeadReplayRules.Next(state, new ReplayTally(4, 3, 2)));
        Assert.Throws<RefusedException>(() => DeadReplayRules.Check(new DeadReplayOrder(StopShare: double.NaN)));
    }
}
