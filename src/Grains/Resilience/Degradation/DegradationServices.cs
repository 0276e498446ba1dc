using Microsoft.Extensions.DependencyInjection;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Levels of degradation, for silos and front ends alike: each process must be told the same options.</summary>
public static class DegradationServices
{
    public static IServiceCollection AddDegradation(this IServiceCollection services, Action<DegradationOptions>? configure = null)
    {
        services.AddReplicas();
        if (configure is not null)
            services.Configure(configure);
        if (services.Any(service => service.ServiceType == typeof(Features)))
            return services;
        services.AddOptions<DegradationOptions>().Validate(static options => options.Wrong() is null, "DegradationOptions: something cannot be meant.").ValidateOnStart();
        services.AddSingleton<Features>();
        services.AddSingleton<IFeatures>(provider => provider.GetRequiredService<Features>());
        services.AddSingleton<IHealth>(provider => provider.GetRequiredService<Features>());
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<Features>());
        services.AddSingleton<IHealthSource, RoomHealth>();
        return services;
    }
}
