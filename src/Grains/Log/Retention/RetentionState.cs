namespace Sophia.Log;

/// <summary>Where the compaction of a tenant's streams is, and what it removed. Format 1.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.RetentionState")]
public sealed record RetentionState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>When the pass that goes began, which is what its days count from; null: none goes.</summary>
    [Id(1)]
    public DateTimeOffset? StartedAt { get; init; }

    [Id(2)]
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The stream that the pass is at, and the key that it came past; streams before it in ordinal order are done.</summary>
    [Id(3)]
    public string? Stream { get; init; }

    [Id(4)]
    public string? AfterKey { get; init; }

    [Id(5)]
    public IReadOnlyList<RetainedStream> Streams { get; init; } = [];
}

/// <summary>What was removed of a stream so far.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.RetainedStream")]
public sealed record RetainedStream([property: Id(0)] string Stream, [property: Id(1)] long Versions, [property: Id(2)] long Expired, [property: Id(3)] DateTimeOffset? LookedAt);
