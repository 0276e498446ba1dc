using Sophia.Runtime.InProcess;

namespace Sophia.Queues;

// Goal: whatever dies, every item is accounted for exactly: done once, dead or held back with a reason; one key's items go in order; nobody stands aside for longer than is promised. Method: SimulatedQueue, whose
// seed decides every interleaving and every fault; QueueLedger checks each lease and each end. A failure names its seed, which repeats it. SOPHIA_NIGHTLY=1 plays many more.
public sealed class SimulatedQueueTests
{
    [Fact]
    public void Every_item_is_accounted_for_while_silos_die_leases_are_lost_and_workers_are_slow()
    {
        var seen = (Leases: 0, Late: 0, Done: 0, Dead: 0, Quarantined: 0, Lost: 0);
        for (var seed = 0; seed < (Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") == "1" ? 400 : 12); seed++)
        {
            var (ledger, lost) = Simulate(seed, planted: false);
            seen = (seen.Leases + ledger.Leases, seen.Late + ledger.Late, seen.Done + ledger.Done, seen.Dead + ledger.Dead, seen.Quarantined + ledger.Quarantined, seen.Lost + lost);
        }
        // That the rare is reached, too.
        Assert.True(seen is { Late: > 0, Dead: > 20, Lost: > 0 } && seen.Done > 2_000 && seen.Leases > seen.Done, $"{seen}");
    }

    [Fact]
    public void One_seed_is_one_story() => Assert.Equal(Simulate(7, planted: false), Simulate(7, planted: false));

    [Fact]
    public void A_queue_that_takes_leases_back_before_their_time_is_caught() => Assert.ThrowsAny<Xunit.Sdk.XunitException>(() =>
    {
        for (var seed = 0; seed < 5; seed++)
            Simulate(seed, planted: true);
    });

    private static ((int Leases, int Late, int Done, int Dead, int Quarantined) Ledger, int Lost) Simulate(int seed, bool planted)
    {
        var world = new SeededWorld(seed);
        using var queue = new SimulatedQueue(world, seed, planted);
        return world.Run(async () =>
        {
            await queue.Start();
            await queue.Tell();
            return (queue.Ledger.Seen, queue.Lost);
        });
    }
}
