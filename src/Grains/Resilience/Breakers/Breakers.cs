using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The breakers of this process, by key. One that nobody uses costs some hundred bytes and no exchange.</summary>
internal sealed class Breakers(Replicas replicas, IOptionsMonitor<BreakersOptions> options, TimeProvider time) : IBreakers, ITenantCopies
{
    private static readonly TenantId Installation = TenantId.Parse(TenantKey.System);

    private readonly ConcurrentDictionary<(TenantId Tenant, string Dependency), LocalBreaker> all = new();

    public IBreaker For(TenantId tenant, string dependency) => all.TryGetValue((tenant, dependency), out var known) ? known : all.GetOrAdd((tenant, dependency), Made);

    public IBreaker OfInstallation(string dependency) => For(Installation, dependency);

    public bool HoldsRecords => false;

    public void Forget(TenantId tenant)
    {
        foreach (var at in all.Keys)
            if (at.Tenant == tenant)
                all.TryRemove(at, out _);
    }

    private LocalBreaker Made((TenantId Tenant, string Dependency) at)
    {
        var name = TenantKey.Escape(at.Dependency);
        var key = TenantKey.Of(at.Tenant, name);
        return new LocalBreaker(name, options.CurrentValue.Of(name), () => replicas.Get(BreakerKind.Singleton, key), time);
    }
}
