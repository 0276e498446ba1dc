using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The policies of this process, by owner and dependency, and who tells the truth of them.</summary>
internal sealed class Policies(IBreakers breakers, Bulkheads bulkheads, Replicas replicas, IOptionsMonitor<PoliciesOptions> options, Random random, TimeProvider time) : IPolicies, ITenantCopies
{
    private static readonly TenantId Installation = TenantId.Parse(TenantKey.System);

    // By tenant first: each reports its own every few seconds, and must not look through those of all others.
    private readonly ConcurrentDictionary<TenantId, ConcurrentDictionary<string, LocalPolicy>> all = new();
    private readonly ConcurrentDictionary<TenantId, PolicyTeller> tellers = new();

    public IPolicy For(TenantId tenant, string dependency) => all.TryGetValue(tenant, out var own) && own.TryGetValue(dependency, out var known) ? known
        : all.GetOrAdd(tenant, static _ => new(StringComparer.Ordinal)).GetOrAdd(dependency, _ => Made(tenant, dependency));

    public IPolicy OfInstallation(string dependency) => For(Installation, dependency);

    /// <summary>The tenant did something that its bulkheads bound: what they saw is to be told.</summary>
    public void Used(TenantId tenant) => Teller(tenant).Use();

    public bool HoldsRecords => false;

    public void Forget(TenantId tenant)
    {
        all.TryRemove(tenant, out _);
        tellers.TryRemove(tenant, out _);
    }

    private LocalPolicy Made(TenantId tenant, string dependency)
    {
        var name = TenantKey.Escape(dependency);
        var teller = Teller(tenant);
        return new LocalPolicy(name, options.CurrentValue.Of(name), PolicyNames.HasBreaker(name) ? breakers.For(tenant, dependency) : new AlwaysOpenDoor(name), random, time, teller.Use);
    }

    private PolicyTeller Teller(TenantId owner) => tellers.TryGetValue(owner, out var known) ? known
        : tellers.GetOrAdd(owner, of => new PolicyTeller(() => replicas.Get(PolicyKind.Singleton, TenantKey.Of(of)), () => Report(of)));

    private PolicyReport Report(TenantId owner) => new(
        [.. (all.TryGetValue(owner, out var own) ? own.Values : []).Select(policy => policy.Seen).OrderBy(seen => seen.Dependency, StringComparer.Ordinal)],
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
