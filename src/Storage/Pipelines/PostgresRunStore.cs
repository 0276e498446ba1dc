using Npgsql;
using Sophia.Log;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Run history from sync_logs in PostgreSQL.</summary>
internal sealed class PostgresRunStore(PostgresDatabase database) : IRunStore
{
    private const string Columns = """
        SELECT run_id, pipeline, definition_version, dry_run, state, reason, started_at, updated_at, ended_at, paused_seconds, records_in, records_valid,
            records_quarantined, records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, partitions_total, partitions_done,
            quality_score, error, last_position, records_filtered, values_nulled, records_blocked FROM sophia.sync_logs WHERE tenant=$1
        """;

    /// <summary>As in <see cref="RunTable.Streams"/>.</summary>
    internal static readonly string ByStream = $"""
        WITH logged AS (SELECT stream_id, operation FROM sophia.log WHERE tenant=$1 AND position > $3 - {IRunStore.RowsLookedAt} AND position <= $3 AND type = {(int)EntryType.Record}
            AND run_id = (SELECT id FROM sophia.names WHERE tenant=$1 AND name=$2) ORDER BY position DESC LIMIT $4),
        held AS (SELECT stream FROM sophia.quarantine WHERE tenant=$1 AND run=$2 AND id > (SELECT coalesce(max(id), 0) FROM sophia.quarantine WHERE tenant=$1) - {IRunStore.RowsLookedAt}
            ORDER BY id DESC LIMIT $5)
        SELECT stream, sum(stored)::bigint, sum(deleted)::bigint, sum(held)::bigint FROM (
            SELECT s.name AS stream, (l.operation = {(int)RecordOperation.Upsert})::int AS stored, (l.operation = {(int)RecordOperation.Delete})::int AS deleted, 0 AS held
                FROM logged l JOIN sophia.streams s ON s.tenant=$1 AND s.id=l.stream_id
            UNION ALL SELECT stream, 0, 0, 1 FROM held) r GROUP BY stream ORDER BY stream
        """;

    public Task<RunRow?> Find(TenantId tenant, string runId, CancellationToken cancellation) =>
        database.Find(tenant, ask => ask.Add($"{Columns} AND run_id=$2").Text(runId), Of, cancellation);

    public Task<IReadOnlyList<RunRow>> Recent(TenantId tenant, string? pipeline, int limit, CancellationToken cancellation) =>
        database.List(tenant, ask =>
        {
            if (pipeline is null)
                ask.Add($"{Columns} ORDER BY started_at DESC, id DESC LIMIT $2").Int(limit);
            else
                ask.Add($"{Columns} AND pipeline=$3 ORDER BY started_at DESC, id DESC LIMIT $2").Int(limit).Text(pipeline);
        }, Of, cancellation);

    public Task<IReadOnlyList<UnreadableView>> Unreadable(TenantId tenant, string runId, int limit, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add("SELECT path, reason, bytes FROM sophia.unreadable WHERE tenant=$1 AND run_id=$2 ORDER BY path LIMIT $3").Text(runId).Int(limit),
            row => new UnreadableView(row.GetString(0), row.GetString(1), row.GetInt64(2)), cancellation);

    public Task<IReadOnlyList<RunStreamView>> Streams(TenantId tenant, RunRow run, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add(ByStream).Text(run.RunId).Int(run.LastPosition).Int(run.Counts.Stored + run.Counts.Deleted).Int(run.Counts.Quarantined),
            row => new RunStreamView(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)), cancellation);

    private static RunRow Of(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetBoolean(3), Enum.Parse<RunState>(row.GetString(4), ignoreCase: true), row.GetString(5),
        row.Time(6), row.Time(7), row.TimeOrNull(8), TimeSpan.FromSeconds(row.GetDouble(9)),
        new RunCounts(row.GetInt64(10), row.GetInt64(11), row.GetInt64(12), row.GetInt64(13), row.GetInt64(14), row.GetInt64(15), row.GetInt64(16), row.GetInt64(17), row.GetInt64(18),
            row.GetInt64(24), row.GetInt64(25), row.GetInt64(26)),
        row.GetInt32(19), row.GetInt32(20), row.IsDBNull(21) ? null : row.GetDouble(21), row.TextOrNull(22), row.GetInt64(23));
}
