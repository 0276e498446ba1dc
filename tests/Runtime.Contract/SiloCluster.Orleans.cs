using Orleans.Configuration;
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

    private async Task SettleViews()
    {
        await _cluster!.WaitForLivenessToStabilizeAsync();
        await _cluster.WaitForClusterManifestToStabilizeAsync();
    }

    private async Task StartFirst(string zone)
    {
        _zone = zone;
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            Configure(silo, _zone);
            // A killed silo is known to be dead before calls that wait for it time out.
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.NumMissedProbesLimit = 2;
                options.NumVotesForDeathDeclaration = 1;
            });
        });
        builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout));
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        Remember(_cluster.GetSiloServiceProvider(), zone);
    }
}
