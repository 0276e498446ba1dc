using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The cache of a process. Whoever has a shared level adds an <see cref="ISharedCache"/>.</summary>
public static class CacheServices
{
    public static IServiceCollection AddKnowledgeCache(this IServiceCollection services, CacheOptions? options = null)
    {
        services.AddMetrics();
        services.AddOptions<CacheOptions>().Validate(static cache => cache.IsInRange, "CacheOptions: a limit is out of its range.").ValidateOnStart();
        if (options is not null)
            services.AddSingleton(Microsoft.Extensions.Options.Options.Create(options));
        services.TryAddSingleton<CacheMeter>();
        services.TryAddSingleton<KnowledgeCache>();
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<KnowledgeCache>());
        return services;
    }
}
