namespace Sophia.Log;

/// <summary>The erasures of a tenant: the one that is planned or applied, and those that are done. Format 1.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ErasureState")]
public sealed record ErasureState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>How many were planned.</summary>
    [Id(1)]
    public long Number { get; init; }

    [Id(2)]
    public ErasureJob? Current { get; init; }

    /// <summary>Oldest first, without anything personal.</summary>
    [Id(3)]
    public IReadOnlyList<ErasureJob> Done { get; init; } = [];
}

/// <summary>One erasure as far as it has come.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ErasureJob")]
public sealed record ErasureJob
{
    [Id(0)]
    public string Id { get; init; } = "";

    [Id(1)]
    public ErasurePhase Phase { get; init; }

    [Id(2)]
    public string By { get; init; } = "";

    [Id(3)]
    public DateTimeOffset At { get; init; }

    /// <summary>What was asked for; empty once it is removed.</summary>
    [Id(4)]
    public ErasureSelection Selection { get; init; } = new();

    /// <summary>The records to erase, in ordinal order; empty once they are removed.</summary>
    [Id(5)]
    public IReadOnlyList<RecordKey> Records { get; init; } = [];

    /// <summary>The quarantined items to erase.</summary>
    [Id(6)]
    public IReadOnlyList<long> Items { get; init; } = [];

    /// <summary>The log position that looking, then counting, has come to.</summary>
    [Id(7)]
    public long LookedTo { get; init; }

    /// <summary>The log's head when it began.</summary>
    [Id(8)]
    public long Head { get; init; }

    [Id(9)]
    public IReadOnlyList<ErasedStream> Streams { get; init; } = [];

    [Id(10)]
    public long ChatMessages { get; init; }

    /// <summary>Conversations that cite or name what is erased.</summary>
    [Id(11)]
    public IReadOnlyList<string> Conversations { get; init; } = [];

    [Id(12)]
    public long AuditEntries { get; init; }

    [Id(13)]
    public string? AppliedBy { get; init; }

    [Id(14)]
    public DateTimeOffset? AppliedAt { get; init; }

    [Id(15)]
    public string? Reference { get; init; }

    /// <summary>Pages of the phase that are done.</summary>
    [Id(16)]
    public int Page { get; init; }

    /// <summary>The position of the last tombstone: the index must have come past it.</summary>
    [Id(17)]
    public long Through { get; init; }

    /// <summary>What was removed, once it is.</summary>
    [Id(18)]
    public long Erased { get; init; }

    [Id(19)]
    public long Versions { get; init; }

    [Id(20)]
    public long ErasedItems { get; init; }

    [Id(21)]
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it was refused.</summary>
    [Id(22)]
    public string? Refusal { get; init; }
}
