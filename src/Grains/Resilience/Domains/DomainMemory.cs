namespace Sophia.Resilience;

/// <summary>What the watch saw last of everything. Never changed once made.</summary>
/// <param name="Tenants">All that there are, in their order.</param>
/// <param name="Owners">What was looked at, by tenant, in their order.</param>
internal sealed record DomainMemory(IReadOnlyList<string> Tenants, IReadOnlyList<SiloSight> Silos, OwnerSight? System, IReadOnlyDictionary<string, OwnerSight> Owners, IReadOnlyDictionary<string, DateTimeOffset> LookedAt)
{
    /// <summary>Tenants that were looked at since this began.</summary>
    public IReadOnlySet<string> Ever { get; private init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Those that something is wrong with.</summary>
    public IEnumerable<string> Troubled => Owners.Values.Where(owner => owner.Troubles is { Count: > 0 }).Select(owner => owner.Owner);

    /// <summary>How long what was seen of a tenant counts without another look. Longer than a round of looks takes.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(15);

    public static DomainMemory Nothing { get; } = new([], [], null, new SortedDictionary<string, OwnerSight>(StringComparer.Ordinal), new SortedDictionary<string, DateTimeOffset>(StringComparer.Ordinal));

    /// <summary>With what was seen now in place of what was seen before. What could not be asked stays as it was.</summary>
    public DomainMemory With(DomainSight sight, DateTimeOffset now)
    {
        var (owners, lookedAt) = (new SortedDictionary<string, OwnerSight>(StringComparer.Ordinal), new SortedDictionary<string, DateTimeOffset>(StringComparer.Ordinal));
        var tenants = (sight.Tenants ?? Tenants).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var there = tenants.ToHashSet(StringComparer.Ordinal);
        foreach (var (owner, seen) in Owners)
            if (there.Contains(owner) && now - LookedAt[owner] <= KeptFor)
                (owners[owner], lookedAt[owner]) = (seen, LookedAt[owner]);
        foreach (var seen in sight.Looked.Where(seen => there.Contains(seen.Owner)))
            (owners[seen.Owner], lookedAt[seen.Owner]) = (seen, now);
        return new DomainMemory(tenants, sight.Silos ?? Silos, sight.System ?? System, owners, lookedAt)
        {
            Ever = Ever.Concat(sight.Looked.Select(seen => seen.Owner)).Where(there.Contains).ToHashSet(StringComparer.Ordinal),
        };
    }
}
