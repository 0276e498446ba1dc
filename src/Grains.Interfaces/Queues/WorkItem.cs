using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Where an item is. It is in exactly one of them; numbers are on disk and never change.</summary>
public enum WorkState
{
    /// <summary>It waits: for its time, for a worker, or for an earlier item of its order key.</summary>
    Pending = 1,

    /// <summary>A worker has it, until its lease ends.</summary>
    Leased = 2,

    Done = 3,

    /// <summary>Given up, with a cause.</summary>
    Dead = 4,

    /// <summary>Held back, because it may be what ends its workers, or by a person.</summary>
    Quarantined = 5,
}

/// <summary>Why an item is dead or quarantined; the whole set. Numbers are on disk and never change.</summary>
public enum WorkCause
{
    /// <summary>Every attempt failed.</summary>
    Failed = 1,

    /// <summary>The worker said that no further attempt can help.</summary>
    Rejected = 2,

    /// <summary>Nobody does work of this kind.</summary>
    NoHandler = 3,

    /// <summary>Its leases lapsed: the workers that had it went away, or hung.</summary>
    Lapsed = 4,

    /// <summary>It was not done before the time by which it had to be.</summary>
    Expired = 5,

    /// <summary>A person decided so.</summary>
    ByHand = 6,
}

/// <summary>What a pending item waits for. Numbers are on disk and never change.</summary>
public enum WorkGate
{
    Time = 0,
    Worker = 1,
    EarlierOfItsKey = 2,
}

/// <summary>Work to be done.</summary>
/// <param name="Queue">A name; <see cref="WorkLimits.OwnQueue"/> is served by Sophia's own workers.</param>
/// <param name="Kind">Says who can do it; 1 to 63 of a-z, 0-9 and '-'.</param>
/// <param name="Payload">Text, mostly JSON; at most <see cref="WorkLimits.MaxPayloadBytes"/> in UTF-8.</param>
[GenerateSerializer, Immutable, Alias("Sophia.NewWork")]
public sealed record NewWork([property: Id(0)] string Queue, [property: Id(1)] string Kind, [property: Id(2)] string Payload)
{
    /// <summary>As long as an item with this key of this queue is remembered, a second one is not taken but answered with the first one's id. At most 200 characters.</summary>
    [Id(3)]
    public string? DedupKey { get; init; }

    /// <summary>Items of one order key are done one after the other, in the order in which they were taken. At most 200 characters.</summary>
    [Id(4)]
    public string? OrderKey { get; init; }

    /// <summary>0 (can wait) to 9 (urgent), default 5. One step is worth 30 s of waiting.</summary>
    [Id(5)]
    public int Priority { get; init; } = 5;

    /// <summary>What it costs its tenant in fair scheduling, 1 to 100; default 1.</summary>
    [Id(6)]
    public int Cost { get; init; } = 1;

    /// <summary>Not before this moment; null: at once.</summary>
    [Id(7)]
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Begun no later than this; after it the item is dead as <see cref="WorkCause.Expired"/>. Null: whenever.</summary>
    [Id(8)]
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Attempts before it is dead, 1 to 100; default 3.</summary>
    [Id(9)]
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Where it comes from, for people; at most 200 characters.</summary>
    [Id(10)]
    public string? Origin { get; init; }
}

/// <summary>An item as it is remembered.</summary>
/// <param name="Payload">Null where it is done, or where whoever asks may not read it.</param>
/// <param name="PayloadBytes">Its length in UTF-8.</param>
/// <param name="Lapses">How many leases of it ended without a word.</param>
/// <param name="Replay">The number of the replay that brought it back last, or null.</param>
[GenerateSerializer, Immutable, Alias("Sophia.WorkItem")]
public sealed record WorkItem(
    [property: Id(0)] long Id,
    [property: Id(1)] string Queue,
    [property: Id(2)] string Kind,
    [property: Id(3)] WorkState State,
    [property: Id(4)] WorkGate Gate,
    [property: Id(5)] int Priority,
    [property: Id(6)] int Cost,
    [property: Id(7)] DateTimeOffset EnqueuedAt,
    [property: Id(8)] DateTimeOffset DueAt,
    [property: Id(9)] DateTimeOffset ChangedAt,
    [property: Id(10)] DateTimeOffset? Deadline,
    [property: Id(11)] int Attempts,
    [property: Id(12)] int MaxAttempts,
    [property: Id(13)] int Lapses,
    [property: Id(14)] string? DedupKey,
    [property: Id(15)] string? OrderKey,
    [property: Id(16)] string? Worker,
    [property: Id(17)] DateTimeOffset? LeasedUntil,
    [property: Id(18)] string? Origin,
    [property: Id(19)] WorkCause? Cause,
    [property: Id(20)] string? Error,
    [property: Id(21)] string? Payload,
    [property: Id(22)] int PayloadBytes,
    [property: Id(23)] long? Replay);

/// <summary>Limits that hold for every item, everywhere.</summary>
public static class WorkLimits
{
    /// <summary>The queue that Sophia's own workers serve.</summary>
    public const string OwnQueue = "sophia";

    /// <summary>The queue of runs that wait for their turn. Apart from <see cref="OwnQueue"/>, because a run has its place for as long as it goes, and short work would wait for hours behind it.</summary>
    public const string RunsQueue = "sophia-runs";

    /// <summary>The keys of the grains that choose whose item of these queues is done next.</summary>
    public const string OwnDispatcher = TenantKey.System, RunsDispatcher = $"{TenantKey.System}/runs";

    /// <summary>Whether Sophia's own workers serve a queue.</summary>
    public static bool IsOwn(string queue) => queue is OwnQueue or RunsQueue;

    /// <summary>64 KiB: what is larger lies in the log or in a file, and the item names it.</summary>
    public const int MaxPayloadBytes = 64 * 1024;

    /// <summary>Items taken, leased, ended or decided about in one call.</summary>
    public const int MaxAtOnce = 1_000;

    /// <summary>Characters of dedup key, order key, origin and worker.</summary>
    public const int MaxKey = 200;

    /// <summary>Characters kept of an error.</summary>
    public const int MaxError = 2_000;

    public const int MaxPriority = 9;
    public const int MaxCost = 100;
    public const int MaxAttempts = 100;
    public const int MaxWeight = 100;
}
