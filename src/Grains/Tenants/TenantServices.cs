using Microsoft.Extensions.DependencyInjection;
using Sophia.Resilience;

namespace Sophia.Tenants;

/// <summary>Puts the watch over suspended tenants together, for silos and front ends alike.</summary>
public static class TenantServices
{
    public static IServiceCollection AddTenantGate(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(TenantGate)))
            return services;
        services.AddReplicas();
        services.AddSingleton<TenantGate>();
        services.AddSingleton<ITenantGate>(provider => provider.GetRequiredService<TenantGate>());
        services.AddHostedService(provider => provider.GetRequiredService<TenantGate>());
        return services;
    }

    /// <summary>What deletes tenants, for silos. Each store adds the <see cref="ITenantMemory"/> that it is.</summary>
    public static IServiceCollection AddTenantEnd(this IServiceCollection services, Action<TenantEndOptions>? configure = null)
    {
        services.AddOptions<TenantEndOptions>().Configure(configure ?? (_ => { })).Validate(options => options.IsInRange, "TenantEndOptions: a limit is out of its range.").ValidateOnStart();
        services.AddSingleton<ITenantMemory, TenantReminders>();
        services.AddHostedService<TenantEndSweeper>();
        return services;
    }
}
