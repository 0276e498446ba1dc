using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Sophia.Operations;

/// <summary>What silos need to place Sophia's grains; every silo of a cluster has it, with the same options.</summary>
public static class PlacementServices
{
    public static IServiceCollection AddSophiaPlacement(this IServiceCollection services, Action<PlacementOptions>? configure = null)
    {
        if (configure is not null)
            services.Configure(configure);
        if (services.Any(service => service.ServiceType == typeof(SiloLabels)))
            return services;
        services.AddSingleton<SiloLabels>().AddSingleton<TenantPools>().AddSingleton<GpuPlacement>();
        services.AddPlacementFilter<GpuFilter, GpuFilterDirector>(ServiceLifetime.Transient);
        return services.AddPlacementFilter<TenantPoolFilter, TenantPoolFilterDirector>(ServiceLifetime.Transient);
    }
}
