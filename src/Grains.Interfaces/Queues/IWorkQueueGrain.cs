using System.Globalization;
using Sophia.Operations;

namespace Sophia.Queues;

/// <summary>The work of one tenant: takes it in, hands it out under leases, hears how it ended. The key is the tenant.</summary>
/// <remarks>What is answered is on the disk. An item is handed out at least once, and its end is taken once.</remarks>
[Alias("Sophia.IWorkQueueGrain")]
public interface IWorkQueueGrain : IGrainWithStringKey
{
    /// <summary>Takes items, each by itself; one answer per item in their order. An item with a dedup key may be sent again after an unknown outcome.</summary>
    /// <exception cref="RefusedException">Invalid, TooLarge: an item breaks a limit, and nothing is taken.</exception>
    [Alias("Enqueue")]
    Task<IReadOnlyList<EnqueueAnswer>> Enqueue(IReadOnlyList<NewWork> items, CancellationToken cancellation);

    /// <summary>Hands out ready items of a queue, those that waited longest for their priority first.</summary>
    [Alias("Lease")]
    Task<LeasedWork> Lease(LeaseRequest request, CancellationToken cancellation);

    /// <summary>Renews leases of a queue from now on; false for each that is not held any more, or is another queue's: its work should stop.</summary>
    [Alias("Extend"), Repeatable]
    Task<IReadOnlyList<bool>> Extend(string queue, IReadOnlyList<LeaseToken> leases, CancellationToken cancellation);

    /// <summary>Says how leased items of a queue ended; one answer per result in their order. The end of an older lease, or of another queue's, is refused as late.</summary>
    [Alias("Finish"), Repeatable]
    Task<IReadOnlyList<FinishAnswer>> Finish(string queue, IReadOnlyList<WorkResult> results, CancellationToken cancellation);

    /// <summary>Every queue with its counts, what it waits for and whether it is held.</summary>
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<QueueView>> View();

    /// <summary>Holds a queue, or all of them (null): it takes items in and gives none out. The decision is in the audit.</summary>
    [Alias("Hold")]
    Task Hold(string? queue, string because, string by);

    /// <summary>Lets a held queue (null: what holds them all) go on. The decision is in the audit.</summary>
    [Alias("LetGo")]
    Task LetGo(string? queue, string because, string by);

    /// <summary>The tenant's share among tenants, 1 to 100. Only whoever looks after the installation may say it. The decision is in the audit.</summary>
    [Alias("Weigh")]
    Task Weigh(int weight, string because, string by);

    /// <summary>Looks after leases, delays and its place among the tenants at once; it does so by itself too.</summary>
    [OneWay, Alias("Wake")]
    Task Wake();
}

/// <summary>How an item was taken.</summary>
public enum EnqueueState
{
    Accepted = 1,

    /// <summary>Its dedup key is known: the id is the first one's.</summary>
    Known = 2,

    /// <summary>The queue is full, or the tenant's queues together are: not taken; RetryAt says when to come again, and Full what stands there.</summary>
    Full = 3,
}

/// <param name="Id">0 where it was not taken.</param>
/// <param name="Full">Null where there was room.</param>
[GenerateSerializer, Immutable, Alias("Sophia.EnqueueAnswer")]
public readonly record struct EnqueueAnswer([property: Id(0)] EnqueueState State, [property: Id(1)] long Id, [property: Id(2)] DateTimeOffset? RetryAt, [property: Id(3)] QueueFull? Full = null);

/// <summary>What keeps an item out.</summary>
/// <param name="Bound">How many items that are not done there may be.</param>
/// <param name="OfTenant">Whether in all queues of the tenant's programs together, and not in this one alone.</param>
/// <param name="GivenUp">Of these, dead or quarantined: they make no room before somebody decides about them.</param>
[GenerateSerializer, Immutable, Alias("Sophia.QueueFull")]
public sealed record QueueFull([property: Id(0)] int Bound, [property: Id(1)] bool OfTenant, [property: Id(2)] long GivenUp)
{
    /// <summary>For whoever wanted to put something in.</summary>
    public string Said(string queue)
    {
        var (bound, givenUp) = (Bound.ToString("N0", CultureInfo.InvariantCulture), GivenUp.ToString("N0", CultureInfo.InvariantCulture));
        var full = OfTenant ? $"The tenant's queues are full: together they have {bound} items that are not done (SOPHIA_QUEUE tenant-depth)" : $"The queue \"{queue}\" is full: it has {bound} items that are not done (SOPHIA_QUEUE depth)";
        return GivenUp == 0 ? $"{full}."
            : $"{full}, {givenUp} of them dead or quarantined. These make no room before somebody brings them back or gives them up: \"{SophiaCommand.Name} dead{(OfTenant ? "" : $" --queue {queue}")}\", the page Queues, or /api/dead.";
    }
}

