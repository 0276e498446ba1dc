namespace Sophia.Cluster;

/// <summary>A real cluster of three silos for the tests of this project, one after the other; ended and removed with them.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private const int Silos = 3;
    private LocalCluster? cluster;

    internal LocalCluster Cluster => cluster ?? throw new InvalidOperationException("There is no cluster.");

    internal string Folder { get; } = Path.Combine(Path.GetTempPath(), $"sophia-cluster-{Guid.NewGuid():n}");

    public async Task InitializeAsync()
    {
        if (ClusterFactAttribute.Missing() is null)
            cluster = await LocalCluster.Up(Folder, Silos, gpus: 1, "http://127.0.0.1:0", default);
    }

    /// <summary>Every silo runs again, whatever the test before did.</summary>
    internal async Task Whole()
    {
        await Cluster.StartRedis(default);
        await Cluster.Scale(Silos, default);
    }

    /// <summary>Everything runs again, servers included.</summary>
    internal async Task Up() => cluster = await LocalCluster.Up(Folder, Silos, gpus: 1, "http://127.0.0.1:0", default);

    public async Task DisposeAsync()
    {
        if (cluster is null)
            return;
        await cluster.Down(default);
        Directory.Delete(Folder, recursive: true);
    }
}

[CollectionDefinition("cluster")]
public sealed class ClusterTests : ICollectionFixture<ClusterFixture>;
