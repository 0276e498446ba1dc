using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sophia.Tenants;

/// <summary>Puts the watch over suspended tenants together, for silos and front ends alike.</summary>
public static class TenantServices
{
    public static IServiceCollection AddTenantGate(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(TenantGate)))
            return services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<TenantGate>();
        services.AddSingleton<ITenantGate>(provider => provider.GetRequiredService<TenantGate>());
        services.AddHostedService(provider => provider.GetRequiredService<TenantGate>());
        return services;
    }
}
