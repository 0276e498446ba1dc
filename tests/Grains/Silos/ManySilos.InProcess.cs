using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Core.Internal;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Runtime;
using Sophia.Security;

namespace Sophia;

internal sealed partial class ManySilos
{
    private readonly InProcessCluster cluster = new();
    private readonly List<IHost> hosts = [];

    public async Task Add(string name, Action<ISiloBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo =>
        {
            silo.UseInProcessCluster(cluster).Configure<SiloOptions>(options => options.SiloName = name);
            configure(silo);
        });
        var host = builder.Build();
        hosts.Add(host);
        await host.StartAsync();
        Joined(host.Services);
    }

    /// <summary>The silo ends without a word, and the others know it.</summary>
    public Task Kill(int silo)
    {
        cluster.Kill(silos[silo].Address);
        return Task.CompletedTask;
    }

    /// <summary>The grain's activation ends; its next call begins one, on any silo.</summary>
    public async Task Move(IGrain grain)
    {
        using var _ = CallerContext.ForSystem("test");
        await Grains(0).GetGrain<IGrainManagementExtension>(grain.GetGrainId()).DeactivateOnIdle();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in hosts)
            await host.StopAsync();
    }

    private SiloAddress? Find(GrainId grain) => cluster.Find(grain);
}
