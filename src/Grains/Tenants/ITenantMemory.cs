namespace Sophia.Tenants;

/// <summary>One place where something of tenants lies. Whoever adds a store adds one, or what it holds outlives its tenant.</summary>
public interface ITenantMemory
{
    /// <summary>What tombstones call it; unique.</summary>
    string Name { get; }

    /// <summary>Whether what lies here wakes grains: it is emptied before they are ended.</summary>
    bool Wakes => false;

    /// <summary>Whether what lies here only repeats what the stores hold, and may be lost at any time: an erasure of some of the tenant's records empties it too.</summary>
    bool IsCopy => false;

    /// <summary>Rows, files or keys of the tenant.</summary>
    Task<long> Count(TenantId tenant, CancellationToken cancellation);

    /// <summary>Removes all of it, for good. Called when the tenant's doors are closed, of a copy also while it is in use; called again where it was interrupted.</summary>
    Task Erase(TenantId tenant, CancellationToken cancellation);
}
