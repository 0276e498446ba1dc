using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What a bulkhead bounds for each tenant, in each process.</summary>
public enum BulkheadKind
{
    /// <summary>Searches under way, of people and programs alike.</summary>
    Search = 1,

    /// <summary>Answers being made.</summary>
    Ask = 2,

    /// <summary>Deliveries, files and batches being taken in.</summary>
    Ingest = 3,

    /// <summary>Exports being written.</summary>
    Export = 4,

    /// <summary>Batches of runs being judged.</summary>
    Batches = 5,

    /// <summary>Pieces of work that keep a core busy, of whatever call: searches, answers being put together, records being cut and embedded. None of them asks for another one's place.</summary>
    Work = 6,
}

/// <summary>Keeps what one tenant does at a time, and holds in memory, within bounds of its own, so that its flood stays its own. Of this process; asking never leaves it.</summary>
public interface IBulkheads
{
    /// <summary>A place; waits for one in turn where all are taken.</summary>
    /// <exception cref="RefusedException">Busy: the waiting room is full, or the wait took too long. DeadlinePassed: the caller's time ended meanwhile.</exception>
    ValueTask<BulkheadPlace> Enter(TenantId tenant, BulkheadKind kind, CancellationToken cancellation);

    /// <summary>Whether a caller that came now would be refused; null: no. For who would begin something costly only to be refused within it.</summary>
    RefusedException? WhyFull(TenantId tenant, BulkheadKind kind);

    /// <summary>Holds so many bytes for the tenant until they are given back, or says no.</summary>
    bool TryHold(TenantId tenant, long bytes);

    void GiveBack(TenantId tenant, long bytes);

    /// <summary>Why <see cref="TryHold"/> said no.</summary>
    RefusedException WhyNotHeld(TenantId tenant);
}

/// <summary>A place that is taken; disposed once, it is free for the next in turn.</summary>
public readonly struct BulkheadPlace(IDisposable? place) : IDisposable
{
    public void Dispose() => place?.Dispose();
}
