using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: never more at a time than may be, of all and of one; nobody is passed over, lost or left behind, also where some give up. Method: seeded worlds of tenants that come, stay, leave and give up, each step checked against what was promised.
public sealed class TenantTurnsTests
{
    [Fact]
    public async Task In_any_world_bounds_hold_nobody_is_passed_over_twice_and_all_are_served()
    {
        for (var seed = 0; seed < 300; seed++)
            await new World(seed).Run();
    }

    [Fact]
    public async Task A_tenant_that_asks_without_end_leaves_the_other_places_and_each_second_turn()
    {
        var turns = new TenantTurns(8, 4);
        var (flood, quiet) = (TenantId.Parse("flood"), TenantId.Parse("quiet"));
        var flooding = Enumerable.Range(0, 1_000).Select(_ => turns.Enter(flood, default).AsTask()).ToList();
        Assert.Equal((4, 996), (turns.Inside, turns.Waiting));
        var held = new List<TenantTurn>();
        for (var call = 0; call < 4; call++)
            held.Add(await turns.Enter(quiet, default)); // Without waiting.
        var waits = turns.Enter(TenantId.Parse("third"), default).AsTask();
        Assert.False(waits.IsCompleted);
        (await flooding[0]).Dispose(); // The flood's own turn: it waited first.
        (await flooding[1]).Dispose();
        (await waits.WaitAsync(TimeSpan.FromSeconds(30))).Dispose(); // Before 995 that came first.
        held.ForEach(turn => turn.Dispose());
        Assert.Equal(4, turns.Inside);
    }

    [Fact]
    public async Task Whoever_gives_up_leaves_the_line_and_who_gave_up_before_does_not_enter()
    {
        var turns = new TenantTurns(1, 1);
        var tenant = TenantId.Parse("acme");
        var held = await turns.Enter(tenant, default);
        using var gone = new CancellationTokenSource();
        var waits = turns.Enter(tenant, gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => turns.Enter(tenant, gone.Token).AsTask());
        held.Dispose();
        Assert.Equal((0, 0), (turns.Inside, turns.Waiting));
        (await turns.Enter(null, default)).Dispose();
    }

    private sealed class World(int seed)
    {
        private readonly Random random = new(seed);
        private readonly List<(string Tenant, TenantTurn Turn)> inside = [];
        private readonly List<Waiter> line = [];

        public async Task Run()
        {
            var (places, mostOfOne, tenants) = (random.Next(1, 9), random.Next(1, 6), random.Next(1, 7));
            var turns = new TenantTurns(places, mostOfOne);
            for (var step = 0; step < 200; step++)
            {
                var what = random.Next(10);
                if (what < 5)
                {
                    var tenant = $"t{random.Next(tenants)}";
                    var waiter = new Waiter(tenant);
                    waiter.Task = turns.Enter(TenantId.Parse(tenant), waiter.Gone.Token).AsTask();
                    line.Add(waiter);
                    await Settle(turns);
                }
                else if (what < 9 && inside.Count > 0)
                {
                    var leaving = random.Next(inside.Count);
                    inside[leaving].Turn.Dispose();
                    inside.RemoveAt(leaving);
                    await Settle(turns);
                }
                else if (line.Count > 0)
                {
                    var giving = line[random.Next(line.Count)];
                    await giving.Gone.CancelAsync();
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(() => giving.Task);
                    line.Remove(giving);
                }
                Check(turns, places, mostOfOne);
            }
            while (inside.Count > 0)
            {
                inside[0].Turn.Dispose();
                inside.RemoveAt(0);
                await Settle(turns);
                Check(turns, places, mostOfOne);
            }
            Assert.True((turns.Inside, turns.Waiting, line.Count) == (0, 0, 0), $"seed {seed}: somebody was left behind");
        }

        // Whoever has a place now, in the order in which places were given; the counts of the object say how many there are.
        private async Task Settle(TenantTurns turns)
        {
            while (inside.Count < turns.Inside)
            {
                var first = await Task.WhenAny(line.Select(waiter => waiter.Task));
                var entered = line.First(waiter => waiter.Task == first);
                inside.Add((entered.Tenant, await entered.Task));
                line.Remove(entered);
                foreach (var other in line.Where(waiter => waiter.Tenant != entered.Tenant && inside.All(one => one.Tenant != waiter.Tenant)).GroupBy(waiter => waiter.Tenant).Select(group => group.First()))
                    Assert.True(other.Passed.Add(entered.Tenant), $"seed {seed}: {entered.Tenant} passed {other.Tenant} twice");
            }
        }

        private void Check(TenantTurns turns, int places, int mostOfOne)
        {
            var busiest = inside.GroupBy(one => one.Tenant).Select(group => group.Count()).DefaultIfEmpty().Max();
            Assert.True(inside.Count <= places && busiest <= mostOfOne, $"seed {seed}: {inside.Count} of {places}, {busiest} of {mostOfOne}");
            Assert.True((turns.Inside, turns.Waiting) == (inside.Count, line.Count), $"seed {seed}: counted {turns.Inside} and {turns.Waiting}, are {inside.Count} and {line.Count}");
            // Nobody waits for a place that is free and that he may have.
            Assert.True(inside.Count == places || line.All(waiter => inside.Count(one => one.Tenant == waiter.Tenant) >= mostOfOne), $"seed {seed}: somebody waits for nothing");
        }

        private sealed class Waiter(string tenant)
        {
            public string Tenant => tenant;

            public CancellationTokenSource Gone { get; } = new();

            public HashSet<string> Passed { get; } = [];

            public Task<TenantTurn> Task { get; set; } = null!;
        }
    }
}
