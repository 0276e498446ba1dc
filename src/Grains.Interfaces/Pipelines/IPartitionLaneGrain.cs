using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>One of a pipeline's parallel lanes: reads, judges and stores partitions, one bounded batch a call. The key is "tenant/pipeline/lane-n".</summary>
/// <remarks>A lane remembers nothing that the log does not: after a crash it goes on from the partition's checkpoint.</remarks>
[Alias("Sophia.IPartitionLaneGrain")]
public interface IPartitionLaneGrain : IGrainWithStringKey
{
    /// <summary>Does the next batch of a partition. The same step asked twice is done once and answered twice.</summary>
    [Alias("Step")]
    Task<LaneAnswer> Step(LaneWork work, CancellationToken cancellation);

    /// <summary>Puts tombstones in place of a partition's keys that its last full read did not find, or of all of them where it vanished.</summary>
    [Alias("Sweep")]
    Task<LaneAnswer> Sweep(LaneWork work, bool vanished, CancellationToken cancellation);

    /// <summary>Closes what is open; the next step goes on from the checkpoint.</summary>
    [Alias("Release")]
    Task Release();
}

/// <summary>What a lane is to do. Partition is the id within the source; Fingerprint is the source's own.</summary>
/// <param name="Step">Rises with each step of one run's work on the lane.</param>
[GenerateSerializer, Immutable, Alias("Sophia.LaneWork")]
public sealed record LaneWork(
    [property: Id(0)] string RunId,
    [property: Id(1)] int DefinitionVersion,
    [property: Id(2)] string DefinitionText,
    [property: Id(3)] string Source,
    [property: Id(4)] string Partition,
    [property: Id(5)] string Fingerprint,
    [property: Id(6)] long Bytes,
    [property: Id(7)] bool DryRun,
    [property: Id(8)] bool FullRefresh,
    [property: Id(9)] long Step);

public enum LaneOutcome
{
    /// <summary>A batch is stored; there is more.</summary>
    More = 1,

    /// <summary>The partition is read to its end.</summary>
    Done = 2,

    /// <summary>The partition cannot be read; trying again may help.</summary>
    SourceBusy = 3,

    /// <summary>The partition cannot be read.</summary>
    SourceFailed = 4,

    /// <summary>The lane lost its place (a fence, or an append of unknown outcome): ask again, it goes on from the checkpoint.</summary>
    Again = 5,

    /// <summary>The disk is full.</summary>
    StorageFull = 6,

    /// <summary>The store fails.</summary>
    StorageFailed = 7,
}

/// <summary>What one step did. Counts are those of the step; LastPosition is 0 where nothing was stored; Unjudged: no rule asked anything, so QualitySum says nothing.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.LaneAnswer")]
public sealed record LaneAnswer(
    [property: Id(0)] LaneOutcome Outcome,
    [property: Id(1)] RunCounts Counts,
    [property: Id(2)] long LastPosition = 0,
    [property: Id(3)] double QualitySum = 0,
    [property: Id(4)] string? Reason = null,
    [property: Id(5)] IReadOnlyList<SampleReason>? Samples = null,
    [property: Id(6)] IReadOnlyList<StreamTransformView>? Transforms = null,
    [property: Id(7)] bool Unjudged = false)
{
    /// <summary>Only with <see cref="LaneOutcome.SourceBusy"/>: the source is not to be asked before this. Such an answer is no try.</summary>
    [Id(8)]
    public DateTimeOffset? NotBefore { get; init; }
}

/// <summary>One of the reasons that a dry run found, for people to look at.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.SampleReason")]
public sealed record SampleReason(
    [property: Id(0)] string Stream,
    [property: Id(1)] string? Key,
    [property: Id(2)] Origin Origin,
    [property: Id(3)] IReadOnlyList<CellReason> Reasons);
