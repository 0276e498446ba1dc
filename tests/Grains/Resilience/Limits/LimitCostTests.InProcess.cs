namespace Sophia.Resilience;

/// <summary>Goal: a decision of a divided limit costs next to nothing. Method: what it allocates.</summary>
public sealed class LimitCostTests
{
    [Fact]
    public async Task A_divided_decision_allocates_nothing_and_one_of_all_limits_its_answer_alone()
    {
        var policy = new LimitPolicy { Name = "whole", Resource = "test", Limit = 1e9, Burst = 1e9 };
        await using var silos = await SomeSilos.Start(1, new BreakerOptions(), policy, policy with { Name = "key", Per = LimitPer.Key }, policy with { Name = "key-route", Per = LimitPer.KeyAndRoute });
        var (limits, asking) = (silos.Limits(0), new LimitAsking(SomeSilos.Tenant, "test", Key: "k1", Route: "GET /api/search"));
        var limit = limits.For(SomeSilos.Tenant, "whole")!;
        await Eventually.Comes(async () => (await limits.TryTake(asking)).Said.All(static one => one.Answer.Remaining > 5e8), "shares");
        Assert.Equal(0, Allocated(() => limit.Ask().IsCompletedSuccessfully));
        // An array of three answers and what holds it.
        Assert.InRange(Allocated(() => limits.TryTake(asking).IsCompletedSuccessfully), 1, 256);
    }

    private static long Allocated(Func<bool> decide)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var call = 0; call < 1_000; call++)
                Assert.True(decide());
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least / 1_000;
    }
}
