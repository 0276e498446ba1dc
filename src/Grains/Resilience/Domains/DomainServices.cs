using Microsoft.Extensions.DependencyInjection;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Failure domains, for silos and front ends alike: each process must be told the same options.</summary>
public static class DomainServices
{
    public static IServiceCollection AddFailureDomains(this IServiceCollection services, Action<ContainmentOptions>? configure = null, ProcessRole role = ProcessRole.Silo)
    {
        services.AddDegradation();
        if (configure is not null)
            services.Configure(configure);
        services.Configure<ProcessOptions>(process => process.Role = role);
        if (services.Any(service => service.ServiceType == typeof(DomainReporter)))
            return services;
        services.AddOptions<ContainmentOptions>().Validate(static options => options.Wrong() is null, "ContainmentOptions: something cannot be meant.").ValidateOnStart();
        services.AddSingleton<CallTraces>();
        services.AddSingleton<DomainReporter>();
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<DomainReporter>());
        services.AddHostedService(provider => provider.GetRequiredService<DomainReporter>());
        return services;
    }
}
