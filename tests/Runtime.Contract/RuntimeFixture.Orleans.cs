using Orleans.Configuration;
using Orleans.TestingHost;

namespace Sophia.Runtime.Contract;

/// <summary>Two silos and a client beside them, so that calls are serialised and cross from one to the other.</summary>
public sealed partial class RuntimeFixture
{
    private InProcessTestCluster? _cluster;

    public IGrainFactory Grains => _cluster!.Client;

    /// <summary>Those of a silo.</summary>
    public IServiceProvider Services => _cluster!.GetSiloServiceProvider();

    public async Task InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((_, silo) => Configure(silo));
        builder.ConfigureClient(client =>
        {
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout);
            client.AddOutgoingGrainCallFilter<MarkingFilter>();
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        await SiloCluster.Settle(_cluster);
    }

    public async Task DisposeAsync()
    {
        await _cluster!.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }
}
