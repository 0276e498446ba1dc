using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Keeps the row of a pipeline's newest run: every change goes through <see cref="Apply"/>, is decided by <see cref="RunRules"/> and is in the log before it is told.</summary>
/// <remarks>Lanes add their counts to the same row in their own appends, those of another activation perhaps too; so what is written here leaves the counts alone, and they are read again
/// after each write. Meanwhile the live counts run ahead in memory.</remarks>
/// <param name="lost">Called when another activation has taken the runs over: nothing that this one does is kept any more.</param>
internal sealed class RunKeeper(TenantId tenant, string pipeline, ILogStore log, IRunStore runs, TimeProvider time, Action? lost = null) : IRunListener
{
    /// <summary>The most reasons that a dry run shows.</summary>
    public const int MaxSamples = 50;

    private const int UnreadablePage = 1_000;

    private readonly FencedWriter writer = new(log, tenant, $"pipelines/{pipeline}/run");
    private readonly List<SampleReason> samples = [];
    private readonly TransformTotals transforms = new();
    private DateTimeOffset? transformsSince;
    private RunCounts live = new();
    private double liveQuality;
    private long liveJudged;
    private int liveDone;
    private int liveTotal;
    private int settling;
    private long lastPosition;
    private bool isLive;
    private RunWait? waitsFor;

    /// <summary>The newest run as the log has it, or null.</summary>
    public RunRow? Row { get; private set; }

    /// <summary>Records that the sources were found to hold, once a run has come that far.</summary>
    public long? Held { get; private set; }

    /// <summary>A row that could not be written, because the store failed; to be tried again.</summary>
    public RunRow? Unsaved { get; private set; }

    /// <summary>Whether another activation owns the runs now.</summary>
    public bool IsLost { get; private set; }

    /// <summary>What transforms did in the newest run, as far as this activation knows; null: it has seen none.</summary>
    public KeptTransforms? Transforms => Row is null || transforms.Views is not { } views ? null : new KeptTransforms(Row.RunId, Row.Counts.In, transformsSince, views);

    public bool IsGoing => RunRules.IsGoing(Row);

    public async Task Load(CancellationToken cancellation) =>
        Row = (await runs.Recent(tenant, pipeline, 1, cancellation)) is [var newest, ..] ? newest : null;

    /// <summary>Decides, writes, and only then believes. False where the once-key was used before: then nothing was changed.</summary>
    /// <exception cref="RefusedException">The rules do not allow it.</exception>
    public async Task<bool> Apply(RunEvent happened, CancellationToken cancellation, string? onceKey = null)
    {
        var current = happened is RunEvent.Start ? Row : await Settled(cancellation);
        switch (RunRules.Decide(current, happened, time.GetUtcNow()))
        {
            case RunDecision.Refuse refused:
                throw new RefusedException(refused.Code, refused.Reason);
            case RunDecision.Change change:
                if (!await Write(change.After, onceKey, cancellation))
                    return false;
                if (change.After.EndedAt is not null && current?.EndedAt is null)
                    PipelineMeter.RunEnded(change.After);
                return true;
            default:
                return true;
        }
    }

    /// <summary>Begins to count live, from what the log has counted so far.</summary>
    public void GoLive()
    {
        (isLive, live, liveDone, liveTotal, lastPosition, Held) = (true, Row!.Counts, Row.PartitionsDone, Row.PartitionsTotal, Row.LastPosition, null);
        (liveQuality, liveJudged) = Row.QualityScore is { } score ? (score * Row.Counts.In, Row.Counts.In) : (0, 0);
    }

    /// <summary>Before a run goes on: takes over what is kept of its transforms, and remembers when where some of it was counted by an activation that is gone.</summary>
    public void GoesOn(KeptTransforms? kept)
    {
        if (transforms.Views is not null)
            return;
        if (kept?.RunId == Row!.RunId)
        {
            transforms.Add(kept.Streams);
            transformsSince = kept.Since;
        }
        if (Row.Counts.In > (kept?.RunId == Row.RunId ? kept.CountedIn : 0))
            transformsSince = time.GetUtcNow();
    }

    public async Task Planned(RunPlan plan, CancellationToken cancellation)
    {
        var row = await Settled(cancellation);
        await Write(row! with { PartitionsTotal = plan.Total, PartitionsDone = plan.Current, UpdatedAt = time.GetUtcNow() }, null, cancellation);
        GoLive();
        settling = plan.Settling;
        foreach (var page in plan.Unreadable.Chunk(UnreadablePage))
            await Unreadable(page, cancellation);
    }

    public async Task Unreadable(IReadOnlyList<UnreadableView> partitions, CancellationToken cancellation)
    {
        var counts = new RunCounts(Unreadable: partitions.Count);
        await Append(new AppendBatch
        {
            Fence = FencedWriter.Unset,
            At = time.GetUtcNow(),
            Run = Row!.RunId,
            RunDelta = new RunDelta(Row.RunId, counts, partitions.Count, 0, partitions),
        }, cancellation);
        live += counts;
        liveDone += partitions.Count;
    }

    public void Stepped(LaneAnswer answer)
    {
        live += answer.Counts;
        liveQuality += answer.QualitySum;
        liveJudged += answer.Unjudged ? 0 : answer.Counts.In;
        lastPosition = Math.Max(lastPosition, answer.LastPosition);
        if (answer.Samples is { Count: > 0 } found && samples.Count < MaxSamples)
            samples.AddRange(found.Take(MaxSamples - samples.Count));
        if (answer.Transforms is { } transformed)
            transforms.Add(transformed);
    }

