namespace Sophia.Queues;

/// <summary>What a tenant remembers of its replay: the one that goes, or the last one.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.DeadReplayState")]
internal sealed record DeadReplayState
{
    /// <summary>0: there was none yet. Items carry it, so a number is never used again.</summary>
    [Id(0)]
    public long Number { get; init; }

    [Id(1)]
    public DeadReplayPhase Phase { get; init; }

    [Id(2)]
    public DeadReplayOrder Order { get; init; } = new();

    [Id(3)]
    public string By { get; init; } = "";

    [Id(4)]
    public DateTimeOffset StartedAt { get; init; }

    [Id(5)]
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The newest item that it may take: what dies later is not its matter.</summary>
    [Id(6)]
    public long UpTo { get; init; }

    /// <summary>The newest item that it has taken.</summary>
    [Id(7)]
    public long After { get; init; }

    [Id(8)]
    public long Taken { get; init; }

    [Id(9)]
    public long Replayed { get; init; }

    /// <summary>Items of the step under way.</summary>
    [Id(10)]
    public int Step { get; init; }

    [Id(11)]
    public long Succeeded { get; init; }

    [Id(12)]
    public long Failed { get; init; }

    [Id(13)]
    public string? Why { get; init; }

    public bool IsGoing => Number > 0 && EndedAt is null;

    public DeadReplayView View(IReadOnlyList<WorkItem> sample) => new(Number, Phase, Order, By, StartedAt, EndedAt, Taken, Replayed, Succeeded, Failed, Why, sample);
}
