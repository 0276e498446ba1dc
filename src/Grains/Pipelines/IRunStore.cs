using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Reads sync_logs, which the log store writes in an append's own transaction.</summary>
public interface IRunStore
{
    Task<RunRow?> Find(TenantId tenant, string runId, CancellationToken cancellation);

    /// <summary>Runs, newest first; of one pipeline or of all.</summary>
    Task<IReadOnlyList<RunRow>> Recent(TenantId tenant, string? pipeline, int limit, CancellationToken cancellation);

    Task<IReadOnlyList<UnreadableView>> Unreadable(TenantId tenant, string runId, int limit, CancellationToken cancellation);

    /// <summary>What a run's rows say by stream, as far as they are kept: looked for among the newest <see cref="RowsLookedAt"/> of the log up to its last, and as many of those held back. By name.</summary>
    Task<IReadOnlyList<RunStreamView>> Streams(TenantId tenant, RunRow run, CancellationToken cancellation);

    /// <summary>Neither log nor quarantine knows rows by their run, so a run is found where it ended; more than so many are not gone through for a page.</summary>
    const int RowsLookedAt = 500_000;
}

/// <summary>A row of sync_logs.</summary>
/// <param name="LastPosition">The log position of the run's newest row: the run is searchable once the index has passed it.</param>
public sealed record RunRow(
    string RunId,
    string Pipeline,
    int DefinitionVersion,
    bool DryRun,
    RunState State,
    string Reason,
    DateTimeOffset StartedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? EndedAt,
    TimeSpan PausedFor,
    RunCounts Counts,
    int PartitionsTotal,
    int PartitionsDone,
    double? QualityScore,
    string? Error,
    long LastPosition);

/// <summary>What one batch adds to its run's row.</summary>
/// <param name="QualitySum">Sum over the batch's records of the batch's score, so that the run's score is a mean weighted by records.</param>
public sealed record RunDelta(string RunId, RunCounts Counts, int PartitionsDone = 0, double QualitySum = 0, IReadOnlyList<UnreadableView>? Unreadable = null)
{
    /// <summary>No rule asked anything of the batch: it takes no part in the run's score.</summary>
    public bool Unjudged { get; init; }

    /// <summary>Records that the sum stands for.</summary>
    public long Judged => Unjudged ? 0 : Counts.In;
}
