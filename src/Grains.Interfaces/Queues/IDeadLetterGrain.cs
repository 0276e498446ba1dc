namespace Sophia.Queues;

/// <summary>What could not be done in one tenant, and what to do about it. The key is the tenant. Every decision is an audit entry.</summary>
[Alias("Sophia.IDeadLetterGrain")]
public interface IDeadLetterGrain : IGrainWithStringKey
{
    /// <summary>Items newest first, matching the query; without payloads.</summary>
    [Alias("List"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<WorkPage> List(WorkQuery query);

    /// <summary>As <see cref="List"/>, with payloads. Where it begins (no <see cref="WorkQuery.Before"/>), the audit says so.</summary>
    [Alias("Export"), Repeatable]
    Task<WorkPage> Export(WorkQuery query, string by);

    /// <param name="withPayload">Whether whoever asks may read it.</param>
    [Alias("Get"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<WorkItem?> Get(long id, bool withPayload);

    /// <summary>Replaces the payload of a dead or quarantined item; it stays where it is.</summary>
    [Alias("Edit")]
    Task<WorkItem> Edit(long id, string payload, string because, string by);

    /// <summary>Gives dead or quarantined items up for good; they count as done. One outcome per id.</summary>
    [Alias("Purge")]
    Task<IReadOnlyList<WorkChange>> Purge(IReadOnlyList<long> ids, string because, string by);

    /// <summary>Holds back pending or dead items. One outcome per id.</summary>
    [Alias("Quarantine")]
    Task<IReadOnlyList<WorkChange>> Quarantine(IReadOnlyList<long> ids, string because, string by);

    /// <summary>Brings dead or quarantined items back at once, with all their attempts before them. One outcome per id.</summary>
    [Alias("Revive")]
    Task<IReadOnlyList<WorkChange>> Revive(IReadOnlyList<long> ids, string because, string by);

    /// <summary>Brings back all that a filter takes, step by step: a canary first, then more and more while it goes well. A dry run only says what it takes.</summary>
    /// <exception cref="Operations.RefusedException">Conflict: a replay goes already.</exception>
    [Alias("Replay")]
    Task<DeadReplayView> Replay(DeadReplayOrder order, string by);

    /// <summary>The replay that goes, or the last one; null: there was none.</summary>
    [Alias("Replaying"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<DeadReplayView?> Replaying();

    /// <summary>Stops the replay that goes; what it brought back stays back.</summary>
    [Alias("StopReplay")]
    Task<DeadReplayView?> StopReplay(string because, string by);

    /// <summary>What people and rules did to queues and dead letters, newest first, at most <paramref name="limit"/> (1 to 500).</summary>
    [Alias("Deeds"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<QueueDeed>> Deeds(int limit);
}

/// <param name="What">The verb.</param>
/// <param name="Of">A queue, "*" for all, numbers of items, or a replay's filter.</param>
[GenerateSerializer, Immutable, Alias("Sophia.QueueDeed")]
public sealed record QueueDeed([property: Id(0)] DateTimeOffset At, [property: Id(1)] string What, [property: Id(2)] string Of, [property: Id(3)] string By, [property: Id(4)] string? Because);

/// <summary>Which items. Before is the id to go on below; limit is 1 to 500.</summary>
/// <param name="State">Null: dead and quarantined ones.</param>
/// <param name="Error">A text that stands in the error, upper and lower case alike.</param>
[GenerateSerializer, Immutable, Alias("Sophia.WorkQuery")]
public sealed record WorkQuery(
    [property: Id(0)] string? Queue = null,
    [property: Id(1)] string? Kind = null,
    [property: Id(2)] WorkState? State = null,
    [property: Id(3)] WorkCause? Cause = null,
    [property: Id(4)] string? Error = null,
    [property: Id(5)] long? Before = null,
    [property: Id(6)] int Limit = 50);

/// <param name="Next">The Before to go on with; null: that was all.</param>
[GenerateSerializer, Immutable, Alias("Sophia.WorkPage")]
public sealed record WorkPage([property: Id(0)] IReadOnlyList<WorkItem> Items, [property: Id(1)] long? Next);

/// <param name="State">Where the item is now; null: there is none of this id.</param>
/// <param name="Changed">Whether this decision changed it.</param>
[GenerateSerializer, Immutable, Alias("Sophia.WorkChange")]
public readonly record struct WorkChange([property: Id(0)] long Id, [property: Id(1)] WorkState? State, [property: Id(2)] bool Changed);

/// <summary>What to replay, and how carefully.</summary>
/// <param name="DryRun">Only say what it would take.</param>
/// <param name="Canary">Items of the first step, 1 to 100; each further one takes twice as many, up to <paramref name="MostAtOnce"/> (1 to 1,000).</param>
/// <param name="StopShare">It stops where more than this share of what was replayed failed; 0 to 1.</param>
/// <param name="Because">Why it is done; of a dry run nothing.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DeadReplayOrder")]
public sealed record DeadReplayOrder(
    [property: Id(0)] string? Queue = null,
    [property: Id(1)] string? Kind = null,
    [property: Id(2)] WorkCause? Cause = null,
    [property: Id(3)] string? Error = null,
    [property: Id(4)] bool DryRun = false,
    [property: Id(5)] int Canary = 1,
    [property: Id(6)] int MostAtOnce = 500,
    [property: Id(7)] double StopShare = 0.2,
    [property: Id(8)] string? Because = null);

public enum DeadReplayPhase
{
    DryRun = 1,
    Canary = 2,
    Ramp = 3,

    /// <summary>Everything that the filter took was replayed.</summary>
    Done = 4,

    /// <summary>Too much of it failed.</summary>
    StoppedItself = 5,
    StoppedByHand = 6,
}

/// <param name="Taken">How many items the filter took when it began.</param>
/// <param name="Replayed">Brought back so far.</param>
/// <param name="Succeeded">Of these, done.</param>
/// <param name="Failed">Of these, dead or quarantined again.</param>
/// <param name="Why">Why it stopped, in a sentence; null where it did not.</param>
/// <param name="Sample">Items that a dry run found, at most 20; without payloads.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DeadReplayView")]
public sealed record DeadReplayView(
    [property: Id(0)] long Number,
    [property: Id(1)] DeadReplayPhase Phase,
    [property: Id(2)] DeadReplayOrder Order,
    [property: Id(3)] string By,
    [property: Id(4)] DateTimeOffset StartedAt,
    [property: Id(5)] DateTimeOffset? EndedAt,
    [property: Id(6)] long Taken,
    [property: Id(7)] long Replayed,
    [property: Id(8)] long Succeeded,
    [property: Id(9)] long Failed,
    [property: Id(10)] string? Why,
    [property: Id(11)] IReadOnlyList<WorkItem> Sample);
