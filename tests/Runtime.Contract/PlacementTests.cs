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

    private static IEnumerable<string> Keys => Enumerable.Range(0, 24).Select(n => $"key{n}");

    private static async Task<Dictionary<SiloAddress, string>> Zones(SiloCluster cluster)
    {
        var hosts = await cluster.Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        return hosts.Keys.ToDictionary(silo => silo, cluster.ZoneOf);
    }
}
