namespace Sophia.Resilience;

public sealed class LocalBreakerCostTests
{
    [Fact]
    public async Task Neither_a_call_that_is_let_through_nor_one_that_is_refused_allocates()
    {
        await using var silos = await SomeSilos.Start(1, new BreakerOptions { BreakFor = TimeSpan.FromHours(1), LongestBreak = TimeSpan.FromHours(1) });
        var (closed, open) = (silos.Breaker(0), silos.Breaker(0, "other"));
        Assert.False((await closed.Enter(default)).IsRefused);
        await silos.Everywhere(BreakerPhase.Closed, 0);
        await silos.Fail(0, "other");
        await silos.Comes(BreakerPhase.Open, dependency: "other");
        await Eventually.Comes(() => silos.Knows(0, "other")?.Phase == BreakerPhase.Open, "open here");
        Assert.Equal((0, 0), (Allocated(closed), Allocated(open)));
    }

    private static long Allocated(IBreaker breaker)
    {
        long least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var call = 0; call < 1_000; call++)
                if (breaker.TryEnter() is { IsRefused: false, Permit: var permit })
                    permit.Report(CallOutcome.Success);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least / 1_000;
    }
}
