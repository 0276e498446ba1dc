using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What is offered now, and what was seen, by tenant: this process's copies of the truths. A tenant that nobody asks about costs some hundred bytes and no exchange.</summary>
/// <remarks>Before the first answer of a truth everything is offered: that is a call's time after the start. Later, while a truth cannot be reached, what it said last counts on; nothing is
/// opened because nobody answers.</remarks>
internal sealed class Features(Replicas replicas, IOptions<DegradationOptions> options, IEnumerable<IHealthSource> sources, TimeProvider time) : IFeatures, IHealth, ITenantCopies
{
    /// <summary>What the installation is told of why a tenant's source fails: its words are the tenant's.</summary>
    private const string FailsSomewhere = "it fails";

    private readonly ConcurrentDictionary<TenantId, OfTenant> tenants = new();
    private readonly LocalDegradation system = new(replicas, TenantKey.System, new LocalHealth(options.Value, [.. sources], time));

    public OfferedNow Of(TenantId tenant) => Tenant(tenant).Now(system);

    public void Answered(TimeSpan took, bool failed)
    {
        system.Use();
        system.Health.Answered(took, failed);
    }

    public void Worked(TenantId? tenant, string dependency) => Local(tenant).Health.Worked(dependency);

    public void Failed(TenantId? tenant, string dependency, string because, int times = 1)
    {
        var local = Local(tenant);
        if (local.Health.Failed(dependency, because, times))
            local.Hurry();
    }

    public void SourceWorked(TenantId tenant, string pipeline, string type)
    {
        var read = new SourceRead(type, tenant.Value, pipeline);
        Local(tenant).Health.Worked(read);
        Local(null).Health.Worked(read);
    }

    public void SourceFailed(TenantId tenant, string pipeline, string type, string because, int times = 1)
    {
        var (read, local) = (new SourceRead(type, tenant.Value, pipeline), Local(tenant));
        if (local.Health.Failed(read, because, times))
            local.Hurry();
        Local(null).Health.Failed(read, FailsSomewhere, times);
    }

    public void Measured(TenantId tenant, HealthSignal signal, double value, string source = "") => Local(tenant).Health.Measured(signal, value, source);

    public bool HoldsRecords => false;

    public void Forget(TenantId tenant)
    {
        tenants.TryRemove(tenant, out _);
        system.Health.ForgetSources(tenant.Value);
    }

    private LocalDegradation Local(TenantId? tenant)
    {
        var local = tenant is { } of ? Tenant(of).Own : system;
        local.Use();
        return local;
    }

    private OfTenant Tenant(TenantId tenant) => tenants.TryGetValue(tenant, out var known) ? known
        : tenants.GetOrAdd(tenant, made => new OfTenant(new LocalDegradation(replicas, TenantKey.Of(made), new LocalHealth(options.Value, [], time))));

    /// <summary>One tenant's own, and what both say together, made anew only when one of them changes.</summary>
    private sealed class OfTenant(LocalDegradation own)
    {
        private Sum sum = new(null, null, OfferedNow.Everything);

        public LocalDegradation Own => own;

        public OfferedNow Now(LocalDegradation system)
        {
            var (all, its, known) = (system.Read(), own.Read(), Volatile.Read(ref sum));
            if (ReferenceEquals(known.All, all) && ReferenceEquals(known.Its, its))
                return known.Now;
            var made = new Sum(all, its, Together(all, its));
            Volatile.Write(ref sum, made);
            return made.Now;
        }
    }

    private static OfferedNow Together(DegradationCopy? all, DegradationCopy? its)
    {
        var bad = ((DegradationCopy?[])[all, its]).OfType<DegradationCopy>().Where(copy => copy.Level > DegradationLevel.Full || copy.Effects.Off.Count > 0).ToArray();
        return bad.Length == 0 ? OfferedNow.Everything : new OfferedNow(bad.Max(copy => copy.Level), string.Join("; ", bad.Select(copy => copy.Because).OfType<string>().Distinct()), bad.Min(copy => copy.Since),
            bad.Aggregate(DegradationEffects.None, static (sum, copy) => sum.With(copy.Effects)));
    }

    private sealed record Sum(DegradationCopy? All, DegradationCopy? Its, OfferedNow Now);
}

/// <summary>One truth in this process.</summary>
internal sealed class LocalDegradation(Replicas replicas, string key, LocalHealth health) : IReplicaUser<DegradationCopy>
{
    private readonly Lock gate = new();
    private volatile Replica<DegradationCopy>? replica;
    private volatile DegradationCopy? copy;

    public LocalHealth Health => health;

    /// <summary>What is in force as far as this process knows; null: it has not heard yet.</summary>
    public DegradationCopy? Read()
    {
        Use();
        return copy;
    }

    public void Use()
    {
        if (replica is { IsLetGo: false } known)
            known.Use();
        else
            Attach();
    }

    public void Hurry() => replica?.Hurry();

    public byte[] Report() => DegradationKind.Write(health.Report());

    public void Received(DegradationCopy newer, TimeSpan age) => copy = newer;

    private void Attach()
    {
        lock (gate)
        {
            if (replica is { IsLetGo: false })
                return;
            replica = replicas.Get(DegradationKind.Singleton, key);
            replica.Attach(this);
        }
    }
}
