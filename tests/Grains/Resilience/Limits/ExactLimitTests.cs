using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Goal: a limit that is counted exactly admits neither more nor less whatever is lost. Method: silos of one cluster that die, a fast store that forgets, a durable one that refuses.</summary>
public sealed class ExactLimitTests
{
    private const int Limit = 20;
    private static readonly LimitAsking Asking = new(SomeSilos.Tenant, "test", Key: "k1");
    private static readonly LimitPolicy AMonth = new() { Name = "exact", Resource = "test", Algorithm = LimitAlgorithm.FixedWindow, Limit = Limit, Window = LimitPolicy.LongestWindow, Exact = true };

    [Theory]
    [InlineData(LimitAlgorithm.FixedWindow)]
    [InlineData(LimitAlgorithm.SlidingWindow)]
    [InlineData(LimitAlgorithm.TokenBucket)]
    public async Task Where_fast_state_may_be_lost_a_limit_that_was_never_used_is_there_whole(LimitAlgorithm algorithm)
    {
        await using var silos = await SomeSilos.Start(1, new BreakerOptions(), AMonth with { Algorithm = algorithm, Burst = Limit });
        silos.Store.LostLately = "quota";
        Assert.Equal(Limit, await Admitted(silos, 0, Limit + 5));
    }

    [Theory]
    [InlineData(LimitAlgorithm.FixedWindow)]
    [InlineData(LimitAlgorithm.SlidingWindow)]
    [InlineData(LimitAlgorithm.TokenBucket)]
    public async Task Where_the_silo_dies_and_fast_state_with_it_what_was_taken_counts_and_no_more(LimitAlgorithm algorithm)
    {
        await using var silos = await SomeSilos.Start(2, new BreakerOptions(), AMonth with { Algorithm = algorithm, Burst = Limit });
        Assert.Equal(7, await Admitted(silos, 0, 7));
        var dies = silos.HomeOf(silos.Grains(0).GetGrain<IRateLimitGrain>(TenantKey.Of(SomeSilos.Tenant, "exact")))!.Value;
        silos.Store.LostLately = "quota";
        silos.Store.Lose("quota");
        await silos.Kill(dies);
        var admitted = 0;
        // The first calls may still go to the dead silo: they fail and admit nobody.
        await Eventually.Comes(async () =>
        {
            try
            {
                var taken = await silos.Limits(1 - dies).TryTake(Asking);
                admitted += taken.IsAdmitted ? 1 : 0;
                return !taken.IsAdmitted;
            }
            catch (Exception failure) when (failure is SiloUnavailableException or TimeoutException)
            {
                return false;
            }
        }, "the limit");
        Assert.Equal(Limit - 7, admitted);
    }

    [Fact]
    public async Task Who_could_not_be_written_down_is_not_admitted_and_costs_nothing()
    {
        await using var silos = await SomeSilos.Start(1, new BreakerOptions(), AMonth);
        Assert.Equal(5, await Admitted(silos, 0, 5));
        silos.Store.Refuses = "count";
        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<OrleansException>(async () => await silos.Limits(0).TryTake(Asking));
        silos.Store.Refuses = null;
        Assert.Equal(Limit - 5, await Admitted(silos, 0, Limit));
    }

    [Fact]
    public async Task Of_whom_nothing_counts_any_more_nothing_is_kept()
    {
        var silos = await SomeSilos.Start(1, new BreakerOptions(), AMonth with { Algorithm = LimitAlgorithm.TokenBucket, Limit = 1_000, Window = TimeSpan.FromSeconds(1), Burst = Limit }, AMonth with { Name = "long" });
        await using (silos)
        {
            var (brief, lasting) = (silos.Limits(0).For(SomeSilos.Tenant, "exact")!, silos.Limits(0).For(SomeSilos.Tenant, "long")!);
            Assert.True((await brief.Ask()).IsAdmitted && (await lasting.Ask()).IsAdmitted);
            Assert.Equal(2, silos.Store.Held("count"));
            await Eventually.Comes(async () => (await brief.Look()).Remaining == Limit - 1, "a full bucket");
        }
        Assert.Equal(1, silos.Store.Held("count"));
    }

    [Fact]
    public async Task Counts_of_addresses_that_came_once_are_swept_when_their_time_is_over_and_others_stay()
    {
        await using var silos = await SomeSilos.Start(1, new BreakerOptions(), AMonth with { Name = "brief", Per = LimitPer.Address, Window = TimeSpan.FromMilliseconds(100) }, AMonth with { Name = "long", Per = LimitPer.Address });
        var (brief, lasting) = (silos.Limits(0).For(SomeSilos.Tenant, "brief", "192.0.2.1")!, silos.Limits(0).For(SomeSilos.Tenant, "long", "192.0.2.1")!);
        Assert.True((await brief.Ask()).IsAdmitted && (await lasting.Ask()).IsAdmitted);
        foreach (var (limit, ends) in ((string, DateTimeOffset)[])[("gone", DateTimeOffset.UtcNow), ("gone-lately", DateTimeOffset.UtcNow + LimitPolicy.LongestWindow)])
            await silos.Store.WriteStateAsync("count", silos.Grains(0).GetGrain<IRateLimitGrain>($"system/{limit}/a").GetGrainId(), new GrainState<ExactCountState>(new ExactCountState { EndsAt = ends }));
        Assert.Equal(4, silos.Store.Held("count"));
        var sweeper = new LimitSweeper(silos.Grains(0), silos.Store, new OpenGate(), TimeProvider.System, NullLogger<LimitSweeper>.Instance);
        await Eventually.Comes(async () =>
        {
            await sweeper.Sweep(default);
            return silos.Store.Held("count") == 2;
        }, "two counts");
        Assert.Equal((Limit - 1, Limit - 2), ((await brief.Look()).Remaining, (await lasting.Look()).Remaining));
        Assert.True((await brief.Ask()).IsAdmitted);
        Assert.Equal(3, silos.Store.Held("count"));
    }

    internal sealed class OpenGate : ITenantGate
    {
        public string? Because(TenantId tenant) => null;

        public ValueTask MustBeOpen(TenantId tenant) => ValueTask.CompletedTask;

        public bool IsOpen(TenantId tenant) => true;

        public bool IsEnded(TenantId tenant) => false;

        public Task Refresh() => Task.CompletedTask;
    }

    private static async Task<int> Admitted(SomeSilos silos, int silo, int asked)
    {
        var admitted = 0;
        for (var i = 0; i < asked; i++)
            admitted += (await silos.Limits(silo).TryTake(Asking)).IsAdmitted ? 1 : 0;
        return admitted;
    }
}
