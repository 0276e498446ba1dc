using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Timers;

// Orleans has its entry points in this namespace, so that a host finds them without a using of its own.
namespace Microsoft.Extensions.Hosting;

/// <summary>Gives a host a silo.</summary>
public static class OrleansSiloGenericHostExtensions
{
    /// <summary>Adds a silo.</summary>
    public static IHostApplicationBuilder UseOrleans(this IHostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate)
    {
        configureDelegate(AddCore(hostAppBuilder.Services, hostAppBuilder.Configuration));
        return hostAppBuilder;
    }

    /// <summary>Adds a silo.</summary>
    public static HostApplicationBuilder UseOrleans(this HostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate)
    {
        configureDelegate(AddCore(hostAppBuilder.Services, hostAppBuilder.Configuration));
        return hostAppBuilder;
    }

    /// <summary>Adds a silo.</summary>
    public static IHostBuilder UseOrleans(this IHostBuilder hostBuilder, Action<ISiloBuilder> configureDelegate) =>
        hostBuilder.ConfigureServices((context, services) => configureDelegate(AddCore(services, context.Configuration)));

    /// <summary>Adds a silo.</summary>
    public static IServiceCollection AddOrleans(this IServiceCollection services, Action<ISiloBuilder> configureDelegate)
    {
        configureDelegate(AddCore(services, new ConfigurationBuilder().Build()));
        return services;
    }

    private static SiloBuilder AddCore(IServiceCollection services, IConfiguration configuration)
    {
        var builder = new SiloBuilder(services, configuration);
        if (services.Any(service => service.ServiceType == typeof(Silo)))
            return builder;
        InProcessParts.Add(services, isClient: false);
        services.AddSingleton<SiloLifecycle>();
        services.AddSingleton<ISiloLifecycle>(provider => provider.GetRequiredService<SiloLifecycle>());
        services.AddSingleton<GrainRuntime>();
        services.AddSingleton<ILocalSiloDetails, LocalSiloDetails>();
        services.AddSingleton<ISiloStatusOracle, SiloStatusOracle>();
        services.AddSingleton<IGrainRuntime>(provider => provider.GetRequiredService<GrainRuntime>());
        services.AddSingleton<ITimerRegistry>(provider => provider.GetRequiredService<GrainRuntime>());
        services.AddSingleton<IGrainContextAccessor>(provider => provider.GetRequiredService<GrainRuntime>());
        services.AddTransient<IGrainContext>(_ => RuntimeContext.Current!);
        services.AddHostedService<SiloService>();
        return builder;
    }
}
