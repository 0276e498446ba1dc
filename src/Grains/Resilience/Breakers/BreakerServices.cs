using Microsoft.Extensions.DependencyInjection;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Circuit breakers, for silos and front ends alike: each process must be told the same options.</summary>
public static class BreakerServices
{
    public static IServiceCollection AddBreakers(this IServiceCollection services, Action<BreakersOptions>? configure = null)
    {
        services.AddReplicas();
        if (configure is not null)
            services.Configure(configure);
        if (services.Any(service => service.ServiceType == typeof(Breakers)))
            return services;
        services.AddOptions<BreakersOptions>().Validate(static options => options.Wrong() is null, "BreakersOptions: a limit is out of its range.").ValidateOnStart();
        services.AddSingleton<Breakers>();
        services.AddSingleton<IBreakers>(provider => provider.GetRequiredService<Breakers>());
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<Breakers>());
        return services;
    }
}
