using Microsoft.Extensions.Logging;
using Sophia.Cluster;
using Sophia.Hosting;

namespace Sophia.Bench;

/// <summary>A local cluster of silos, each a process of its own, with PostgreSQL and Redis; what measures it is a front end of it in this process.</summary>
internal sealed class LocalSilos : IAsyncDisposable
{
    private readonly string folder;
    private readonly RunningSophia caller;

    private LocalSilos(string folder, RunningSophia caller) => (this.folder, this.caller) = (folder, caller);

    public IServiceProvider Services => caller.Services;

    public static async Task<LocalSilos> Up(int silos)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"sophia-silos-{Guid.NewGuid():n}");
        try
        {
            var cluster = await LocalCluster.Up(folder, silos, 0, "http://127.0.0.1:0", default);
            return new LocalSilos(folder, await RunningSophia.Start(new SophiaOptions
            {
                DataFolder = Path.Combine(folder, "caller"), Url = "http://127.0.0.1:0", Role = SophiaRole.Frontend, Cluster = new ClusterOptions { Name = "local" },
                Postgres = LocalServers.SiloConnection(cluster.File), Redis = LocalServers.RedisConnection(cluster.File), InboxFolder = Path.Combine(folder, "inbox"), SecretsKey = cluster.SecretsKey, LogLevel = LogLevel.Error,
            }, announce: false));
        }
        catch
        {
            await Down(folder);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await caller.DisposeAsync();
        await Down(folder);
    }

    private static async Task Down(string folder)
    {
        if (ClusterFile.Read(folder) is not null)
            await LocalCluster.Open(folder).Down(default);
        Directory.Delete(folder, recursive: true);
    }
}
