namespace Sophia.Tenants;

/// <summary>Which tenants are suspended, as this process knows it. Asked before every request and call, so it answers from memory.</summary>
public interface ITenantGate
{
    /// <summary>Within this time after a suspension was told, or was lifted, it holds in every process; in the one that was told it is at once. A process that starts knows it as soon.</summary>
    public static readonly TimeSpan HoldsWithin = TimeSpan.FromSeconds(5);

    /// <summary>Why nothing of the tenant is read or written now, in one sentence; null: it is.</summary>
    string? Because(TenantId tenant);

    /// <summary>Whether the tenant is being deleted, or was: then not even the system or its own grains reach its stores.</summary>
    bool IsEnded(TenantId tenant);

    /// <summary>Asks anew.</summary>
    Task Refresh();
}

/// <summary>What a process remembers of tenants to be quick. Told in every process when a tenant ends, and, where it is made of records, when some of the tenant's were erased.</summary>
public interface ITenantCopies
{
    /// <summary>Whether words, vectors or answers made of records are in it, or may be.</summary>
    bool HoldsRecords => true;

    /// <summary>Lets go of all that is remembered of the tenant. It may go on being used: then it is remembered anew.</summary>
    void Forget(TenantId tenant);
}
