using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.InProcess;

namespace Sophia.Runtime.Contract;

public sealed partial class SiloCluster
{
    private readonly InProcessCluster _cluster = new();
    private readonly Dictionary<SiloAddress, IHost> _hosts = [];
    private IHost? _client;

    public IGrainFactory Grains => _client!.Services.GetRequiredService<IGrainFactory>();

    public async Task<SiloAddress> Add(string zone)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo =>
        {
            silo.UseInProcessCluster(_cluster);
            silo.Configure<SiloOptions>(options => options.SiloName = $"Silo_{_hosts.Count}");
            Configure(silo, zone);
        });
        var host = builder.Build();
        await host.StartAsync();
        var address = Remember(host.Services, zone);
        _hosts[address] = host;
        return address;
    }

    public async Task Stop(SiloAddress silo) => await _hosts[silo].StopAsync();

    public Task Kill(SiloAddress silo)
    {
        _cluster.Kill(silo);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _client!.StopAsync();
        foreach (var host in _hosts.Values)
        {
            await host.StopAsync();
            host.Dispose();
        }
        _client.Dispose();
    }

    // All see the same at once.
    private static Task SettleViews() => Task.CompletedTask;

    private async Task StartFirst(string zone)
    {
        await Add(zone);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client =>
        {
            client.UseInProcessCluster(_cluster);
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout);
        });
        _client = builder.Build();
        await _client.StartAsync();
    }
}
