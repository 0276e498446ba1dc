using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Copies of truths, for silos and front ends alike.</summary>
public static class ReplicaServices
{
    public static IServiceCollection AddReplicas(this IServiceCollection services, Action<ReplicaOptions>? configure = null)
    {
        if (configure is not null)
            services.Configure(configure);
        if (services.Any(service => service.ServiceType == typeof(Replicas)))
            return services;
        services.AddOptions<ReplicaOptions>().Validate(options => options.IsInRange, "ReplicaOptions: a limit is out of its range.").ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Replicas>();
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<Replicas>());
        services.AddHostedService(provider => provider.GetRequiredService<Replicas>());
        return services;
    }
}
