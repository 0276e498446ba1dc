using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Goal: one quota holds over four silos. Method: silos of one cluster that ask as fast as they can, over real time; what passed is compared with what flowed.</summary>
public sealed class LimitClusterTests
{
    private const int Silos = 4;

    [Fact]
    public async Task Four_silos_together_are_admitted_no_more_than_burst_and_flow()
    {
        await using var silos = await SomeSilos.Start(Silos, new BreakerOptions());
        var clock = Stopwatch.StartNew();
        var admitted = 0L;
        await Task.WhenAll(Enumerable.Range(0, Silos).Select(silo => Task.Run(async () =>
        {
            var limit = silos.Limit(silo);
            // The first silo asks without end, the others a little: its share must grow for the goal to be reached at all.
            while (Interlocked.Read(ref admitted) < 3 * SomeSilos.Quota.Rate)
            {
                for (var i = 0; i < (silo == 0 ? 20 : 1); i++)
                    if ((await limit.Ask()).IsAdmitted)
                        Interlocked.Increment(ref admitted);
                await Task.Yield();
            }
        })));
        var (total, flowed) = (Interlocked.Read(ref admitted), SomeSilos.Quota.Rate * clock.Elapsed.TotalSeconds);
        var bound = SomeSilos.Quota.Burst + (Silos * (1 + (SomeSilos.Quota.Burst / 100))) + flowed;
        Assert.True(total <= bound, $"{total} passed in {clock.Elapsed}, {bound:0} may");
        // They may have got there before each of them was heard of.
        var view = await Eventually.Get(async () =>
        {
            for (var silo = 0; silo < Silos; silo++)
                await silos.Limit(silo).Ask();
            using var _ = CallerContext.ForSystem("test");
            return await silos.Grains(0).GetGrain<IRateLimitGrain>(TenantKey.Of(SomeSilos.Tenant, "api")).View();
        }, view => view.Shares.Count == Silos, "a share of each");
        Assert.InRange(view.Shares.Sum(share => share.Share), 0.5, 1.0001);
    }

    [Fact]
    public async Task What_a_dead_silo_held_goes_to_the_others_when_its_lease_ends()
    {
        await using var silos = await SomeSilos.Start(2, new BreakerOptions());
        foreach (var silo in (int[])[0, 1])
            await Eventually.Comes(async () => (await silos.Limit(silo).Ask()).IsAdmitted && (await silos.Limit(silo).Ask()).ResetAfter != TimeSpan.FromSeconds(1), "a share");
        var home = await Eventually.Get(() => Task.FromResult(Home(silos)), at => at is not null, "a home");
        var (lives, dies) = home == 0 ? (0, 1) : (1, 0);
        await silos.Kill(dies);
        await Eventually.Get(async () =>
        {
            await silos.Limit(lives).Ask();
            using var _ = CallerContext.ForSystem("test");
            return await silos.Grains(lives).GetGrain<IRateLimitGrain>(TenantKey.Of(SomeSilos.Tenant, "api")).View();
        }, view => view.Shares is [{ Share: > 0.99 }], "the whole");
    }

