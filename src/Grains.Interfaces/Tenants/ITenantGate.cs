namespace Sophia.Tenants;

/// <summary>Which tenants are suspended, as this process knows it. Asked before every request and call, so it answers from memory.</summary>
public interface ITenantGate
{
    /// <summary>Within this time after a suspension was told, or was lifted, it holds in every process that reaches the list of tenants; in the one that was told it is at once, and in the others as a rule. A process that starts lets nobody in before it knows.</summary>
    public static readonly TimeSpan HoldsWithin = TimeSpan.FromSeconds(5);

    /// <summary>How long what a process knows lets tenants in while nobody confirms it: 5 minutes. Afterwards nobody is let in there until it is known again; who is suspended stays so.</summary>
    public static readonly TimeSpan CountsFor = TimeSpan.FromMinutes(5);

    /// <summary>Why nothing of the tenant is read or written now, in one sentence; null: it is, as far as is known. For work that is under way: doors ask <see cref="MustBeOpen"/>.</summary>
    string? Because(TenantId tenant);

    /// <summary>Whether the tenant is let in now: it is known, and confirmed within <see cref="CountsFor"/>, that it is neither suspended nor deleted. For work that can wait until that is known.</summary>
    bool IsOpen(TenantId tenant);

    /// <summary>For each door to a tenant's things. Answers from memory; where nothing is known yet, or not for <see cref="CountsFor"/>, the list is asked for first, for 2 s at most.</summary>
    /// <exception cref="Operations.RefusedException">Forbidden: it is suspended or deleted, and why. Unavailable: whether it is cannot be found out.</exception>
    ValueTask MustBeOpen(TenantId tenant);

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
