using Npgsql;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>The log in PostgreSQL, all tenants in the same tables.</summary>
internal sealed class PostgresLogStore(PostgresDatabase database, StaleWrites? stale = null, IRecordMarks? marks = null) : ILogStore
{
    // Names are asked for row by row: a tenant may have very many streams, and the planner knows of none while it plans.
    private const string Rows = """
        SELECT l.position, l.type, l.format, (SELECT name FROM sophia.streams WHERE tenant=$1 AND id=l.stream_id), l.key, l.version, l.operation, l.payload, l.hash, l.at,
            (SELECT name FROM sophia.names WHERE tenant=$1 AND id=l.run_id), l.previous
        """;

    /// <summary>Of a page of heads ($2 to $4) the versions that were newest at a moment ($5).</summary>
    public const string Stood = $"""
        WITH RECURSIVE page AS ({PostgresChain.Page}), chain(position, previous, at) AS (
            SELECT l.position, l.previous, l.at FROM page p CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=p.position OFFSET 0) AS l
            UNION ALL
            SELECT b.position, b.previous, b.at FROM chain c CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=c.previous OFFSET 0) AS b WHERE c.at > $5)
        {Rows} FROM chain c CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=c.position OFFSET 0) AS l WHERE c.at <= $5 AND l.operation = 1 ORDER BY l.key
        """;

    /// <summary>Walks from a key's newest row to the row before it, and takes no more steps than the limit needs.</summary>
    public const string Walk = $"""
        WITH RECURSIVE chain(position, previous, version, taken) AS (
            SELECT position, previous, version, (version < $4)::int FROM sophia.log WHERE tenant=$1 AND position=(
                SELECT position FROM sophia.heads WHERE tenant=$1 AND stream_id=(SELECT id FROM sophia.streams WHERE tenant=$1 AND name=$2) AND key=$3)
            UNION ALL
            SELECT b.position, b.previous, b.version, c.taken + (b.version < $4)::int FROM chain c
                CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=c.previous OFFSET 0) AS b WHERE c.taken < $5)
        {Rows} FROM chain c CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=c.position OFFSET 0) AS l
        WHERE c.version < $4 AND c.taken <= $5 ORDER BY c.version DESC
        """;

    public Task<Fence> Acquire(TenantId tenant, string owner, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        return database.Write(tenant, transaction => PostgresOwners.Acquire(transaction, owner), cancellation);
    }

    public async Task<AppendOutcome> Append(TenantId tenant, AppendBatch batch, CancellationToken cancellation)
    {
        var prepared = new PreparedBatch(batch, new ErasureMarks(marks, tenant));
        var outcome = await database.Write(tenant, transaction => new PostgresLogWriter(transaction, prepared).Append(), cancellation, bytes: prepared.Bytes);
        return stale?.Noted(tenant, batch.Fence, outcome) ?? outcome;
    }

    public Task<IReadOnlyList<LogEntry>> Read(TenantId tenant, long after, int limit, int maxBytes, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add($"""
            WITH page AS MATERIALIZED (SELECT *, sum(octet_length(payload)) OVER (ORDER BY position) - octet_length(payload) AS before
                FROM (SELECT * FROM sophia.log WHERE tenant=$1 AND position>$2 ORDER BY position LIMIT $3) AS next)
            {Rows} FROM page l WHERE before < greatest($4, 1) ORDER BY l.position
            """).Int(after).Int(limit).Int(maxBytes), Entry, cancellation);

    public async Task<long> Head(TenantId tenant, CancellationToken cancellation) =>
        (await database.List(tenant, ask => ask.Add("SELECT last_position FROM sophia.tenants WHERE tenant=$1"), row => row.GetInt64(0), cancellation)).FirstOrDefault();

