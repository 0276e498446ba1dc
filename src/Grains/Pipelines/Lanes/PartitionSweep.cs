using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Puts tombstones in place of the keys that vanished from a partition, a page of heads at a time.</summary>
/// <remarks>
/// The heads say which keys last came from the partition; what its last full read met is not among the vanished. A key that moved to another
/// partition is no head of this one any more, so it stays. Where the met keys were not kept, the partition is read once more for its keys, in
/// several passes where there are more of them than fit. Doing it again from the start changes nothing more, so it needs no place of its own.
/// </remarks>
internal sealed class PartitionSweep
{
    /// <summary>Heads looked at in one call.</summary>
    public const int PageSize = 1_000;

    /// <summary>The most keys held during one pass: about 48 MB.</summary>
    public const int KeysPerPass = 2_000_000;

    private readonly TenantId tenant;
    private readonly string pipeline;
    private readonly LaneWork work;
    private readonly bool vanished;
    private readonly ReadingPlan plan;
    private readonly LaneParts parts;
    private readonly FencedWriter writer;
    private readonly HeldKeys held;
    private readonly string name;
    private readonly PartitionMark? mark;
    private readonly string[] streams;
    private readonly int passes;
    private SeenKeys? seen;
    private int pass;
    private int stream;
    private string? afterKey;

    private PartitionSweep(TenantId tenant, string pipeline, LaneWork work, bool vanished, ReadingPlan plan, HeldKeys held, LaneParts parts, FencedWriter writer, string name, PartitionMark? mark, SeenKeys? seen)
    {
        (this.tenant, this.pipeline, this.work, this.vanished, this.plan) = (tenant, pipeline, work, vanished, plan);
        (this.held, this.parts, this.writer, this.name, this.mark, this.seen) = (held, parts, writer, name, mark, seen);
        var fed = vanished ? mark?.Streams : mark?.Whole?.Keys ?? mark?.Streams;
        streams = mark is not null && (vanished || mark is { Done: true, Sweep: true }) ? [.. (fed ?? []).Where(plan.IsDeduplicated).Order(StringComparer.Ordinal)] : [];
        passes = vanished || seen is not null || mark is null or { Whole: not null } ? 1 : (int)(mark.Records / KeysPerPass) + 1;
    }

    public bool IsLost { get; private set; }

    public static async Task<PartitionSweep> Begin(TenantId tenant, string pipeline, LaneWork work, bool vanished, ReadingPlan plan, HeldKeys held, LaneParts parts, FencedWriter writer, CancellationToken cancellation)
    {
        var name = PartitionMark.PartitionName(work.Source, work.Partition);
        var checkpoint = await parts.Log.Checkpoint(tenant, pipeline, name, cancellation);
        var (mark, seen) = held.Of(name);
        if (!work.DryRun || mark is null)
            mark = PartitionMark.Of(checkpoint?.State);
        if (work.DryRun && mark is { Whole: not null })
            mark = null; // The generations that a dry run saw are nowhere in the heads.
        return new PartitionSweep(tenant, pipeline, work, vanished, plan, held, parts, writer, name, mark, vanished ? null : seen);
    }

    public bool IsFor(LaneWork other, bool otherVanished) =>
        (work.RunId, work.Source, work.Partition, vanished) == (other.RunId, other.Source, other.Partition, otherVanished);

    public async Task<LaneAnswer> Next(CancellationToken cancellation)
    {
        if (mark is null || (!vanished && !mark.Sweep))
            return new LaneAnswer(LaneOutcome.Done, new RunCounts());
        if (!vanished && mark.Whole is null && seen is null && (seen = await ReadKeys(cancellation)) is null)
            return new LaneAnswer(LaneOutcome.Done, new RunCounts());
        var tombstones = await NextTombstones(cancellation);
        var last = stream >= streams.Length && pass == passes - 1;
        var answer = await Commit(tombstones, last, cancellation);
        if (stream >= streams.Length && !last)
            (stream, afterKey, seen, pass) = (0, null, null, pass + 1);
        if (answer.Outcome == LaneOutcome.Done)
            held.Drop(name);
        return answer;
    }

