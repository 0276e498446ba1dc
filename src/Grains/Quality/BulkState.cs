using Sophia.Queues;

namespace Sophia.Quality;

/// <summary>The decisions on many items of a tenant: those that go, and the last ones that ended. Format 1.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.BulkState")]
public sealed record BulkState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>The last order's number.</summary>
    [Id(1)]
    public long Number { get; init; }

    /// <summary>Oldest first.</summary>
    [Id(2)]
    public IReadOnlyList<BulkOrder> Orders { get; init; } = [];
}

/// <summary>One decision on many items as far as it has come.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.BulkOrder")]
public sealed record BulkOrder
{
    [Id(0)]
    public long Id { get; init; }

    /// <summary>Without values once it has ended.</summary>
    [Id(1)]
    public required BulkDecision Decision { get; init; }

    [Id(2)]
    public string By { get; init; } = "";

    [Id(3)]
    public DateTimeOffset At { get; init; }

    /// <summary>Its item in the queue; 0: there was nothing to decide on.</summary>
    [Id(4)]
    public long Item { get; init; }

    /// <summary>Items that it may take, as counted when it came.</summary>
    [Id(5)]
    public long AtMost { get; init; }

    /// <summary>The held items that are decided on next: written down before they are, so that each is counted once whatever dies in between.</summary>
    [Id(6)]
    public IReadOnlyList<long> Next { get; init; } = [];

    /// <summary>Held items below this number were not looked at yet; null: all were.</summary>
    [Id(7)]
    public long? Before { get; init; }

    [Id(8)]
    public DateTimeOffset? StartedAt { get; init; }

    [Id(9)]
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who ended it before it was through.</summary>
    [Id(10)]
    public string? StoppedBy { get; init; }

    [Id(11)]
    public long Released { get; init; }

    [Id(12)]
    public long Discarded { get; init; }

    [Id(13)]
    public long StillHeld { get; init; }

    /// <summary>The beginning of its once-keys in the log, and what the audit of its items names it by: of no other order, also where one before it was never kept.</summary>
    internal string Once => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"decide/{Id}/{At.UtcTicks}");

    /// <param name="item">Its item in the queue; null where that was not asked.</param>
    /// <param name="heldBecause">Why the queue gives nothing out; null: it does.</param>
    internal BulkOrderView View(WorkItem? item, string? heldBecause) => new(
        Id, PhaseOf(item), Decision.Kind, Decision.Pipeline, Decision.Stream, Decision.Rule, Decision.Field, Decision.Reason, By, At, EndedAt, AtMost, Released, Discarded, StillHeld, Item, Said(item, heldBecause));

    private BulkPhase PhaseOf(WorkItem? item) => this switch
    {
        { StoppedBy: not null } => BulkPhase.Stopped,
        { EndedAt: not null } => BulkPhase.Done,
        _ when item?.State is WorkState.Dead or WorkState.Quarantined => BulkPhase.Stuck,
        { StartedAt: null } => BulkPhase.Waiting,
        _ => BulkPhase.Going,
    };

    private string? Said(WorkItem? item, string? heldBecause) => this switch
    {
        { StoppedBy: { } who } => $"stopped by {who}",
        { EndedAt: not null } => null,
        _ when item?.State == WorkState.Dead => $"its item {Item} of the queue is a dead letter, which can be brought back: {item.Error}",
        _ when item?.State == WorkState.Quarantined => $"its item {Item} of the queue is held back: {item.Error}",
        _ when item is { State: WorkState.Pending, Error: { } error } => $"it is tried again: {error}",
        _ when item is null => $"its item {Item} of the queue was lost, and is put in again",
        _ when heldBecause is not null => $"the queue is held: {heldBecause}",
        _ => null,
    };
}
