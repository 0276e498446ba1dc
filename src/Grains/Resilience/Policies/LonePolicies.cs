using System.Collections.Concurrent;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Policies by themselves: for a program that has no grains about it, such as a bench. Without breakers every call is let through.</summary>
public sealed class LonePolicies(PoliciesOptions options, Random random, TimeProvider time, IBreakers? breakers = null) : IPolicies
{
    private readonly ConcurrentDictionary<(TenantId? Tenant, string Dependency), LocalPolicy> all = new();

    public IPolicy For(TenantId tenant, string dependency) => all.GetOrAdd((tenant, dependency), at => Made(at.Dependency, breakers?.For(tenant, at.Dependency)));

    public IPolicy OfInstallation(string dependency) => all.GetOrAdd((null, dependency), at => Made(at.Dependency, breakers?.OfInstallation(at.Dependency)));

    private LocalPolicy Made(string dependency, IBreaker? breaker) => new(dependency, options.Of(dependency), breaker ?? new AlwaysOpenDoor(dependency), random, time);
}

/// <summary>Stands where no breaker does.</summary>
internal sealed class AlwaysOpenDoor(string dependency) : IBreaker
{
    public string Dependency => dependency;

    public BreakerEntry TryEnter() => new(default(BreakerPermit));

    public ValueTask<BreakerEntry> Enter(CancellationToken cancellation) => new(TryEnter());
}
