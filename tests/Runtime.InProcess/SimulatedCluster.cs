using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Runtime;

namespace Sophia.Runtime.InProcess;

/// <summary>Several silos and a client in one seeded world; a silo is known by its number, from 0.</summary>
internal sealed class SimulatedCluster(int seed) : IDisposable
{
    private readonly List<IHost> _hosts = [];
    private readonly List<SiloAddress> _silos = [];

    public SeededWorld World { get; } = new(seed);

    public InProcessCluster Cluster { get; } = new();

    public IGrainFactory Client { get; private set; } = null!;

    public SiloAddress this[int silo] => _silos[silo];

    public static T Run<T>(int seed, int silos, Func<SimulatedCluster, Task<T>> story)
    {
        using var simulated = new SimulatedCluster(seed);
        return simulated.World.Run(async () =>
        {
            for (var n = 0; n < silos; n++)
                await simulated.Add();
            simulated.Client = await simulated.AddClient();
            return await story(simulated);
        });
    }

    public async Task Add()
    {
        var builder = Builder();
        builder.UseOrleans(silo => silo.UseInProcessCluster(Cluster).UseInMemoryReminderService());
        var host = await Start(builder);
        _silos.Add(host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress);
    }

    /// <summary>Lets virtual time pass.</summary>
    public Task Pass(TimeSpan time) => Task.Delay(time, World);

    /// <summary>Stops a silo in good order.</summary>
    public async Task Stop(int silo)
    {
        foreach (var service in _hosts.Find(host => host.Services.GetService<ILocalSiloDetails>()?.SiloAddress == _silos[silo])!.Services.GetServices<IHostedService>())
            await service.StopAsync(default);
    }

    public void Dispose() => _hosts.ForEach(host => host.Dispose());

    private async Task<IGrainFactory> AddClient()
    {
        var builder = Builder();
        builder.UseOrleansClient(client => client.UseInProcessCluster(Cluster));
        return (await Start(builder)).Services.GetRequiredService<IGrainFactory>();
    }

    private HostApplicationBuilder Builder()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IRuntimeWorld>(World);
        builder.Services.AddSingleton<TimeProvider>(World);
        builder.Services.AddSingleton(new GrainAssembly(typeof(SimulatedCluster).Assembly));
        return builder;
    }

    private async Task<IHost> Start(HostApplicationBuilder builder)
    {
        var host = builder.Build();
        _hosts.Add(host);
        foreach (var service in host.Services.GetServices<IHostedService>())
            await service.StartAsync(default);
        return host;
    }
}
