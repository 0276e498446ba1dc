namespace Sophia.Runtime.Contract;

/// <summary>What the management grain says of the cluster.</summary>
public sealed class ManagementTests
{
    [Fact]
    public async Task It_names_the_silos_and_counts_activations_by_silo_and_class()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var management = cluster.Grains.GetGrain<IManagementGrain>(0);
        Assert.All((await management.GetHosts()).Values, status => Assert.Equal(SiloStatus.Active, status));
        Assert.Equal(2, (await management.GetDetailedHosts(onlyActive: true)).Select(host => host.SiloName).Distinct().Count());

        var grains = Enumerable.Range(0, 20).Select(n => cluster.Grains.GetGrain<IByHashGrain>($"counted{n}")).ToArray();
        var homes = await Task.WhenAll(grains.Select(grain => grain.Where()));
        var lines = (await management.GetDetailedGrainStatistics()).Where(line => Names(line.GrainType)).ToList();
        Assert.All(homes.CountBy(silo => silo), count => Assert.Equal(count.Value, lines.Count(line => line.SiloAddress.Equals(count.Key))));
        Assert.Equal(20, lines.Select(line => line.GrainId).Intersect(grains.Select(grain => grain.GetGrainId())).Count());
        // Orleans counts these per process, so two silos in one both say the sum: only that the class is named can be asked here.
        Assert.Contains(await management.GetSimpleGrainStatistics(), line => Names(line.GrainType) && line.ActivationCount > 0);
        Assert.Equal(homes[0], await management.GetActivationAddress(grains[0]));
        Assert.Equal(1, await management.GetGrainActivationCount((GrainReference)grains[0]));
        Assert.Equal(20, (await management.GetActiveGrains(grains[0].GetGrainId().Type)).Count);
        Assert.InRange(await management.GetTotalActivationCount(), 21, 1000);
    }

    [Fact]
    public async Task It_says_what_one_silo_has_to_do()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var management = cluster.Grains.GetGrain<IManagementGrain>(0);
        var silo = (await management.GetHosts(onlyActive: true)).Keys.Order().First();
        var load = Assert.Single(await management.GetRuntimeStatistics([silo]));
        Assert.InRange(load.ActivationCount, 0, 1_000);
        Assert.InRange(load.EnvironmentStatistics.FilteredCpuUsagePercentage, 0, 100);
        Assert.True(load.EnvironmentStatistics.FilteredMemoryUsageBytes >= 0 && load.EnvironmentStatistics.MaximumAvailableMemoryBytes > 0);
        Assert.False(load.IsOverloaded);
    }

    [Fact]
    public async Task A_grain_that_was_never_called_has_no_address_and_no_activation()
    {
        await using var cluster = await SiloCluster.Start("a");
        var management = cluster.Grains.GetGrain<IManagementGrain>(0);
        var grain = cluster.Grains.GetGrain<IByHashGrain>("never");
        Assert.Null(await management.GetActivationAddress(grain));
        Assert.Equal(0, await management.GetGrainActivationCount((GrainReference)grain));
    }

    [Fact]
    public async Task A_stateless_worker_has_no_address()
    {
        await using var cluster = await SiloCluster.Start("a");
        var worker = cluster.Grains.GetGrain<IHelperGrain>("helper");
        await worker.Where();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await cluster.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(worker));
    }

    [Fact]
    public async Task A_forced_collection_ends_what_is_idle()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var grain = cluster.Grains.GetGrain<IByHashGrain>("idle");
        await grain.Where();
        await SiloCluster.Eventually(async () =>
        {
            await cluster.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.FromMilliseconds(1));
            return cluster.Journal.Read(grain.GetGrainId().ToString()).Count > 0;
        });
        Assert.StartsWith("ActivationIdle", cluster.Journal.Read(grain.GetGrainId().ToString())[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_activation_ends_when_its_management_is_told_to()
    {
        await using var cluster = await SiloCluster.Start("a", "b");
        var grain = cluster.Grains.GetGrain<IByHashGrain>("told");
        await grain.Where();
        await cluster.Grains.GetGrain<Orleans.Core.Internal.IGrainManagementExtension>(grain.GetGrainId()).DeactivateOnIdle();
        await SiloCluster.Eventually(() => Task.FromResult(cluster.Journal.Read(grain.GetGrainId().ToString()).Count > 0));
        Assert.StartsWith("ApplicationRequested", cluster.Journal.Read(grain.GetGrainId().ToString())[0], StringComparison.Ordinal);
    }

    private static bool Names(string grainType) => grainType.Contains(nameof(ByHashGrain), StringComparison.Ordinal);
}