    public void PartitionDone() => liveDone++;

    public void FullRead(long records) => Held = records;

    public void Waits(string? reason) => waitsFor = reason is null ? null : new RunWait(reason.TrimEnd('.')); // Whoever shows it ends the sentence.

    /// <summary>Where it stands in the queue; null: its turn has come.</summary>
    public void Stands(RunWait? wait) => waitsFor = wait;

    /// <summary>Tries once more to write what the store refused.</summary>
    public async Task SaveAgain(CancellationToken cancellation)
    {
        if (Unsaved is { } row)
            await Write(row, null, cancellation);
    }

    public RunView? View(DateTimeOffset? searchableAt = null) => Row is null ? null : ViewOf(isLive ? Live(Row) : Row, time.GetUtcNow(), searchableAt) with { Error = Row.State == RunState.Running && waitsFor is not null ? $"Waiting: {waitsFor.Because}" : Row.Error, Waits = Row.State == RunState.Running ? waitsFor : null, Samples = samples.Count == 0 ? null : samples.ToArray(), Transforms = transforms.Views, TransformsSince = transforms.Views is null ? null : transformsSince, Settling = settling };

    public static RunView ViewOf(RunRow row, DateTimeOffset now, DateTimeOffset? searchableAt)
    {
        var until = row.EndedAt ?? (row.State == RunState.Paused ? row.UpdatedAt : now);
        var seconds = (until - row.StartedAt - row.PausedFor).TotalSeconds;
        return new RunView(row.RunId, row.Pipeline, row.DefinitionVersion, row.DryRun, row.State, row.StartedAt, row.UpdatedAt, row.EndedAt, searchableAt,
            row.Counts, seconds > 0 ? row.Counts.In / seconds : 0, row.PartitionsTotal, Math.Min(row.PartitionsDone, row.PartitionsTotal), row.Error, row.Reason, row.QualityScore);
    }

    private RunRow Live(RunRow row) => row with
    {
        Counts = live,
        PartitionsDone = liveDone,
        PartitionsTotal = liveTotal,
        LastPosition = lastPosition,
        UpdatedAt = row.State == RunState.Running ? time.GetUtcNow() : row.UpdatedAt,
        QualityScore = liveJudged > 0 ? Math.Min(1, liveQuality / liveJudged) : row.QualityScore,
    };

    // What the lanes have added stands in the log; of a dry run nothing does, so what was seen is what counts.
    private async Task<RunRow?> Settled(CancellationToken cancellation)
    {
        if (Row is null || Row.DryRun)
            return Row is null || !isLive ? Row : Live(Row);
        try
        {
            return await runs.Find(tenant, Row.RunId, cancellation) is { } stored ? stored with { State = Row.State, Error = Row.Error, EndedAt = Row.EndedAt, PausedFor = Row.PausedFor } : Row;
        }
        catch (StorageException)
        {
            return isLive ? Live(Row) : Row;
        }
    }

    private async Task<bool> Write(RunRow row, string? onceKey, CancellationToken cancellation)
    {
        var batch = new AppendBatch { Fence = FencedWriter.Unset, At = time.GetUtcNow(), Run = row.RunId, RunRow = row, OnceKey = onceKey };
        try
        {
            if (await Append(batch, cancellation) is LogWrite.AlreadyDone)
                return false;
        }
        catch (StorageException) when (onceKey is null && !IsNew(row))
        {
            // The run's end must be told even where the disk cannot take it yet.
            Unsaved = row;
            Take(row);
            return true;
        }
        Unsaved = null;
        Take(await Counted(row, cancellation));
        return true;
    }

    // What a lane added between the reading of the row and its writing.
    private async Task<RunRow> Counted(RunRow row, CancellationToken cancellation)
    {
        if (row.DryRun || IsNew(row))
            return row;
        try
        {
            return await runs.Find(tenant, row.RunId, cancellation) is { } stored
                ? row with { Counts = stored.Counts, PartitionsDone = stored.PartitionsDone, QualityScore = stored.QualityScore, LastPosition = stored.LastPosition } : row;
        }
        catch (StorageException)
        {
            return row;
        }
    }

    private bool IsNew(RunRow row) => row.RunId != Row?.RunId;

    private void Take(RunRow row)
    {
        if (IsNew(row))
        {
            samples.Clear();
            transforms.Clear();
            transformsSince = null;
            settling = 0;
            waitsFor = null;
            isLive = false;
        }
        if (row.State != RunState.Running)
            isLive = false;
        Row = row;
    }

    // Rows are whole and deltas are asked for once per answer, so one more try after a moved fence repeats nothing that took place:
    // the append that moved it was an earlier one.
    private async Task<LogWrite> Append(AppendBatch batch, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
            switch (await writer.Append(batch, cancellation))
            {
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                case LogWrite.Lost:
                    IsLost = true;
                    Unsaved = null;
                    lost?.Invoke();
                    throw Superseded.Refusal($"Pipeline {pipeline}", time);
                case LogWrite.Moved:
                    throw new StorageException(StorageFault.Locked, $"Runs of pipeline {pipeline} were written out of turn.");
                case var done:
                    return done;
            }
    }
}
