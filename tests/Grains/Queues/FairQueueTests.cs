namespace Sophia.Queues;

/// <summary>Goal: what the ring promises holds for a thousand tenants of the queue as it runs. Method: real grains, dispatcher, workers and store; time is counted in service times (FairQueue, which `bench queue --fairness` prints with larger windows).</summary>
public sealed class FairQueueTests : IDisposable
{
    private const int Tenants = 1_000;

    private readonly string scratch = Directory.CreateTempSubdirectory("sophia-fair-").FullName;

    public void Dispose() => Directory.Delete(scratch, recursive: true);

    [Fact]
    public async Task A_thousand_tenants_of_which_one_sends_a_thousand_times_as_much_are_served_alike_while_others_come_and_go() =>
        Assert.InRange(await FairQueue.Jain(scratch, Tenants, each: 8), 0.99, 1);

    [Fact]
    public async Task Shares_follow_weights_within_five_percent() => Assert.InRange(await FairQueue.Off(scratch, tenants: 20, each: 60), 0, 0.05);

    [Fact]
    public async Task A_quiet_tenant_among_a_thousand_waits_at_most_twice_as_long_as_alone_and_one_service_time()
    {
        var alone = await FairQueue.Waits(scratch, quiet: 1, flooded: false, items: 200, of: 8);
        var beside = await FairQueue.Waits(scratch, quiet: Tenants - 1, flooded: true, items: 2_000, of: Tenants - 1);
        Assert.True(beside <= (2 * alone) + 1, $"{beside} beside, {alone} alone");
    }
}
