using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using Sophia.Hosting;
using Sophia.Knowledge;
using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>A silo with the filter that carries deadlines and a clock that hops move; the runtime's own clock is the real one.</summary>
public sealed class RelayWorld : IAsyncLifetime
{
    private IHost? host;

    internal ManualTime Time { get; } = new();

    public RelayJournal Journal { get; } = new();

    public IGrainFactory Grains => host!.Services.GetRequiredService<IGrainFactory>();

    public IRelayGrain Relay(string key) => Grains.GetGrain<IRelayGrain>(key);

    public async Task InitializeAsync()
    {
        Journal.Hop = () => Time.Advance(TimeSpan.FromSeconds(1));
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        var filter = new DeadlineFilter(Time);
        builder.UseOrleans(silo => silo.UseSingleSilo().AddIncomingGrainCallFilter(filter).AddOutgoingGrainCallFilter(filter));
        builder.Services.AddSingleton(Journal).AddKeyedSingleton<TimeProvider>(RelayGrain.Clock, Time);
        builder.Services.AddSophiaPlacement().AddOptions<PoliciesOptions>();
        builder.Services.AddOptions<BulkheadsOptions>();
        builder.Services.AddSingleton(TimeProvider.System);
        host = builder.Build();
        await host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await host!.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }
}
