using Microsoft.Extensions.DependencyInjection;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Limits, for silos and front ends alike.</summary>
public static class LimitServices
{
    public static IServiceCollection AddLimits(this IServiceCollection services, Action<LimitsOptions>? configure = null)
    {
        services.AddReplicas();
        if (configure is not null)
            services.Configure(configure);
        if (services.Any(service => service.ServiceType == typeof(Limits)))
            return services;
        services.AddOptions<LimitsOptions>().Validate(static options => options.Wrong() is null, "LimitsOptions: a limit cannot be meant.").ValidateOnStart();
        services.AddSingleton<Limits>();
        services.AddSingleton<LimitBooks>();
        services.AddSingleton<ILimits>(provider => provider.GetRequiredService<Limits>());
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<Limits>());
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<LimitBooks>());
        return services;
    }

    /// <summary>Forgets what limits keep and counts no more, for silos.</summary>
    public static IServiceCollection AddLimitSweeper(this IServiceCollection services)
    {
        services.AddSingleton<LimitSweeper>();
        return services.AddHostedService(provider => provider.GetRequiredService<LimitSweeper>());
    }
}
