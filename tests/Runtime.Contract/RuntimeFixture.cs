using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sophia.Runtime.Contract;

/// <summary>The one place that knows which runtime is under test: a silo with everything the contract asks for.</summary>
public sealed class RuntimeFixture : IAsyncLifetime
{
    private IHost? _host;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public IServiceProvider Services => _host!.Services;

    public Task InitializeAsync() => Start(_ => { });

    public async Task Start(Action<ISiloBuilder> more)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering();
            silo.AddMemoryGrainStorage("Default");
            silo.AddMemoryGrainStorage("second");
            silo.UseInMemoryReminderService();
            more(silo);
        });
        _host = builder.Build();
        await _host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _host!.StopAsync();
        _host.Dispose();
    }
}
