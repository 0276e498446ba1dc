using Sophia.Log;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>
/// The work of one lane: a bounded step reads, keys and judges one batch and appends records, quarantine, checkpoint and counts in one
/// transaction. While that commits, the next batch is read, so that disk and processor work at once; two batches is all a lane ever holds.
/// </summary>
/// <remarks>
/// Nothing here is the only memory of anything. Whatever goes wrong (a fence, an append of unknown outcome, a full disk), the lane lets go of
/// its reader and of the batch that it read ahead, and the next step opens the partition where the log's checkpoint says.
/// </remarks>
internal sealed class PartitionLane(TenantId tenant, string pipeline, string lane, LaneParts parts) : IAsyncDisposable
{
    private readonly FencedWriter writer = new(parts.Log, tenant, $"pipelines/{pipeline}/{lane}");
    private readonly JudgedBatch[] buffers = [new(), new()];
    private readonly HashSet<string> streams = new(StringComparer.Ordinal);
    private readonly HeldKeys held = new();
    private readonly Dictionary<string, SourceTries> tries = new(StringComparer.Ordinal); // By source: what one of them fails is no repetition at another.
    private (string? Text, ReadingPlan? Plan) definition;
    private OpenPartition? open;
    private Task<JudgedBatch?>? ahead;
    private int turn;
    private PartitionSweep? sweep;
    private (string Run, long Step, LaneAnswer? Answer) latest = ("", 0, null);

    /// <summary>Whether another activation owns this lane now.</summary>
    public bool IsLost { get; private set; }

    public Task<LaneAnswer> Step(LaneWork work, CancellationToken cancellation) => Once(work, () => NextBatch(work, cancellation));

    public Task<LaneAnswer> Sweep(LaneWork work, bool vanished, CancellationToken cancellation) => Once(work, () => NextSweep(work, vanished, cancellation));

