namespace Sophia.Quality;

/// <summary>Decisions on many held items of one tenant, as orders that its work queue works off. The key is the tenant.</summary>
/// <remarks>What <see cref="Begin"/> answered goes on to its end, whoever goes away and whatever dies: each item that the filter took when the order came is decided on once (an edit of a step that was interrupted more than 30 days before: perhaps again, where the item is still held).</remarks>
[Alias("Sophia.IBulkDecisionsGrain")]
public interface IBulkDecisionsGrain : IGrainWithStringKey
{
    /// <summary>Takes an order; what is answered is on the disk, and in the audit. Items that are held back later are not its matter.</summary>
    /// <param name="decision">Without a dry run; <see cref="BulkDecision.Before"/> and <see cref="BulkDecision.Limit"/> say nothing here.</param>
    /// <exception cref="Operations.RefusedException">Invalid; Busy: too many orders go, or the queue is full.</exception>
    [Alias("Begin")]
    Task<BulkOrderView> Begin(BulkDecision decision, string by);

    /// <summary>Orders newest first: all that go, and the last ones that ended. Changes nothing; it stands behind the step that goes.</summary>
    [Alias("List"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<BulkOrderView>> List();

    [Alias("Get"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<BulkOrderView?> Get(long id);

    /// <summary>Ends an order; what it decided stays. Null: there is no such order.</summary>
    [Alias("Stop")]
    Task<BulkOrderView?> Stop(long id, string by);

    /// <summary>Decides on the next few items; whether there may be more. Asked by the queue's workers.</summary>
    /// <param name="once">What the order was named when its item was put in; of another one under this number nothing is done.</param>
    [Alias("Step")]
    Task<bool> Step(long id, string once);
}

/// <summary>Where an order is.</summary>
public enum BulkPhase
{
    /// <summary>For its first turn.</summary>
    Waiting = 1,
    Going = 2,
    Done = 3,
    Stopped = 4,

    /// <summary>Its item in the queue is dead or held back there: brought back, it goes on where it was.</summary>
    Stuck = 5,
}

/// <summary>A decision on many held items, and how far it is.</summary>
/// <param name="AtMost">Items that it may take, as counted when it came.</param>
/// <param name="StillHeld">Items that it could not decide on (a newer version is there, the record breaks a rule still).</param>
/// <param name="Item">Its item in the queue.</param>
/// <param name="Says">What it waits for, or why it is stuck; null: nothing stands in its way.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BulkOrderView")]
public sealed record BulkOrderView(
    [property: Id(0)] long Id,
    [property: Id(1)] BulkPhase Phase,
    [property: Id(2)] BulkKind Kind,
    [property: Id(3)] string? Pipeline,
    [property: Id(4)] string? Stream,
    [property: Id(5)] string? Rule,
    [property: Id(6)] string? Field,
    [property: Id(7)] string? Reason,
    [property: Id(8)] string By,
    [property: Id(9)] DateTimeOffset At,
    [property: Id(10)] DateTimeOffset? EndedAt,
    [property: Id(11)] long AtMost,
    [property: Id(12)] long Released,
    [property: Id(13)] long Discarded,
    [property: Id(14)] long StillHeld,
    [property: Id(15)] long Item,
    [property: Id(16)] string? Says);
