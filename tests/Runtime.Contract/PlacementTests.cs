namespace Sophia.Runtime.Contract;

/// <summary>Which silo a new activation comes to.</summary>
public sealed class PlacementTests
{
    [Fact]
    public async Task By_hash_a_grain_lives_on_the_silo_that_its_hash_points_to()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var silos = (await cluster.Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Keys.Order().ToArray();
        foreach (var grain in Keys.Select(key => cluster.Grains.GetGrain<IByHashGrain>(key)))
            Assert.Equal(silos[(grain.GetGrainId().GetUniformHashCode() & 0x7fffffff) % 2], await grain.Where());
    }

    [Fact]
    public async Task At_random_and_once_loads_are_known_by_activation_count_all_silos_are_used()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        Assert.Equal(2, (await Task.WhenAll(Keys.Select(key => cluster.Grains.GetGrain<IAtRandomGrain>(key).Where()))).Distinct().Count());
        HashSet<SiloAddress> used = [];
        await SiloCluster.Eventually(async () => used.Add(await cluster.Grains.GetGrain<IByCountGrain>($"{used.Count} {Guid.NewGuid()}").Where()) && used.Count == 2);
    }

    [Fact]
    public async Task A_grain_that_prefers_its_caller_s_silo_and_a_stateless_worker_come_where_the_first_call_comes_from()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        foreach (var key in Keys)
        {
            var caller = cluster.Grains.GetGrain<IByHashGrain>(key);
            Assert.Equal(await caller.Where(), await caller.Ask("local", key));
            Assert.Equal(await caller.Where(), await caller.Ask("worker", "one for all"));
        }
    }

    [Fact]
    public async Task Required_metadata_hold_a_grain_to_silos_like_its_caller_s_and_preferred_ones_do_while_there_are_such()
    {
        await using var cluster = await SiloCluster.Start("a", "a", "b");
        var zones = await Zones(cluster);
        foreach (var key in Keys)
        {
            var caller = cluster.Grains.GetGrain<IByHashGrain>(key);
            var zone = zones[await caller.Where()];
            Assert.Equal(zone, zones[await caller.Ask("same zone", key)]);
            Assert.Equal(zone, zones[await caller.Ask("near zone", key)]);
        }
    }

    [Fact]
    public async Task A_filter_of_the_application_s_own_holds_a_grain_to_silos_of_a_label_and_without_one_the_call_fails_and_says_so()
    {
        await using var cluster = await SiloCluster.Start("a", "a");
        var grain = cluster.Grains.GetGrain<IGpuGrain>("embedder");
        Assert.Contains("No active nodes are compatible with grain gpu", (await Assert.ThrowsAsync<OrleansException>(grain.Where)).Message, StringComparison.Ordinal);
        var gpu = await cluster.Add("gpu");
        await cluster.Settle(3);
        await SiloCluster.Eventually(async () =>
        {
            try
            {
                return await grain.Where() == gpu;
            }
            catch (OrleansException notYetKnown) when (notYetKnown.GetType() == typeof(OrleansException))
            {
                return false;
            }
        });
        foreach (var key in Keys)
            Assert.Equal(gpu, await cluster.Grains.GetGrain<IGpuGrain>(key).Where());
    }

    [Fact]
    public async Task What_a_filter_throws_the_caller_gets_whether_it_is_a_client_or_a_grain()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        Assert.Equal("client waits for its zone", (await Assert.ThrowsAsync<NowhereException>(cluster.Grains.GetGrain<INowhereGrain>("client").Where)).Message);
        var caller = cluster.Grains.GetGrain<IByHashGrain>("caller");
        Assert.Equal("grain waits for its zone", (await Assert.ThrowsAsync<NowhereException>(() => caller.Ask("nowhere", "grain"))).Message);
    }

    [Fact]
    public async Task A_grain_that_moves_is_found_where_it_fits_better_now_by_those_too_who_know_where_it_was()
    {
        await using var cluster = await SiloCluster.Start("a", "a");
        // Callers on both silos: one of them calls from another silo than the grain's, and that silo remembers the place.
        var callers = new Dictionary<SiloAddress, IByHashGrain>();
        for (var i = 0; callers.Count < 2; i++)
        {
            var caller = cluster.Grains.GetGrain<IByHashGrain>($"caller {i}");
            callers[await caller.Where()] = caller;
        }
        foreach (var key in Keys.Take(8))
        {
            foreach (var caller in callers.Values)
                Assert.Equal("a", cluster.ZoneOf(await caller.Ask("near gpu", key)));
        }
        var gpu = await cluster.Add("gpu");
        await cluster.Settle(3);
        foreach (var key in Keys.Take(8))
        {
            var before = await callers.Values.First().Ask("near gpu", key);
            await cluster.Grains.GetGrain<INearGpuGrain>(key).Leave();
            await Sophia.Eventually.Comes(() => cluster.Journal.Read($"neargpu/{key}").Count > 0, "the end of the activation before");
            foreach (var (_, caller) in callers.OrderBy(caller => caller.Key.Equals(before))) // Those first who know it from afar.
                Assert.Equal(gpu, await caller.Ask("near gpu", key));
            Assert.Equal([$"Migrating on {before}"], cluster.Journal.Read($"neargpu/{key}"));
        }
    }

    [Fact]
    public async Task Each_silo_knows_which_silos_take_grains_and_how_each_is()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var hosts = (await cluster.Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Keys.Order().ToArray();
        foreach (var silo in hosts)
        {
            var known = cluster.Known(silo);
            await SiloCluster.Eventually(() => Task.FromResult(known.GetActiveSilos().Order().SequenceEqual(hosts)));
            Assert.Equal((silo, SiloStatus.Active), (known.SiloAddress, known.CurrentStatus));
            Assert.Equal(SiloStatus.Active, known.GetApproximateSiloStatus(hosts[^1]));
            Assert.Equal(hosts, known.GetApproximateSiloStatuses(onlyActive: true).Keys.Order());
        }
        await cluster.Kill(hosts[0]);
        await SiloCluster.Eventually(() => Task.FromResult(cluster.Known(hosts[1]).GetActiveSilos().SequenceEqual([hosts[1]])));
        // Also a killed silo says first that it stops.
        await SiloCluster.Eventually(() => Task.FromResult(cluster.Known(hosts[1]).GetApproximateSiloStatus(hosts[0]) == SiloStatus.Dead));
    }

    private static IEnumerable<string> Keys => Enumerable.Range(0, 24).Select(n => $"key{n}");

    private static async Task<Dictionary<SiloAddress, string>> Zones(SiloCluster cluster)
    {
        var hosts = await cluster.Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        return hosts.Keys.ToDictionary(silo => silo, cluster.ZoneOf);
    }
}