    [Theory]
    [InlineData(LimitAlgorithm.TokenBucket)]
    [InlineData(LimitAlgorithm.SlidingWindow)]
    public async Task A_process_that_is_alone_waits_for_no_lease_of_those_before_it(LimitAlgorithm algorithm)
    {
        await using var silos = new SomeSilos(static _ => { }, limits =>
        {
            limits.IsAlone = true;
            limits.Policies.Add(new LimitPolicy { Name = "api", Algorithm = algorithm, Limit = 100 });
        });
        await silos.Add();
        // Somebody died who had a lease for another hour.
        await silos.Store.WriteStateAsync("quota", Api, new GrainState<RateLimitState>(new RateLimitState { LeasesUntil = DateTimeOffset.UtcNow.AddHours(1) }));
        await Eventually.Get(() => View(silos), static view => view.Shares is [{ Share: > 0.99 }], "the whole", TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Silos_that_stop_in_order_give_back_what_they_had_and_hand_on_who_has_the_rest()
    {
        var (store, limit) = (new StateInMemory(), new LimitPolicy { Name = "api", Limit = 100 });
        await using (var before = await Of(store, limit))
        {
            await before.Add();
            await Eventually.Get(async () =>
            {
                await before.Limit(1).Ask();
                return await View(before);
            }, static view => view.Shares.Count == 2 && view.Shares.All(static one => one.Share > 0), "two shares");
        }
        Assert.True(await Leases(store) is null or { Known.Holders: [] }, "somebody holds something still, or may");
        // Without what was handed on nobody would be given anything for an hour.
        var until = DateTimeOffset.UtcNow.AddHours(1);
        var stored = new GrainState<RateLimitState>();
        await store.ReadStateAsync("quota", Api, stored);
        stored.State = new RateLimitState { LeasesUntil = until, Known = new QuotaKnown([new QuotaHolder("elsewhere", QuotaRules.Whole / 4, 0, until)], 0, DateTimeOffset.UtcNow) };
        await store.WriteStateAsync("quota", Api, stored);
        await using var after = await Of(store, limit);
        await Eventually.Get(() => View(after), static view => view.Shares is [{ Share: > 0.74 and < 0.76 }], "what is free");
        // It is no longer so, whatever becomes of this activation.
        Assert.Null((await Leases(store))!.Known);
    }

    [Fact]
    public async Task What_is_kept_of_leases_goes_when_they_have_ended_by_the_grain_or_by_the_sweep()
    {
        var limit = new LimitPolicy { Name = "api", Per = LimitPer.Address, Limit = 100 };
        var store = new StateInMemory();
        await using (var silos = await Of(store, limit))
        {
            foreach (var (part, until) in ((string, DateTimeOffset)[])[("a", DateTimeOffset.UtcNow), ("b", DateTimeOffset.UtcNow), ("c", DateTimeOffset.UtcNow.AddHours(1))])
                await store.WriteStateAsync("quota", Grain(silos, $"system/api/{part}").GetGrainId(), new GrainState<RateLimitState>(new RateLimitState { LeasesUntil = until }));
            using var _ = CallerContext.ForSystem("test");
            await Grain(silos, "system/api/a").View();
        }
        Assert.Equal(2, store.Held("quota"));
        await using var swept = await Of(store, limit);
        Assert.Equal(1, await new LimitSweeper(swept.Grains(0), store, new ExactLimitTests.OpenGate(), TimeProvider.System, NullLogger<LimitSweeper>.Instance).Sweep(default));
        Assert.Equal(1, store.Held("quota"));
    }

    private static IRateLimitGrain Grain(SomeSilos silos, string key) => silos.Grains(0).GetGrain<IRateLimitGrain>(key);

    private static async Task<SomeSilos> Of(StateInMemory store, LimitPolicy limit)
    {
        var silos = new SomeSilos(static _ => { }, limits => limits.Policies.Add(limit)) { Store = store };
        await silos.Add();
        return silos;
    }

    private static async Task<RateLimitState?> Leases(StateInMemory store)
    {
        var stored = new GrainState<RateLimitState>();
        await store.ReadStateAsync("quota", Api, stored);
        return stored.RecordExists ? stored.State : null;
    }

    private static GrainId Api => GrainId.Create(RateLimitGrain.Kind, TenantKey.Of(SomeSilos.Tenant, "api"));

    private static async Task<RateLimitView> View(SomeSilos silos)
    {
        await silos.Limit(0).Ask();
        using var _ = CallerContext.ForSystem("test");
        return await silos.Grains(0).GetGrain<IRateLimitGrain>(TenantKey.Of(SomeSilos.Tenant, "api")).View();
    }

    private static int? Home(SomeSilos silos) => silos.HomeOf(silos.Grains(0).GetGrain<IRateLimitGrain>(TenantKey.Of(SomeSilos.Tenant, "api")));
}
