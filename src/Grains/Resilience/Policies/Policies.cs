using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The policies of this process, by owner and dependency, and who tells the truth of them.</summary>
internal sealed class Policies(IBreakers breakers, Bulkheads bulkheads, Replicas replicas, IOptionsMonitor<PoliciesOptions> options, Random random, TimeProvider time) : IPolicies, ITenantCopies
{
    private static readonly TenantId Installation = TenantId.Parse(TenantKey.System);

    private readonly ConcurrentDictionary<(TenantId Tenant, string Dependency), LocalPolicy> all = new();
    private readonly ConcurrentDictionary<TenantId, PolicyTeller> tellers = new();

    public IPolicy For(TenantId tenant, string dependency) => all.TryGetValue((tenant, dependency), out var known) ? known : all.GetOrAdd((tenant, dependency), Made);

    public IPolicy OfInstallation(string dependency) => For(Installation, dependency);

    /// <summary>The tenant did something that its bulkheads bound: what they saw is to be told.</summary>
    public void Used(TenantId tenant) => Teller(tenant).Use();

    public bool HoldsRecords => false;

    public void Forget(TenantId tenant)
    {
        foreach (var at in all.Keys)
            if (at.Tenant == tenant)
                all.TryRemove(at, out _);
        tellers.TryRemove(tenant, out _);
    }

    private LocalPolicy Made((TenantId Tenant, string Dependency) at)
    {
        var name = TenantKey.Escape(at.Dependency);
        var teller = Teller(at.Tenant);
        return new LocalPolicy(name, options.CurrentValue.Of(name), breakers.For(at.Tenant, at.Dependency), random, time, teller.Use);
    }

    private PolicyTeller Teller(TenantId owner) => tellers.TryGetValue(owner, out var known) ? known
        : tellers.GetOrAdd(owner, of => new PolicyTeller(() => replicas.Get(PolicyKind.Singleton, TenantKey.Of(of)), () => Report(of)));

    private PolicyReport Report(TenantId owner) => new(
        [.. all.Where(one => one.Key.Tenant == owner).Select(one => one.Value.Seen).OrderBy(seen => seen.Dependency, StringComparer.Ordinal)],
        [.. bulkheads.Seen(owner).Select(one => new BulkheadSeen(BulkheadMeter.Word(one.Kind), one.Counts.Inside, one.Counts.InLine, one.Counts.Entered, one.Counts.Waited, one.Counts.Full, one.Counts.Late))],
        bulkheads.BytesOf(owner));
}

/// <summary>Tells the truth of one owner what this process sees, as long as anything is used.</summary>
internal sealed class PolicyTeller(Func<Replica<PolicyCopy>> find, Func<PolicyReport> report) : IReplicaUser<PolicyCopy>
{
    private readonly Lock gate = new();
    private volatile Replica<PolicyCopy>? replica;

    public void Use()
    {
        if (replica is { IsLetGo: false } known)
        {
            known.Use();
            return;
        }
        lock (gate)
        {
            if (replica is { IsLetGo: false })
                return;
            replica = find();
        }
        replica.Attach(this);
    }

    public byte[]? Report() => PolicyKind.Write(report());

    public void Received(PolicyCopy copy, TimeSpan age)
    {
    }
}
