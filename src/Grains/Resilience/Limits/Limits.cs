using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Limits by the name of what they limit. Each process must be told the same. Checked at start.</summary>
public sealed class LimitsOptions
{
    /// <summary>By resource, a name of a-z, 0-9 and '-'. What is not named here is not limited.</summary>
    public Dictionary<string, QuotaPolicy> Resources { get; } = new(StringComparer.Ordinal);

    internal QuotaPolicy? Of(string resource) => Resources.GetValueOrDefault(resource);

    internal bool IsInRange => Resources.All(one => TenantId.IsName(one.Key) && one.Value.IsInRange);
}

/// <summary>The quotas of this process, by key. One that nobody asks costs some hundred bytes and no exchange.</summary>
internal sealed class Limits(Replicas replicas, IOptionsMonitor<LimitsOptions> options, TimeProvider time) : ILimits, ITenantCopies
{
    /// <summary>Quotas remembered before those that nobody asked for minutes are forgotten.</summary>
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<(TenantId Tenant, string Resource, string Part), LocalQuota> all = new();

    public ILimit? For(TenantId tenant, string resource, string? part = null)
    {
        var at = (tenant, resource, part ?? "");
        if (all.TryGetValue(at, out var known))
            return known;
        if (options.CurrentValue.Of(resource) is not { } policy)
            return null;
        if (all.Count >= MostRemembered)
            foreach (var (idle, _) in all.Where(one => one.Value.IsIdle))
                all.TryRemove(idle, out _);
        var key = part is null ? TenantKey.Of(tenant, resource) : TenantKey.Of(tenant, resource, TenantKey.Escape(part));
        return all.GetOrAdd(at, _ => new LocalQuota(policy, () => replicas.Get(QuotaKind.Singleton, key), time));
    }

    public bool HoldsRecords => false;

    public void Forget(TenantId tenant)
    {
        foreach (var at in all.Keys)
            if (at.Tenant == tenant)
                all.TryRemove(at, out _);
    }
}

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
        services.AddOptions<LimitsOptions>().Validate(static options => options.IsInRange, "LimitsOptions: a limit is out of its range.").ValidateOnStart();
        services.AddSingleton<Limits>();
        services.AddSingleton<ILimits>(provider => provider.GetRequiredService<Limits>());
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<Limits>());
        return services;
    }
}
