using Sophia.Postgres;

namespace Sophia.Log;

/// <summary>Judges the entries of one append in their own order, and writes the rows that are to be.</summary>
internal sealed class PostgresRows(PreparedBatch prepared, TenantCounters counters, PostgresNaming naming, PostgresHeads heads, PostgresErasure erasure)
{
    private IReadOnlyList<NewEntry> entries = prepared.Batch.Entries;
    private readonly List<int> stored = [];
    private readonly List<long> versions = [];
    private readonly List<long> before = [];
    private readonly long run = prepared.Batch.Entries.Count == 0 ? 0 : naming.Number(prepared.Batch.Run);
    private long first;

    /// <exception cref="ArgumentException">A stream holds another type.</exception>
    public AppendOutcome.Committed Judge()
    {
        first = counters.Position + 1;
        var tally = new LogTally(entries.Count, naming.Number);
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            var group = prepared.GroupOf[i];
            heads.BelongsTo(group, naming.Stream(entry.Stream, entry.Type));
            ref var head = ref heads[group];
            if (erasure.SaysErased(entry, head) && head is { Version: > 0, Operation: RecordOperation.Upsert })
            {
                var some = entries as NewEntry[] ?? [.. entries];
                (some[i], entries) = (tally.Withdrawn(i, entry), some);
                Store(i, ref head);
            }
            else if (tally.IsToStore(i, entry, ref head, erasure.Holds(i, head)))
                Store(i, ref head);
        }
        return tally.Committed(prepared.Batch.Fence, first, counters.Position);
    }

    public void Write(TenantStatements tell)
    {
        if (stored.Count == 0)
            return;
        tell.Add($"""
            INSERT INTO sophia.log(tenant, position, type, format, key_id, stream_id, version, operation, previous, at, run_id, key, hash, payload)
            SELECT $1, $2 + w.place, w.type, w.format, 0, w.stream_id, w.version, w.operation, w.previous, $3, $4, w.key, w.hash, w.payload
            FROM (SELECT generate_series(1, cardinality($5::smallint[])) AS place, unnest($5::smallint[]) AS type, unnest($6::bigint[]) AS stream_id, unnest($7::bigint[]) AS version,
                unnest($8::smallint[]) AS operation, unnest($9::bigint[]) AS previous, unnest($10::bytea[]) AS key, unnest($11::bytea[]) AS hash, unnest($12::bytea[]) AS payload,
                unnest($13::smallint[]) AS format) AS w
            """).Int(first - 1).Time(prepared.Batch.At).Int(run)
            .Shorts([.. stored.Select(i => (short)entries[i].Type)]).Ints([.. stored.Select(i => heads.Stream(prepared.GroupOf[i]))]).Ints([.. versions])
            .Shorts([.. stored.Select(i => (short)entries[i].Operation)]).Ints([.. before]).Blobs([.. stored.Select(prepared.KeyMemory)])
            .Blobs([.. stored.Select(i => PostgresHeads.Bytes(entries[i].Hash))]).Blobs([.. stored.Select(i => SourcedPayload.Write(entries[i].Payload, entries[i].Source))])
            .Shorts([.. stored.Select(i => (short)SourcedPayload.FormatOf(entries[i].Source))]);
    }

    private void Store(int index, ref Head head)
    {
        var entry = entries[index];
        stored.Add(index);
        versions.Add(head.Version + 1);
        before.Add(head.Position);
        head = new Head
        {
            Position = ++counters.Position, Version = head.Version + 1, Operation = entry.Operation, Partition = naming.Number(entry.Partition), Hash = entry.Hash, Stored = head.Stored, Changed = true,
        };
    }
}