/// <param name="Items">At most so many.</param>
/// <param name="Cost">Of at most this cost together.</param>
/// <param name="Worker">Who asks, for people; at most 200 characters.</param>
/// <param name="For">How long the lease lasts, 1 s to 1 h; null: 60 s.</param>
[GenerateSerializer, Immutable, Alias("Sophia.LeaseRequest")]
public sealed record LeaseRequest([property: Id(0)] string Queue, [property: Id(1)] string Worker, [property: Id(2)] int Items = 1, [property: Id(3)] int Cost = int.MaxValue, [property: Id(4)] TimeSpan? For = null);

/// <summary>An item and the lease under which somebody has it. Leases of a tenant rise: a later one of the same item has a higher number.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.LeaseToken")]
public readonly record struct LeaseToken([property: Id(0)] long Id, [property: Id(1)] long Lease);

/// <summary>An item in a worker's hands.</summary>
/// <param name="Attempt">From 1.</param>
/// <param name="OnceKey">Of this item as long as it is not replayed: an effect in the log that carries it takes place once.</param>
[GenerateSerializer, Immutable, Alias("Sophia.Work")]
public sealed record Work(
    [property: Id(0)] LeaseToken Token,
    [property: Id(1)] string Queue,
    [property: Id(2)] string Kind,
    [property: Id(3)] string Payload,
    [property: Id(4)] int Attempt,
    [property: Id(5)] int MaxAttempts,
    [property: Id(6)] int Cost,
    [property: Id(7)] string OnceKey,
    [property: Id(8)] DateTimeOffset Until);

/// <param name="Left">How many more are ready, as far as was counted (256).</param>
/// <param name="NextCost">The next one's cost; 0 where none is ready.</param>
/// <param name="Weight">The tenant's share.</param>
[GenerateSerializer, Immutable, Alias("Sophia.LeasedWork")]
public sealed record LeasedWork([property: Id(0)] IReadOnlyList<Work> Items, [property: Id(1)] int Left, [property: Id(2)] int NextCost, [property: Id(3)] int Weight);

public enum WorkEnd
{
    Done = 1,

    /// <summary>Another attempt may help.</summary>
    Failed = 2,

    /// <summary>No other attempt can.</summary>
    Rejected = 3,

    /// <summary>Nobody here does such work.</summary>
    NoHandler = 4,

    /// <summary>It was not begun, and is given back without counting as an attempt.</summary>
    GivenBack = 5,

    /// <summary>A part of it is done: the rest takes its turn as if it had come in now, with all its attempts before it, and without the deadline that it had.</summary>
    Continued = 6,
}

/// <param name="Error">What went wrong, for people; at most 2,000 characters are kept.</param>
[GenerateSerializer, Immutable, Alias("Sophia.WorkResult")]
public readonly record struct WorkResult([property: Id(0)] LeaseToken Token, [property: Id(1)] WorkEnd End, [property: Id(2)] string? Error = null);

/// <summary>Where a result left its item.</summary>
public enum FinishAnswer
{
    Done = 1,

    /// <summary>It is tried again later.</summary>
    Again = 2,
    Dead = 3,
    Quarantined = 4,

    /// <summary>The lease is not held any more: nothing was changed.</summary>
    Late = 5,
}

/// <param name="Queue">Empty for what holds of all queues of the tenant.</param>
/// <param name="Accepted">All that were ever taken: the sum of the five states.</param>
/// <param name="OldestDueAt">Since when the oldest ready item could be done; null: none is ready.</param>
/// <param name="HeldBecause">Why it gives nothing out; null: it is not held.</param>
[GenerateSerializer, Immutable, Alias("Sophia.QueueView")]
public sealed record QueueView(
    [property: Id(0)] string Queue,
    [property: Id(1)] long Accepted,
    [property: Id(2)] long Pending,
    [property: Id(3)] long Leased,
    [property: Id(4)] long Done,
    [property: Id(5)] long Dead,
    [property: Id(6)] long Quarantined,
    [property: Id(7)] DateTimeOffset? OldestDueAt,
    [property: Id(8)] string? HeldBecause,
    [property: Id(9)] string? HeldBy,
    [property: Id(10)] DateTimeOffset? HeldAt,
    [property: Id(11)] int Weight);
