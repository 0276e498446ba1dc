using System.Diagnostics;
using Orleans;
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
        using var _ = CallerContext.ForSystem("test");
        var view = await silos.Grains(0).GetGrain<IRateLimitGrain>(TenantKey.Of(SomeSilos.Tenant, "api")).View();
        Assert.Equal(Silos, view.Shares.Count);
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
        await Leased(silos);
        await Eventually.Get(() => View(silos), static view => view.Shares is [{ Share: > 0.99 }], "the whole", TimeSpan.FromSeconds(30));
    }

    // Somebody died who had a lease for another hour.
    private static Task Leased(SomeSilos silos) => silos.Store.WriteStateAsync("quota", silos.Grains(0).GetGrain<IRateLimitGrain>(TenantKey.Of(SomeSilos.Tenant, "api")).GetGrainId(), new GrainState<RateLimitState>(new RateLimitState { LeasesUntil = DateTimeOffset.UtcNow.AddHours(1) }));

    private static async Task<RateLimitView> View(SomeSilos silos)
    {
        await silos.Limit(0).Ask();
        using var _ = CallerContext.ForSystem("test");
        return await silos.Grains(0).GetGrain<IRateLimitGrain>(TenantKey.Of(SomeSilos.Tenant, "api")).View();
    }

    private static int? Home(SomeSilos silos) => silos.HomeOf(silos.Grains(0).GetGrain<IRateLimitGrain>(TenantKey.Of(SomeSilos.Tenant, "api")));
}
