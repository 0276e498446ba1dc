using System.Buffers.Binary;
using Npgsql;
using Sophia.Postgres;

namespace Sophia.Log;

/// <summary>The heads of the keys of one append: found by one statement, written by two (new ones, and changed ones).</summary>
internal sealed class PostgresHeads(PreparedBatch prepared)
{
    /// <summary>Finds heads by their whole keys. OFFSET 0 keeps the planner from turning the questions round and reading all heads of the tenant.</summary>
    public const string Find = """
        SELECT w.place, h.position, h.version, h.operation, h.partition_id, h.hash FROM unnest($2::bigint[], $3::bytea[]) WITH ORDINALITY AS w(stream_id, key, place)
        CROSS JOIN LATERAL (SELECT * FROM sophia.heads WHERE tenant=$1 AND stream_id=w.stream_id AND key=w.key OFFSET 0) AS h
        """;

    private const string Insert = "INSERT INTO sophia.heads(tenant, stream_id, key, position, version, operation, partition_id, hash) SELECT $1, unnest($2::bigint[]), unnest($3::bytea[]), unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::smallint[]), unnest($7::bigint[]), unnest($8::bytea[])";

    private readonly Head[] found = new Head[prepared.Groups];
    private readonly long[] streams = new long[prepared.Groups];
    private readonly ReadOnlyMemory<byte>[] keys = new ReadOnlyMemory<byte>[prepared.Groups];

    /// <summary>The head of a group of entries that have one key. Version 0: new.</summary>
    public ref Head this[int group] => ref found[group];

    public long Stream(int group) => streams[group];

    public void BelongsTo(int group, long stream) => streams[group] = stream;

    /// <summary>Asks for the heads in streams that are known; in a new stream there are none.</summary>
    public void Ask(TenantStatements ask, TenantMemory memory)
    {
        for (var i = prepared.Order.Length - 1; i >= 0; i--)
        {
            var index = prepared.Order[i];
            var group = prepared.GroupOf[index];
            keys[group] = prepared.KeyMemory(index);
            streams[group] = memory.Stream(prepared.Batch.Entries[index].Stream)?.Id ?? 0;
        }
        ask.Add(Find).Ints(streams).Blobs(keys);
    }

    public async Task Read(NpgsqlDataReader reader)
    {
        while (await reader.ReadAsync())
        {
            var operation = (RecordOperation)reader.GetInt16(3);
            found[reader.GetInt64(0) - 1] = new Head
            {
                Position = reader.GetInt64(1), Version = reader.GetInt64(2), Operation = operation, Partition = reader.GetInt64(4), Hash = reader.Hash(5), Stored = operation,
            };
        }
    }

    public void Write(TenantStatements tell)
    {
        Write(tell, [.. Enumerable.Range(0, found.Length).Where(group => found[group] is { Changed: true, Stored: null })], Insert);
        Write(tell, [.. Enumerable.Range(0, found.Length).Where(group => found[group] is { Changed: true, Stored: not null })],
            Insert + " ON CONFLICT(tenant, stream_id, key) DO UPDATE SET position=excluded.position, version=excluded.version, operation=excluded.operation, partition_id=excluded.partition_id, hash=excluded.hash");
        Count(tell);
    }

    public static ReadOnlyMemory<byte> Bytes(UInt128 hash)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        return bytes;
    }

    private void Write(TenantStatements tell, int[] groups, string sql)
    {
        if (groups.Length > 0)
            tell.Add(sql).Ints([.. groups.Select(g => streams[g])]).Blobs([.. groups.Select(g => keys[g])]).Ints([.. groups.Select(g => found[g].Position)])
                .Ints([.. groups.Select(g => found[g].Version)]).Shorts([.. groups.Select(g => (short)found[g].Operation)]).Ints([.. groups.Select(g => found[g].Partition)])
                .Blobs([.. groups.Select(g => Bytes(found[g].Hash))]);
    }

    private void Count(TenantStatements tell)
    {
        var counts = new Dictionary<long, (long Records, long Deleted)>();
        for (var group = 0; group < found.Length; group++)
            if (found[group] is { Changed: true } head && head.Stored != head.Operation)
            {
                var (records, deleted) = counts.GetValueOrDefault(streams[group]);
                counts[streams[group]] = (records + Is(head.Operation, RecordOperation.Upsert) - Is(head.Stored, RecordOperation.Upsert),
                    deleted + Is(head.Operation, RecordOperation.Delete) - Is(head.Stored, RecordOperation.Delete));
            }
        foreach (var (stream, (records, deleted)) in counts)
            tell.Add("UPDATE sophia.streams SET records=records+$3, deleted=deleted+$4 WHERE tenant=$1 AND id=$2").Int(stream).Int(records).Int(deleted);
    }

    private static long Is(RecordOperation? one, RecordOperation other) => one == other ? 1 : 0;
}
