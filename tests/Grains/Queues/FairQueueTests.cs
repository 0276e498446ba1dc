namespace Sophia.Queues;

/// <summary>Goal: what the ring promises holds for a thousand tenants of the queue as it runs. Method: real grains, dispatcher, workers and store; time is counted in service times (FairQueue, which `bench queue --fairness` prints with larger windows,
/// as here with SOPHIA_NIGHTLY=1).</summary>
public sealed class FairQueueTests : IDisposable
{
    private const int Tenants = 1_000;

    private static readonly bool Nightly = Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") == "1";

    private readonly string scratch = Directory.CreateTempSubdirectory("sophia-fair-").FullName;

    public void Dispose() => Directory.Delete(scratch, recursive: true);

    [Fact]
    public async Task A_thousand_tenants_of_which_one_sends_a_thousand_times_as_much_are_served_alike_while_others_come_and_go()
    {
        var (jain, aside) = await FairQueue.Alike(scratch, Tenants, each: Nightly ? 40 : 4);
        Assert.InRange(jain, 0.99, 1);
        Assert.InRange(aside, 0, 1);
    }

    [Fact]
    public async Task Shares_follow_weights_within_five_percent()
    {
        var (off, aside) = await FairQueue.Weighted(scratch, tenants: Nightly ? 50 : 20, each: Nightly ? 200 : 100);
        Assert.InRange(off, 0, 0.05);
        Assert.InRange(aside, 0, 1);
    }

    [Fact]
    public async Task A_quiet_tenant_among_a_thousand_waits_at_most_twice_as_long_as_alone_and_one_service_time()
    {
        var alone = await FairQueue.Waits(scratch, quiet: 1, flooded: false, items: 200, of: 8);
        var beside = await FairQueue.Waits(scratch, quiet: Tenants - 1, flooded: true, items: Nightly ? 10_000 : 1_000, of: Tenants - 1);
        Assert.True(beside <= (2 * alone) + 1, $"{beside} beside, {alone} alone");
    }
}