    /// <summary>The run has no more work for now: nothing stays open, and the numbers of its steps begin anew when it goes on.</summary>
    public async Task Release()
    {
        latest = default;
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        sweep = null;
        if (ahead is { } reading)
        {
            ahead = null;
            await reading.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Current);
        }
        if (open is { } closing)
        {
            open = null;
            await closing.Reader.DisposeAsync();
        }
    }

    private SourceTries TriesAt(string source) => tries.TryGetValue(source, out var known) ? known : tries[source] = new SourceTries(parts.Time);

    private async Task<LaneAnswer> Once(LaneWork work, Func<Task<LaneAnswer>> act)
    {
        if (latest.Answer is { } given && latest.Run == work.RunId && latest.Step == work.Step)
            return given;
        if (latest.Run != work.RunId)
        {
            held.Clear();
            foreach (var known in tries.Values)
                known.BeginsAnew();
        }
        var answer = await Guarded(act);
        latest = (work.RunId, work.Step, answer);
        return answer;
    }

    private async Task<LaneAnswer> Guarded(Func<Task<LaneAnswer>> act)
    {
        try
        {
            return await act();
        }
        catch (SourceException wrong)
        {
            await DisposeAsync();
            return new LaneAnswer(wrong.Transient ? LaneOutcome.SourceBusy : LaneOutcome.SourceFailed, new RunCounts(), Reason: wrong.Message) { NotBefore = wrong.NotBefore };
        }
        catch (StorageException wrong)
        {
            await DisposeAsync();
            parts.Failed(wrong);
            return new LaneAnswer(wrong.Fault == StorageFault.Full ? LaneOutcome.StorageFull : LaneOutcome.StorageFailed, new RunCounts(), Reason: wrong.Plainly);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task<LaneAnswer> NextBatch(LaneWork work, CancellationToken cancellation)
    {
        if (open?.IsFor(work) != true && !await Open(work, cancellation))
            return new LaneAnswer(LaneOutcome.Done, new RunCounts());
        var batch = await (ahead ?? Prepare(work, cancellation));
        ahead = null;
        if (batch is { Lines.Count: > 0 })
            parts.Told(work.RunId, batch.Lines);
        if (batch?.IsIdle(open!.Mark.State) == true)
            return new LaneAnswer(LaneOutcome.More, new RunCounts());
        if (batch?.LooksLast == true)
            ahead = Task.FromResult(await Prepare(work, cancellation));
        var last = batch is null || (ahead is { IsCompletedSuccessfully: true, Result: null });
        var mark = open!.After(batch, last, streams, definition.Plan!);
        var answer = work.DryRun ? await Pretend(batch, last, cancellation) : await Commit(work, batch, mark, last, cancellation);
        if (answer.Outcome is not (LaneOutcome.More or LaneOutcome.Done))
            return answer;
        open.Mark = mark;
        if (last)
            await Close();
        return answer;
    }

    private async Task<LaneAnswer> Commit(LaneWork work, JudgedBatch? batch, PartitionMark mark, bool last, CancellationToken cancellation)
    {
        var counts = batch?.Counts ?? new RunCounts();
        var append = writer.Append(new AppendBatch
        {
            Fence = FencedWriter.Unset,
            At = parts.Time.GetUtcNow(),
            Run = work.RunId,
            Entries = batch?.Entries ?? [],
            Quarantined = batch?.Quarantined ?? [],
            Checkpoints = [new CheckpointWrite(pipeline, open!.Name, mark.ToJson()), .. (batch?.Keys ?? []).Select(FileKeys.Write)],
            RunDelta = new RunDelta(work.RunId, counts, last ? 1 : 0, batch?.QualitySum ?? 0) { Unjudged = batch?.Unjudged ?? true },
        }, cancellation);
        var transforms = batch?.Transforms;
        if (!last)
            ahead ??= Prepare(work, cancellation);
        switch (await append)
        {
            case LogWrite.Done { Committed: var done }:
                if (done.LastPosition > 0)
                    parts.Committed(done.LastPosition);
                return new LaneAnswer(last ? LaneOutcome.Done : LaneOutcome.More,
                    counts with { Stored = done.Stored, Duplicate = done.Duplicates, Deleted = done.Deleted, Quarantined = counts.Quarantined - done.BlockedItems, Blocked = done.Blocked + done.BlockedItems }, done.LastPosition, batch?.QualitySum ?? 0, Transforms: transforms, Unjudged: batch?.Unjudged ?? true);
            case LogWrite.Lost:
                IsLost = true;
                break;
        }
        await DisposeAsync();
        return new LaneAnswer(LaneOutcome.Again, new RunCounts());
    }

    private async Task<LaneAnswer> Pretend(JudgedBatch? batch, bool last, CancellationToken cancellation)
    {
        var outcome = last ? LaneOutcome.Done : LaneOutcome.More;
        if (batch is null)
            return new LaneAnswer(outcome, new RunCounts());
        long unchanged = 0, deleted = 0;
        foreach (var entry in batch.Entries)
            if (entry.OnlyIfChanged && await parts.Log.Newest(tenant, entry.Stream, entry.Key, cancellation) is { } newest && newest.Hash == entry.Hash)
                unchanged++;
            else if (entry.Operation == RecordOperation.Delete)
                deleted++;
        var counts = batch.Counts with { Duplicate = unchanged, Deleted = deleted, Stored = batch.Entries.Count - unchanged - deleted };
        return new LaneAnswer(outcome, counts, 0, batch.QualitySum, Samples: batch.Samples(), Transforms: batch.Transforms, Unjudged: batch.Unjudged);
    }

    /// <summary>Opens the partition where its checkpoint left off; false where it is read to its end already.</summary>
    private async Task<bool> Open(LaneWork work, CancellationToken cancellation)
    {
        await DisposeAsync();
        var plan = PlanOf(work);
        var source = plan.Source(work.Source) ?? throw new SourceException($"The definition has no source \"{work.Source}\".", transient: false);
        var kind = parts.Kinds.Of(source.Type);
        var name = PartitionMark.PartitionName(work.Source, work.Partition);
        var checkpoint = await parts.Log.Checkpoint(tenant, pipeline, name, cancellation);
        var mark = PartitionRules.StartOf(PartitionMark.Of(checkpoint?.State), plan.Fingerprint(work.Source, work.Fingerprint), work.FullRefresh && checkpoint?.Run != work.RunId,
            kind.StateOutlivesRuns);
        if (mark.Done)
            return false;
        streams.Clear();
        streams.UnionWith(mark.Streams ?? []);
        var reader = await GuardedSource.Open(kind, parts.Policies, TriesAt(work.Source), new SourceContext(tenant.Value, pipeline, source) { Run = work.RunId, Gate = plan.Definition.Gate, FullRefresh = work.FullRefresh, HasKey = plan.HasKey, IsDeduplicated = plan.IsDeduplicated, Keys = new FileKeys(parts.Log, tenant, pipeline, name) },
            new SourcePartition(work.Partition, work.Fingerprint, work.Bytes), mark.State, cancellation);
        open = new OpenPartition(work, name, reader, mark, mark is { Reread: true, State: null } && !kind.StateOutlivesRuns ? new SeenKeys() : null);
        return true;
    }

    private async Task<JudgedBatch?> Prepare(LaneWork work, CancellationToken cancellation)
    {
        if (await open!.Reader.Read(parts.Budget, cancellation) is not { } read)
            return null;
        using var place = parts.Bulkheads is { } bulkheads ? await bulkheads.Enter(tenant, BulkheadKind.Batches, cancellation) : default;
        var batch = buffers[turn];
        turn = 1 - turn;
        batch.Fill(read, parts.Budget, definition.Plan!, open.Name, work.DefinitionVersion, work.Partition, streams, open.Seen, parts.Time.GetUtcNow(), work.DryRun ? TransformedBatch.MostSamples : 0);
        if (open.Seen?.Count > HeldKeys.Limit)
            open.Seen = null;
        return batch;
    }

    private async Task Close()
    {
        if (open!.Mark.Sweep)
            held.Keep(open.Name, open.Mark, open.Seen);
        await DisposeAsync();
    }

    private async Task<LaneAnswer> NextSweep(LaneWork work, bool vanished, CancellationToken cancellation)
    {
        if (sweep?.IsFor(work, vanished) != true)
        {
            await DisposeAsync();
            sweep = await PartitionSweep.Begin(tenant, pipeline, work, vanished, PlanOf(work), held, parts, writer, cancellation);
        }
        var answer = await sweep.Next(cancellation);
        if (answer.Outcome == LaneOutcome.Again)
            IsLost = sweep.IsLost;
        if (answer.Outcome != LaneOutcome.More)
            sweep = null;
        return answer;
    }

    private ReadingPlan PlanOf(LaneWork work)
    {
        if (definition.Plan is null || definition.Text != work.DefinitionText)
        {
            var read = PipelineDefinitionReader.Read(work.DefinitionText, pipeline, pipeline);
            var stated = read.Definition ?? throw new SourceException($"The definition is not valid: {string.Join("; ", read.Errors)}", transient: false);
            definition = (work.DefinitionText, new ReadingPlan(stated, parts.Judges.For(stated), parts.MaskKey));
        }
        return definition.Plan!;
    }

    private sealed class OpenPartition(LaneWork work, string name, ISourceReader reader, PartitionMark mark, SeenKeys? seen)
    {
        public string Name => name;

        public ISourceReader Reader => reader;

        public PartitionMark Mark { get; set; } = mark;

        public SeenKeys? Seen { get; set; } = seen;

        public bool IsFor(LaneWork other) => (work.RunId, work.Source, work.Partition, work.Fingerprint) == (other.RunId, other.Source, other.Partition, other.Fingerprint);

        public PartitionMark After(JudgedBatch? batch, bool last, IReadOnlySet<string> streams, ReadingPlan plan) =>
            PartitionRules.After(Mark, batch, last, streams, plan);
    }
}
