using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>The work of every tenant, as it is remembered. Every engine passes one suite.</summary>
/// <remarks>
/// Each method is one transaction of one tenant; when its task completes the disk has what it changed. The counts of a queue move with its items, in the same
/// transaction. A failing disk is a <see cref="Log.StorageException"/>, after which the outcome is unknown; whatever is repeated then is harmless, but for
/// an enqueue without a dedup key.
/// </remarks>
public interface IQueueStore
{
    /// <summary>Takes items, each by itself: one answer per item in their order, whose RetryAt is null.</summary>
    Task<IReadOnlyList<EnqueueAnswer>> Enqueue(TenantId tenant, IReadOnlyList<NewWork> items, QueueBounds bounds, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>Hands out ready items in the order of their rank, as far as order and cap allow. A held queue gives none. Items beyond their deadline are dead instead.</summary>
    Task<LeasedRows> Lease(TenantId tenant, LeaseOrder order, CancellationToken cancellation);

    /// <summary>Moves the ends of leases of a queue; false for each that is not held any more, or is another queue's.</summary>
    Task<IReadOnlyList<bool>> Extend(TenantId tenant, string queue, IReadOnlyList<LeaseToken> leases, DateTimeOffset until, CancellationToken cancellation);

    /// <summary>Ends leases, each by itself: what becomes of an item is decided from what is remembered of it. One answer per order in their order.</summary>
    Task<IReadOnlyList<EndedRow>> End(TenantId tenant, IReadOnlyList<EndOrder> ends, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>Leases that have ended without a word, oldest first.</summary>
    Task<IReadOnlyList<LeaseToken>> Lapsed(TenantId tenant, DateTimeOffset now, int limit, CancellationToken cancellation);

    /// <summary>Opens the gate of items whose time has come, and forgets done ones that ended before a moment; at most <paramref name="limit"/> each. Whether there may be more.</summary>
    Task<bool> Ripen(TenantId tenant, DateTimeOffset now, DateTimeOffset forgetBefore, int limit, CancellationToken cancellation);

    /// <summary>What a queue has ready, and when the tenant's next event is.</summary>
    Task<QueueOutlook> Look(TenantId tenant, string queue, CancellationToken cancellation);

    /// <summary>Every queue in the order of names; the first, without a name, stands for the tenant.</summary>
    Task<IReadOnlyList<QueueView>> Queues(TenantId tenant, CancellationToken cancellation);

    /// <summary>Holds a queue ("" for all of them), or lets it go (null).</summary>
    Task Hold(TenantId tenant, string queue, Holding? holding, CancellationToken cancellation);

    Task Weigh(TenantId tenant, int weight, CancellationToken cancellation);

    /// <summary>Items newest first.</summary>
    Task<WorkPage> List(TenantId tenant, WorkQuery query, bool withPayload, CancellationToken cancellation);

    Task<WorkItem?> Find(TenantId tenant, long id, CancellationToken cancellation);

    /// <summary>Changes items that no worker has, each by itself. One outcome per id.</summary>
    Task<IReadOnlyList<WorkChange>> Change(TenantId tenant, IReadOnlyList<long> ids, WorkDecision decision, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>How many dead and quarantined items a filter takes up to an id, and the ids of the oldest of them above another.</summary>
    Task<Matching> Match(TenantId tenant, WorkQuery filter, long after, long upTo, int limit, CancellationToken cancellation);

    /// <summary>What has become of the items of a replay.</summary>
    Task<ReplayTally> Tally(TenantId tenant, long replay, CancellationToken cancellation);
}

/// <summary>How many items that are not done there may be.</summary>
/// <param name="Queue">In one queue.</param>
/// <param name="Tenant">In all queues of the tenant's programs together; Sophia's own (<see cref="WorkLimits.IsOwn"/>) are not counted, so that a flood of a program keeps no run from its turn.</param>
public readonly record struct QueueBounds(int Queue, int Tenant);

/// <param name="Cap">How many items of the queue may be leased at a time.</param>
public sealed record LeaseOrder(string Queue, int Items, int Cost, int Cap, string Worker, DateTimeOffset Until, DateTimeOffset Now);

/// <param name="Left">Ready ones that were left, as far as was counted (<see cref="QueueOutlook.Counted"/>); 0 where the cap or a hold stops them.</param>
/// <param name="Capped">Whether the cap stopped it.</param>
public sealed record LeasedRows(IReadOnlyList<Work> Items, int Left, int NextCost, int Weight, bool Capped);

/// <summary>What is remembered of an item that ends a lease.</summary>
public readonly record struct HeldWork(int Attempts, int MaxAttempts, int Lapses, bool IsReplayed);

/// <param name="Decide">May be asked more than once, and must have no effect.</param>
/// <param name="Queue">The queue that the lease has to be of; null: any.</param>
public readonly record struct EndOrder(LeaseToken Token, Func<HeldWork, ItemEnd> Decide, string? Queue = null);

/// <param name="Freed">Whether another item of its order key became ready.</param>
public readonly record struct EndedRow(FinishAnswer Answer, string Queue, bool Freed);

/// <summary>What becomes of an item whose lease ends.</summary>
public abstract record ItemEnd
{
    private ItemEnd() { }

    public sealed record Done : ItemEnd;

    /// <param name="Counts">Whether the attempt counts.</param>
    /// <param name="Lapsed">Whether the lease ended without a word.</param>
    /// <param name="Anew">Whether it waits as if it had come in at <paramref name="DueAt"/>: its rank is of that moment, nothing that failed or lapsed before counts, and it has no deadline.</param>
    public sealed record Again(DateTimeOffset DueAt, string? Error, bool Counts = true, bool Lapsed = false, bool Anew = false) : ItemEnd;

    /// <param name="State">Dead or quarantined.</param>
    public sealed record GivenUp(WorkState State, WorkCause Cause, string? Error) : ItemEnd;
}

/// <param name="Ready">Items that a lease could hand out now, as far as was counted; 0 where it is held.</param>
/// <param name="Weight">The tenant's.</param>
/// <param name="NextDue">When the next item's time comes, in any queue.</param>
/// <param name="NextLapse">When the next lease ends, in any queue.</param>
/// <param name="OldestDone">When the oldest item ended that is remembered as done.</param>
public sealed record QueueOutlook(int Ready, int NextCost, int Weight, DateTimeOffset? NextDue, DateTimeOffset? NextLapse, DateTimeOffset? OldestDone)
{
    /// <summary>Ready items are counted up to so many.</summary>
    public const int Counted = 256;

    public static readonly QueueOutlook Empty = new(0, 0, 1, null, null, null);
}

public sealed record Holding(string Because, string By, DateTimeOffset At);

/// <summary>What somebody decided about items that no worker has.</summary>
public abstract record WorkDecision
{
    private WorkDecision() { }

    /// <summary>Dead or quarantined: counts as done from now on.</summary>
    public sealed record Purge : WorkDecision;

    /// <summary>Pending or dead: held back.</summary>
    public sealed record Quarantine(string Because) : WorkDecision;

    /// <summary>Dead or quarantined: ready again, with so many attempts before it (null: all).</summary>
    public sealed record Revive(int? Attempts = null, long? Replay = null) : WorkDecision;

    /// <summary>Dead or quarantined: another payload.</summary>
    public sealed record Edit(string Payload) : WorkDecision;
}

/// <param name="Count">All that the filter takes between the two ids.</param>
public sealed record Matching(long Count, IReadOnlyList<long> Ids);

/// <param name="Open">Pending or leased.</param>
/// <param name="Failed">Dead or quarantined.</param>
public readonly record struct ReplayTally(long Open, long Done, long Failed);