    private async Task<List<NewEntry>> NextTombstones(CancellationToken cancellation)
    {
        var tombstones = new List<NewEntry>();
        while (stream < streams.Length && tombstones.Count < PageSize)
        {
            var heads = await parts.Log.Heads(tenant, streams[stream], afterKey, mark!.Whole is null ? PartitionMark.HeadName(pipeline, name) : null, PageSize, cancellation);
            foreach (var head in heads)
                if (head.Operation != RecordOperation.Delete && IsVanished(head))
                    tombstones.Add(new NewEntry(EntryType.Record, head.Stream, head.Key, RecordOperation.Delete, EmptyObject, EntryHash.Of(RecordOperation.Delete, []),
                        head.Partition, OnlyIfChanged: true, OnlyIfVersion: head.Version));
            if (heads.Count < PageSize)
                (stream, afterKey) = (stream + 1, null);
            else
                afterKey = heads[^1].Key;
        }
        return tombstones;
    }

    private bool IsVanished(HeadEntry head)
    {
        if (mark!.Whole is { } whole && !IsOlder(head, whole))
            return false;
        if (vanished)
            return true;
        var hash = SeenKeys.HashOf(head.Stream, head.Key);
        if (mark.Whole is not null)
            return mark.Kept?.Contains(hash) != true;
        return (passes == 1 || hash % (ulong)passes == (ulong)pass) && !seen!.Contains(hash);
    }

    // Of this partition, and last seen by a reading before the whole one.
    private bool IsOlder(HeadEntry head, IReadOnlyDictionary<string, int> whole)
    {
        var own = PartitionMark.HeadName(pipeline, name);
        return head.Partition is { } partition && partition.StartsWith(own, StringComparison.Ordinal) && (partition.Length == own.Length || partition[own.Length] == '@')
            && (vanished || partition != PartitionMark.HeadName(own, whole[head.Stream]));
    }

    private async Task<LaneAnswer> Commit(List<NewEntry> tombstones, bool last, CancellationToken cancellation)
    {
        var outcome = last ? LaneOutcome.Done : LaneOutcome.More;
        if (work.DryRun)
            return new LaneAnswer(outcome, new RunCounts(Deleted: tombstones.Count));
        if (tombstones.Count == 0 && !last)
            return new LaneAnswer(outcome, new RunCounts());
        var write = await writer.Append(new AppendBatch
        {
            Fence = FencedWriter.Unset,
            At = parts.Time.GetUtcNow(),
            Run = work.RunId,
            Entries = tombstones,
            Checkpoints = last ? [new CheckpointWrite(pipeline, name, vanished ? null : (mark! with { Sweep = false }).ToJson())] : [],
            RunDelta = new RunDelta(work.RunId, new RunCounts()),
        }, cancellation);
        if (write is LogWrite.Done { Committed: var done })
        {
            if (done.LastPosition > 0)
                parts.Committed(done.LastPosition);
            return new LaneAnswer(outcome, new RunCounts(Deleted: done.Deleted), done.LastPosition);
        }
        IsLost = write is LogWrite.Lost;
        return new LaneAnswer(LaneOutcome.Again, new RunCounts());
    }

    // Null where the partition has pieces that cannot be read now: then nothing counts as vanished.
    private async Task<SeenKeys?> ReadKeys(CancellationToken cancellation)
    {
        var source = plan.Source(work.Source) ?? throw new SourceException($"The definition has no source \"{work.Source}\".", transient: false);
        await using var reader = await parts.Kinds.Of(source.Type).Open(new SourceContext(tenant.Value, pipeline, source) { HasKey = plan.HasKey, IsDeduplicated = plan.IsDeduplicated, Keys = new FileKeys(parts.Log, tenant, pipeline, name) },
            new SourcePartition(work.Partition, work.Fingerprint, work.Bytes), null, cancellation);
        var keys = new SeenKeys();
        while (await reader.Read(parts.Budget, cancellation) is { } batch)
        {
            if (batch.Bad.Count > 0)
                return null;
            var records = batch.Records;
            for (var i = 0; i < records.Count; i++)
            {
                if (plan.KeyOf(records[i], name, out _) is not { } key)
                    return null;
                var hash = SeenKeys.HashOf(records[i].Stream, key);
                if (passes == 1 || hash % (ulong)passes == (ulong)pass)
                    keys.Add(hash);
            }
        }
        return keys;
    }

    private static readonly byte[] EmptyObject = "{}"u8.ToArray();
}