    public async Task<LogEntry?> Newest(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        (await History(tenant, stream, key, null, 1, cancellation)).FirstOrDefault();

    public Task<IReadOnlyList<LogEntry>> History(TenantId tenant, string stream, string key, long? below, int limit, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add(Walk).Text(stream).Bytes(PostgresKey.Of(key)).Int(below ?? long.MaxValue).Int(limit), Entry, cancellation);

    public Task<IReadOnlyList<LogEntry>> Current(TenantId tenant, string stream, string? afterKey, int limit, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add($"""
            {Rows} FROM (SELECT key, position FROM sophia.heads WHERE tenant=$1 AND stream_id=(SELECT id FROM sophia.streams WHERE tenant=$1 AND name=$2)
                AND key {(afterKey is null ? ">=" : ">")} $3 ORDER BY key LIMIT $4) AS h
            CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=h.position OFFSET 0) AS l ORDER BY h.key
            """).Text(stream).Bytes(PostgresKey.Of(afterKey ?? "")).Int(limit), Entry, cancellation);

    public Task<IReadOnlyList<HeadEntry>> Heads(TenantId tenant, string stream, string? afterKey, string? partition, int limit, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add($"""
            SELECT h.key, h.position, h.version, h.operation, h.hash, (SELECT name FROM sophia.names WHERE tenant=$1 AND id=h.partition_id) FROM sophia.heads h
            WHERE h.tenant=$1 AND h.stream_id=(SELECT id FROM sophia.streams WHERE tenant=$1 AND name=$2) AND h.key {(afterKey is null ? ">=" : ">")} $3
                AND ($4 IS NULL OR h.partition_id=(SELECT id FROM sophia.names WHERE tenant=$1 AND name=$4))
            ORDER BY h.key LIMIT $5
            """).Text(stream).Bytes(PostgresKey.Of(afterKey ?? "")).Text(partition).Int(limit),
            row => new HeadEntry(stream, PostgresKey.Text(row.Bytes(0)), row.GetInt64(1), row.GetInt64(2), (RecordOperation)row.GetInt16(3), row.Hash(4), row.TextOrNull(5)), cancellation);

    public Task<IReadOnlyList<StreamCount>> Streams(TenantId tenant, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add("SELECT name, type, records, deleted, horizon FROM sophia.streams WHERE tenant=$1 ORDER BY name"),
            row => new StreamCount(row.GetString(0), (EntryType)row.GetInt16(1), row.GetInt64(2), row.GetInt64(3), row.IsDBNull(4) ? null : row.Time(4)), cancellation);

    public Task<AsOfPage> AsOf(TenantId tenant, string stream, DateTimeOffset moment, string? afterKey, int limit, CancellationToken cancellation) => database.Read(tenant, ask =>
    {
        ask.Add("SELECT horizon FROM sophia.streams WHERE tenant=$1 AND name=$2").Text(stream);
        ask.Add($"SELECT key FROM ({PostgresChain.Page}) AS page ORDER BY key LIMIT 1 OFFSET $4 - 1").Text(stream).Bytes(PostgresKey.Of(afterKey ?? "")).Int(limit);
        ask.Add(Stood).Text(stream).Bytes(PostgresKey.Of(afterKey ?? "")).Int(limit).Time(moment);
    }, async reader =>
    {
        DateTimeOffset? horizon = await reader.ReadAsync(cancellation) && !reader.IsDBNull(0) ? reader.Time(0) : null;
        await reader.NextResultAsync(cancellation);
        var next = await reader.ReadAsync(cancellation) ? PostgresKey.Text(reader.Bytes(0)) : null;
        await reader.NextResultAsync(cancellation);
        return horizon > moment ? new AsOfPage([], null, horizon) : new AsOfPage(await reader.Rows(Entry), next, horizon);
    }, cancellation);

    public Task<CompactedPage> Compact(TenantId tenant, CompactionOrder order, CancellationToken cancellation) => database.Write(tenant, transaction => PostgresChain.Compact(transaction, order), cancellation);

    public Task<Checkpoint?> Checkpoint(TenantId tenant, string pipeline, string partition, CancellationToken cancellation) =>
        database.Find(tenant, ask => ask.Add("SELECT partition, state, run, at FROM sophia.checkpoints WHERE tenant=$1 AND pipeline=$2 AND partition=$3").Text(pipeline).Text(partition),
            row => CheckpointOf(pipeline, row), cancellation);

    public Task<IReadOnlyList<Checkpoint>> Checkpoints(TenantId tenant, string pipeline, string? afterPartition, int limit, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add("""
            SELECT partition, state, run, at FROM sophia.checkpoints WHERE tenant=$1 AND pipeline=$2 AND ($3 IS NULL OR partition > $3) ORDER BY partition LIMIT $4
            """).Text(pipeline).Text(afterPartition).Int(limit), row => CheckpointOf(pipeline, row), cancellation);

    private static Checkpoint CheckpointOf(string pipeline, NpgsqlDataReader row) => new(pipeline, row.GetString(0), row.GetString(1), row.GetString(2), row.Time(3));

    private static LogEntry Entry(NpgsqlDataReader row)
    {
        var (payload, source) = SourcedPayload.Read(row.GetInt16(2), row.Bytes(7), $"Log row {row.GetInt64(0)}");
        return new LogEntry(row.GetInt64(0), (EntryType)row.GetInt16(1), row.GetString(3), PostgresKey.Text(row.Bytes(4)), row.GetInt64(5), (RecordOperation)row.GetInt16(6),
            payload, row.Hash(8), row.Time(9), row.TextOrNull(10) ?? "", row.GetInt64(11)) { Source = source };
    }
}
