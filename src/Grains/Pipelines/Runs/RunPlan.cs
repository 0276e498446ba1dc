namespace Sophia.Pipelines;

/// <summary>A partition that a run has to do something about.</summary>
internal sealed record PlannedPartition(string Source, string Id, string Fingerprint, long Bytes, bool Essential = false)
{
    public string Name => PartitionMark.PartitionName(Source, Id);
}

/// <summary>What a run found when it looked at its sources and at its checkpoints.</summary>
internal sealed record RunPlan
{
    /// <summary>The most partitions of one pipeline: each costs about 300 bytes while a run goes.</summary>
    public const int MaxPartitions = 200_000;

    public required IReadOnlyList<PlannedPartition> ToRead { get; init; }

    /// <summary>Partitions that checkpoints know and the sources do not show any more.</summary>
    public required IReadOnlyList<PlannedPartition> Vanished { get; init; }

    public required IReadOnlyList<UnreadableView> Unreadable { get; init; }

    /// <summary>Partitions that need no reading: unchanged, or read by this run before it was interrupted.</summary>
    public required int Current { get; init; }

    public required int Settling { get; init; }

    /// <summary>Why a source could not be listed, or null. Then nothing of it is read, and none of it counts as vanished.</summary>
    public string? ListingFailure { get; init; }

    /// <summary>Names of all partitions that the sources show.</summary>
    public required IReadOnlySet<string> Listed { get; init; }

    /// <summary>A hash of what was listed; another one means that there is something to do.</summary>
    public required ulong ListingHash { get; init; }

    public int Total => ToRead.Count + Current + Unreadable.Count;
}
