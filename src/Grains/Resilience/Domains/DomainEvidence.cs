using System.Globalization;
using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Which nodes something speaks against now, with why; and those about which nothing can be known. Pure.</summary>
internal static class DomainEvidence
{
    /// <summary>What health reports call the store of the log.</summary>
    public const string LogStore = "log";

    public static IReadOnlyDictionary<string, string> Of(DomainTopology topology, DomainMemory memory, IReadOnlyCollection<string> silentFronts)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var silo in memory.Silos)
            Add(DomainIds.Of(DomainKind.Silo, silo.Name), silo.Trouble);
        foreach (var front in silentFronts)
            Add(DomainIds.Of(DomainKind.FrontEnd, front), "it has said nothing for half a minute");
        var types = memory.Owners.Values.SelectMany(owner => owner.Pipelines).SelectMany(pipeline => pipeline.Sources).Select(source => source.Type).ToHashSet(StringComparer.Ordinal);
        foreach (var owner in memory.Owners.Values.Prepend(memory.System).OfType<OwnerSight>())
        {
            var tenant = owner.Owner == TenantKey.System ? null : owner.Owner;
            if (tenant is not null)
                Add(DomainIds.Tenant(tenant), owner.Trouble);
            foreach (var breaker in owner.Breakers)
                Add(DomainIds.Of(DomainKind.Dependency, tenant, breaker.Name), breaker.Trouble);
            foreach (var queue in owner.Queues)
                Add(DomainIds.Of(DomainKind.Queue, tenant, queue.Name), queue.Trouble);
            var guarded = owner.Breakers.Select(breaker => breaker.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var source in owner.Sources.Where(source => !guarded.Contains(source.Name))) // A breaker knows later, and forgets when it is closed again.
                Add(tenant is null ? types.Contains(source.Name) ? DomainIds.Of(DomainKind.Source, source.Name) : OfInstallation(topology, source.Name) : DomainIds.Of(DomainKind.Source, tenant, source.Name), source.Trouble);
            foreach (var signal in owner.Signals)
                Add(signal.Signal switch
                {
                    HealthSignal.QueueAge when tenant is not null => DomainIds.Of(DomainKind.Index, tenant, "records"),
                    HealthSignal.Disk when tenant is null => DomainIds.Of(DomainKind.Store, topology.Log),
                    _ => null, // How quick requests are is no part's own.
                }, signal.Because);
        }
        return found;

        void Add(string? node, string? because)
        {
            if (node is not null && because is not null)
                found.TryAdd(node, because);
        }
    }

    /// <summary>Which tenants keep workers from others, with how. Who is alone disturbs nobody.</summary>
    /// <remarks>A run is one long piece of work, and hours of it are what it is for: it speaks against its tenant only while runs of others wait for their turn.</remarks>
    public static IReadOnlyDictionary<string, string> Noisy(FairnessView work, FairnessView runs)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (work.Tenants.Count > 1)
            foreach (var share in work.Tenants.Where(share => share.IsNoisy))
                found[share.Tenant.Value] = string.Create(CultureInfo.InvariantCulture, $"it keeps workers from others: {share.InHand} items in hand, {share.Busy.TotalSeconds:0} s of their last minute");
        foreach (var share in runs.Tenants.Where(share => share.IsNoisy && runs.Tenants.Any(other => other.Tenant != share.Tenant && other.Ready > 0)))
            found.TryAdd(share.Tenant.Value, string.Create(CultureInfo.InvariantCulture, $"its runs keep others' from their turn: {share.InHand} of them go"));
        return found;
    }

    private static string OfInstallation(DomainTopology topology, string name) =>
        name == LogStore ? DomainIds.Of(DomainKind.Store, topology.Log)
        : name is DomainTopology.Redis or DomainTopology.Weaviate or DomainTopology.Postgres ? DomainIds.Of(DomainKind.Store, name)
        : DomainIds.Of(DomainKind.Dependency, name);
}

/// <summary>Since when nodes fail. Pure.</summary>
internal static class FailureRules
{
    /// <param name="evidence">What speaks against nodes now.</param>
    /// <param name="isBlind">Whether nothing can be known of a node now: what was known stays.</param>
    /// <param name="healFor">How long nothing must speak against a node before it fails no more.</param>
    /// <returns>In the order of the nodes; the same list where nothing changed.</returns>
    public static IReadOnlyList<DomainFailure> See(IReadOnlyList<DomainFailure> before, IReadOnlyDictionary<string, string> evidence, Func<string, bool> isBlind, TimeSpan healFor, DateTimeOffset now)
    {
        var after = new SortedDictionary<string, DomainFailure>(StringComparer.Ordinal);
        foreach (var failure in before)
            if (evidence.TryGetValue(failure.Node, out var because))
                after[failure.Node] = failure.HealingSince is null ? failure : failure with { HealingSince = null, Because = because };
            else if (isBlind(failure.Node))
                after[failure.Node] = failure.HealingSince is null ? failure : failure with { HealingSince = null };
            else if (now - (failure.HealingSince ?? now) < healFor)
                after[failure.Node] = failure.HealingSince is null ? failure with { HealingSince = now } : failure;
        foreach (var (node, because) in evidence)
            after.TryAdd(node, new DomainFailure(node, now, because, null));
        return after.Values.SequenceEqual(before, ReferenceEqualityComparer.Instance) ? before : [.. after.Values];
    }
}
