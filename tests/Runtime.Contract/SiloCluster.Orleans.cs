using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Metadata;
using Orleans.TestingHost;

namespace Sophia.Runtime.Contract;

public sealed partial class SiloCluster
{
    private InProcessTestCluster? _cluster;
    private string _zone = "";

    public IGrainFactory Grains => _cluster!.Client;

    public async Task<SiloAddress> Add(string zone)
    {
        _zone = zone;
        return Remember((await _cluster!.StartAdditionalSiloAsync()).SiloHost.Services, zone);
    }

    public Task Stop(SiloAddress silo) => _cluster!.StopSiloAsync(_cluster.GetSiloForAddress(silo)!);

    public Task Kill(SiloAddress silo) => _cluster!.KillSiloAsync(_cluster.GetSiloForAddress(silo)!);

    public async ValueTask DisposeAsync()
    {
        await _cluster!.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    private Task SettleViews() => Settle(_cluster!);

    /// <summary>Each silo knows which there are, and which grains they take.</summary>
    internal static async Task Settle(InProcessTestCluster cluster)
    {
        // Both give up after 5 s without a word.
        await cluster.WaitForLivenessToStabilizeAsync();
        await cluster.WaitForClusterManifestToStabilizeAsync();
        var silos = cluster.GetActiveSilos().ToDictionary(silo => silo.SiloAddress, silo => silo.ServiceProvider);
        await Sophia.Eventually.Comes(() => silos.Values.All(of =>
            of.GetRequiredService<ISiloStatusOracle>().GetActiveSilos().ToHashSet().SetEquals(silos.Keys) && of.GetRequiredService<IClusterManifestProvider>().Current.Silos.Keys.ToHashSet().SetEquals(silos.Keys)), "the same view of every silo");
    }

    private async Task StartFirst(string zone)
    {
        _zone = zone;
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            Configure(silo, _zone);
            // Who is killed writes so itself, which is read before calls that wait for it time out; a silo that is slow because the machine is must not be taken for dead.
            silo.Configure<ClusterMembershipOptions>(options => (options.ProbeTimeout, options.TableRefreshTimeout) = (TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1)));
        });
        builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout));
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        Remember(_cluster.GetSiloServiceProvider(), zone);
    }
}
