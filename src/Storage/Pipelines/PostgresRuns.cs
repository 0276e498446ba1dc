using Sophia.Log;
using Sophia.Postgres;

namespace Sophia.Pipelines;

/// <summary>sync_logs in PostgreSQL: written in the append that it tells of.</summary>
internal static class PostgresRuns
{
    /// <param name="number">Orders runs that started at the same moment; used where the run is new.</param>
    public static void Write(TenantStatements tell, AppendBatch batch, AppendOutcome.Committed done, long number)
    {
        if (batch.RunRow is { } row)
            Put(tell, row, number);
        if (batch.RunDelta is { } delta)
            Add(tell, delta, batch, done);
        if (batch.Run.Length > 0 && done.LastPosition > 0)
            tell.Add("UPDATE sophia.sync_logs SET last_position=greatest(last_position, $3) WHERE tenant=$1 AND run_id=$2").Text(batch.Run).Int(done.LastPosition);
    }

    public static void AskWhetherThere(TenantStatements ask, AppendBatch batch) =>
        ask.Add("SELECT 1 FROM sophia.sync_logs WHERE tenant=$1 AND run_id=$2").Text(batch.RunDelta?.RunId);

    // As in RunTable: of a run that is there the counts stay, but for a dry run's.
    private static void Put(TenantStatements tell, RunRow row, long number)
    {
        var weight = RunTable.Weight(row);
        tell.Add("""
            INSERT INTO sophia.sync_logs AS s (tenant, run_id, id, pipeline, definition_version, dry_run, state, reason, started_at, updated_at, ended_at, paused_seconds, records_in,
                records_valid, records_quarantined, records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, partitions_total, partitions_done,
                quality_sum, quality_records, error, last_position, records_filtered, values_nulled, records_blocked)
            VALUES($1, $2, $3, $4, $5, $6 <> 0, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)
            ON CONFLICT(tenant, run_id) DO UPDATE SET pipeline=$4, definition_version=$5, dry_run=excluded.dry_run, state=$7, reason=$8, started_at=$9,
                updated_at=greatest(s.updated_at, $10), ended_at=$11, paused_seconds=$12, partitions_total=$22, partitions_done=greatest(s.partitions_done, $23), error=$26,
                last_position=greatest(s.last_position, $27)
            """)
            .Text(row.RunId).Int(number).Text(row.Pipeline).Int(row.DefinitionVersion).Int(row.DryRun ? 1 : 0).Text(RunTable.State(row.State)).Text(RunTable.Words(row.Reason))
            .Time(row.StartedAt).Time(row.UpdatedAt).Time(row.EndedAt).Real(row.PausedFor.TotalSeconds).Int(row.Counts.In).Int(row.Counts.Valid).Int(row.Counts.Quarantined)
            .Int(row.Counts.Duplicate).Int(row.Counts.Stored).Int(row.Counts.Deleted).Int(row.Counts.Chunked).Int(row.Counts.Bytes).Int(row.Counts.Unreadable)
            .Int(row.PartitionsTotal).Int(row.PartitionsDone).Real((row.QualityScore ?? 0) * weight).Int(weight).Text(RunTable.Words(row.Error)).Int(row.LastPosition)
            .Int(row.Counts.Filtered).Int(row.Counts.Nulled).Int(row.Counts.Blocked);
        if (row.DryRun)
            PutCounts(tell, row, weight);
    }

    private static void PutCounts(TenantStatements tell, RunRow row, long weight) =>
        tell.Add("""
            UPDATE sophia.sync_logs SET records_in=$3, records_valid=$4, records_quarantined=$5, records_duplicate=$6, records_stored=$7, records_deleted=$8, records_chunked=$9,
                bytes=$10, unreadable=$11, quality_sum=$12, quality_records=$13, records_filtered=$14, values_nulled=$15, records_blocked=$16
            WHERE tenant=$1 AND run_id=$2
            """)
            .Text(row.RunId).Int(row.Counts.In).Int(row.Counts.Valid).Int(row.Counts.Quarantined).Int(row.Counts.Duplicate).Int(row.Counts.Stored).Int(row.Counts.Deleted)
            .Int(row.Counts.Chunked).Int(row.Counts.Bytes).Int(row.Counts.Unreadable).Real((row.QualityScore ?? 0) * weight).Int(weight)
            .Int(row.Counts.Filtered).Int(row.Counts.Nulled).Int(row.Counts.Blocked);

    private static void Add(TenantStatements tell, RunDelta delta, AppendBatch batch, AppendOutcome.Committed done)
    {
        var (counts, own) = (delta.Counts, RunTable.OfRecords(batch.Entries, done.Dispositions));
        tell.Add("""
            UPDATE sophia.sync_logs SET updated_at=greatest(updated_at, $3), records_in=records_in+$4, records_valid=records_valid+$5, records_quarantined=records_quarantined+$6,
                records_duplicate=records_duplicate+$7, records_stored=records_stored+$8, records_deleted=records_deleted+$9, records_chunked=records_chunked+$10,
                bytes=bytes+$11, unreadable=unreadable+$12, partitions_done=partitions_done+$13, quality_sum=quality_sum+$14, quality_records=quality_records+$19,
                last_position=greatest(last_position, $15), records_filtered=records_filtered+$16, values_nulled=values_nulled+$17, records_blocked=records_blocked+$18
            WHERE tenant=$1 AND run_id=$2
            """)
            .Text(delta.RunId).Time(batch.At).Int(counts.In).Int(counts.Valid).Int(counts.Quarantined - done.BlockedItems).Int(counts.Duplicate + own.Duplicate).Int(counts.Stored + own.Stored)
            .Int(counts.Deleted + own.Deleted).Int(counts.Chunked).Int(counts.Bytes).Int(counts.Unreadable).Int(delta.PartitionsDone).Real(delta.QualitySum).Int(done.LastPosition)
            .Int(counts.Filtered).Int(counts.Nulled).Int(counts.Blocked + done.Blocked + done.BlockedItems).Int(delta.Judged);
        foreach (var file in delta.Unreadable ?? [])
            tell.Add("""
                INSERT INTO sophia.unreadable(tenant, run_id, path, reason, bytes) VALUES($1, $2, $3, $4, $5) ON CONFLICT(tenant, run_id, path) DO UPDATE SET reason=$4, bytes=$5
                """).Text(delta.RunId).Text(RunTable.Path(file.Path)).Text(RunTable.Words(file.Reason)).Int(file.Bytes);
    }
}
