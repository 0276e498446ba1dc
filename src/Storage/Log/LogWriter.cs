using System.Buffers.Binary;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Appends to one tenant's log within an open transaction.</summary>
/// <remarks>
/// Everything that can refuse is asked before anything is written. Then: heads are read in key order, rows are judged and written in
/// their own order, heads are written in key order, so that each page of the heads is visited at most twice per batch.
/// </remarks>
internal sealed class LogWriter(DatabaseConnection connection)
{
    private readonly StreamTable streams = new(connection);
    private readonly NameTable names = new(connection);
    private readonly HeadTable heads = new(connection);
    private readonly LogRetention retention = new(connection);
    private readonly ErasedTable erased = new(connection);
    private readonly SqliteStatement insert = connection.Prepare(
        "INSERT INTO log(position, type, format, key_id, stream_id, version, operation, previous, at, run_id, key, hash, payload) VALUES(?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");

    private long last = connection.Scalar("SELECT max(position) FROM log");

    public AppendOutcome Append(PreparedBatch prepared)
    {
        var batch = prepared.Batch;
        if (OwnerTable.Refusal(connection, batch) is { } refusal)
            return refusal;
        if (QuarantineTable.Refusal(connection, batch.Decisions) is { } notHeld)
            return notHeld;

        var isErased = erased.Touches(prepared);
        var quarantine = new QuarantineTable(connection);
        var blockedItems = quarantine.Add(batch, item => isErased && item.Key is { } key && (erased.Holds(item.Stream, prepared.Marks.Of(item.Stream, key)) || ErasedContent.Of(item).Any(said => erased.HoldsContent(item.Stream, prepared.Marks.OfContent(item.Stream, said)))));
        quarantine.Decide(batch);
        var written = WriteEntries(prepared, isErased) with { BlockedItems = blockedItems };
        erased.Add(batch, prepared.Marks);
        foreach (var checkpoint in batch.Checkpoints)
            CheckpointTable.Write(connection, checkpoint, batch.Run, batch.At);
        RunTable.Write(connection, batch, written);
        if (batch.OnceKey is { } onceKey)
            OwnerTable.KeepOnce(connection, onceKey, written.LastPosition, batch.At);
        retention.Look(batch.At);
        return written with { Next = OwnerTable.Advance(connection, batch.Fence) };
    }

    /// <summary>Removes versions that a stream need not keep.</summary>
    public CompactedPage Compact(CompactionOrder order) => new LogChain(connection, streams).Compact(order, last);

    /// <summary>Takes records out of the log.</summary>
    public void Erase(string erasure, IReadOnlyList<RecordKey> records, IReadOnlyList<long> items, DateTimeOffset at, ErasureMarks marks) =>
        new LogEraser(connection, streams).Remove(erasure, records, items, at, last, marks);

    /// <summary>Takes a conversation out of the log.</summary>
    public long EraseChat(string session) => new LogEraser(connection, streams).RemoveChat(session, last);

    public int Allow(IReadOnlyList<UInt128> marks) => erased.Allow(marks);

    private AppendOutcome.Committed WriteEntries(PreparedBatch prepared, bool isErased)
    {
        var entries = prepared.Batch.Entries;
        var first = last + 1;
        var found = new Head[prepared.Groups];
        var owners = new StreamRow[prepared.Groups];
        ReadHeads(prepared, found, owners);

        var tally = new LogTally(entries.Count, names.Number);
        var run = entries.Count == 0 ? 0 : names.Number(prepared.Batch.Run);
        insert.Int(8, LogTime.Micros(prepared.Batch.At)).Int(9, run);
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            var group = prepared.GroupOf[i];
            ref var head = ref found[group];
            if (isErased && entry.Type == EntryType.Record && SaysErased(prepared, entry, head) && head is { Version: > 0, Operation: RecordOperation.Upsert })
                Insert(tally.Withdrawn(i, entry), prepared.Key(i), owners[group], ref head);
            else if (tally.IsToStore(i, entry, ref head, isErased && entry.Type == EntryType.Record && IsErased(prepared, i, entry, head)))
                Insert(entry, prepared.Key(i), owners[group], ref head);
        }
        WriteHeads(prepared, found, owners);
        streams.Write();
        return tally.Committed(prepared.Batch.Fence, first, last);
    }

    private bool IsErased(PreparedBatch prepared, int index, in NewEntry entry, in Head head) => erased.Holds(entry.Stream, prepared.Marks.Of(entry.Stream, prepared.Key(index)))
        || SaysErased(prepared, entry, head);

    private bool SaysErased(PreparedBatch prepared, in NewEntry entry, in Head head)
    {
        if (!LogJudgement.MaySayAgain(entry, head) && erased.HasOf(entry.Stream))
            foreach (var said in ErasedContent.Of(entry))
                if (erased.HoldsContent(entry.Stream, prepared.Marks.OfContent(entry.Stream, said)))
                    return true;
        return false;
    }

    private void ReadHeads(PreparedBatch prepared, Head[] found, StreamRow[] owners)
    {
        using var cursor = heads.Ascending();
        var before = -1;
        foreach (var index in prepared.Order)
        {
            var group = prepared.GroupOf[index];
            var entry = prepared.Batch.Entries[index];
            if (group == before)
            {
                if (owners[group].Type != entry.Type)
                    _ = streams.Of(entry.Stream, entry.Type);
                continue;
            }
            before = group;
            owners[group] = streams.Of(entry.Stream, entry.Type);
            found[group] = cursor.Find(owners[group].Id, prepared.Key(index));
        }
    }

    private void WriteHeads(PreparedBatch prepared, Head[] found, StreamRow[] owners)
    {
        var before = -1;
        foreach (var index in prepared.Order)
        {
            var group = prepared.GroupOf[index];
            if (group == before)
                continue;
            before = group;
            if (!found[group].Changed)
                continue;
            heads.Write(owners[group].Id, prepared.Key(index), found[group]);
            streams.Count(owners[group], found[group].Stored, found[group].Operation);
        }
    }

    private void Insert(in NewEntry entry, ReadOnlySpan<byte> key, StreamRow stream, ref Head head)
    {
        Span<byte> hash = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(hash, entry.Hash);
        last++;
        insert.Int(1, last).Int(2, (long)entry.Type).Int(3, SourcedPayload.FormatOf(entry.Source)).Int(4, stream.Id).Int(5, head.Version + 1).Int(6, (long)entry.Operation).Int(7, head.Position)
            .Utf8(10, key).Blob(11, hash).Blob(12, SourcedPayload.Write(entry.Payload, entry.Source).Span).Run();
        head = new Head
        {
            Position = last,
            Version = head.Version + 1,
            Operation = entry.Operation,
            Partition = names.Number(entry.Partition),
            Hash = entry.Hash,
            Stored = head.Stored,
            Changed = true,
        };
    }
}
