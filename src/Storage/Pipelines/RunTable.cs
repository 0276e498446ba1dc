using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Pipelines;

/// <summary>sync_logs: one row a run, readable with plain SQL, written in the append that it tells of.</summary>
internal static class RunTable
{
    /// <summary>The longest path of what could not be read, in bytes of UTF-8; of a longer one so many characters of its beginning and end are kept.</summary>
    private const int MaxPathBytes = 2_000, ShownBeginning = 300, ShownEnd = 200;

    private const string Columns = """
        run_id, pipeline, definition_version, dry_run, state, reason, started_at, updated_at, ended_at, paused_seconds, records_in, records_valid,
        records_quarantined, records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, partitions_total, partitions_done,
        quality_score, error, last_position, records_filtered, values_nulled, records_blocked FROM sync_logs
        """;

    public static void Write(DatabaseConnection connection, AppendBatch batch, AppendOutcome.Committed done)
    {
        if (batch.RunRow is { } row)
            Put(connection, row);
        if (batch.RunDelta is { } delta)
            Add(connection, delta, batch, done);
        if (batch.Run.Length > 0 && done.LastPosition > 0)
            connection.Prepare("UPDATE sync_logs SET last_position=max(last_position, ?2) WHERE run_id=?1").Text(1, batch.Run).Int(2, done.LastPosition).Run();
    }

    public static RunRow? Find(DatabaseConnection connection, string runId)
    {
        using var find = connection.Prepare($"SELECT {Columns} WHERE run_id=?1").Text(1, runId);
        return find.Step() ? Of(find) : null;
    }

    public static IReadOnlyList<RunRow> Recent(DatabaseConnection connection, string? pipeline, int limit)
    {
        using var rows = pipeline is null
            ? connection.Prepare($"SELECT {Columns} ORDER BY started_at DESC, id DESC LIMIT ?1").Int(1, limit)
            : connection.Prepare($"SELECT {Columns} WHERE pipeline=?2 ORDER BY started_at DESC, id DESC LIMIT ?1").Int(1, limit).Text(2, pipeline);
        var found = new List<RunRow>();
        while (rows.Step())
            found.Add(Of(rows));
        return found;
    }

    public static IReadOnlyList<UnreadableView> Unreadable(DatabaseConnection connection, string runId, int limit)
    {
        using var rows = connection.Prepare("SELECT path, reason, bytes FROM unreadable WHERE run_id=?1 ORDER BY path LIMIT ?2").Text(1, runId).Int(2, limit);
        var found = new List<UnreadableView>();
        while (rows.Step())
            found.Add(new UnreadableView(rows.Text(0), rows.Text(1), rows.Int(2)));
        return found;
    }

    // A run's rows are the newest up to its last; once as many are found as it counted, nothing more is looked at.
    public static IReadOnlyList<RunStreamView> Streams(DatabaseConnection connection, RunRow run)
    {
        using var rows = connection.Prepare($"""
            WITH logged AS (SELECT stream_id, operation FROM log WHERE position > ?2 - {IRunStore.RowsLookedAt} AND position <= ?2 AND type = {(int)EntryType.Record}
                AND run_id = (SELECT id FROM names WHERE name = ?1) ORDER BY position DESC LIMIT ?3),
            held AS (SELECT stream FROM quarantine WHERE run = ?1 AND id > (SELECT coalesce(max(id), 0) FROM quarantine) - {IRunStore.RowsLookedAt} ORDER BY id DESC LIMIT ?4)
            SELECT stream, sum(stored), sum(deleted), sum(held) FROM (
                SELECT s.name AS stream, l.operation = {(int)RecordOperation.Upsert} AS stored, l.operation = {(int)RecordOperation.Delete} AS deleted, 0 AS held FROM logged l JOIN streams s ON s.id = l.stream_id
                UNION ALL SELECT stream, 0, 0, 1 FROM held) GROUP BY stream ORDER BY stream
            """);
        rows.Text(1, run.RunId).Int(2, run.LastPosition).Int(3, run.Counts.Stored + run.Counts.Deleted).Int(4, run.Counts.Quarantined);
        var found = new List<RunStreamView>();
        while (rows.Step())
            found.Add(new RunStreamView(rows.Text(0), rows.Int(1), rows.Int(2), rows.Int(3)));
        return found;
    }

    /// <summary>A score that is given stands for all records so far, so that later batches are weighed against it.</summary>
    public static long Weight(RunRow row) => row.QualityScore is null ? 0 : Math.Max(1, row.Counts.In);

    // Of a run that is there the counts stay: only the appends that do the work change them, so a row written from an older reading takes none away.
    private static void Put(DatabaseConnection connection, RunRow row)
    {
        var weight = Weight(row);
        connection.Prepare("""
            INSERT INTO sync_logs(run_id, pipeline, definition_version, dry_run, state, reason, started_at, updated_at, ended_at, paused_seconds, records_in, records_valid,
                records_quarantined, records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, partitions_total, partitions_done,
                quality_sum, quality_records, error, last_position, records_filtered, values_nulled, records_blocked)
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)
            ON CONFLICT(run_id) DO UPDATE SET pipeline=?2, definition_version=?3, dry_run=?4, state=?5, reason=?6, started_at=?7, updated_at=max(updated_at, ?8), ended_at=?9,
                paused_seconds=?10, partitions_total=?20, partitions_done=max(partitions_done, ?21), error=?24, last_position=max(last_position, ?25)
            """)
            .Text(1, row.RunId).Text(2, row.Pipeline).Int(3, row.DefinitionVersion).Int(4, row.DryRun ? 1 : 0).Text(5, State(row.State)).Text(6, Words(row.Reason))
            .Text(7, LogTime.Text(row.StartedAt)).Text(8, LogTime.Text(row.UpdatedAt)).Text(9, row.EndedAt is { } ended ? LogTime.Text(ended) : null)
            .Real(10, row.PausedFor.TotalSeconds).Int(11, row.Counts.In).Int(12, row.Counts.Valid).Int(13, row.Counts.Quarantined).Int(14, row.Counts.Duplicate)
            .Int(15, row.Counts.Stored).Int(16, row.Counts.Deleted).Int(17, row.Counts.Chunked).Int(18, row.Counts.Bytes).Int(19, row.Counts.Unreadable)
            .Int(20, row.PartitionsTotal).Int(21, row.PartitionsDone).Real(22, (row.QualityScore ?? 0) * weight).Int(23, weight).Text(24, Words(row.Error)).Int(25, row.LastPosition)
            .Int(26, row.Counts.Filtered).Int(27, row.Counts.Nulled).Int(28, row.Counts.Blocked)
            .Run();
        if (row.DryRun)
            PutCounts(connection, row, weight);
    }

    // A dry run's appends do no work: what it counted is what its row says.
    private static void PutCounts(DatabaseConnection connection, RunRow row, long weight) =>
        connection.Prepare("""
            UPDATE sync_logs SET records_in=?2, records_valid=?3, records_quarantined=?4, records_duplicate=?5, records_stored=?6, records_deleted=?7, records_chunked=?8,
                bytes=?9, unreadable=?10, quality_sum=?11, quality_records=?12, records_filtered=?13, values_nulled=?14, records_blocked=?15
            WHERE run_id=?1
            """)
            .Text(1, row.RunId).Int(2, row.Counts.In).Int(3, row.Counts.Valid).Int(4, row.Counts.Quarantined).Int(5, row.Counts.Duplicate).Int(6, row.Counts.Stored)
            .Int(7, row.Counts.Deleted).Int(8, row.Counts.Chunked).Int(9, row.Counts.Bytes).Int(10, row.Counts.Unreadable).Real(11, (row.QualityScore ?? 0) * weight).Int(12, weight)
            .Int(13, row.Counts.Filtered).Int(14, row.Counts.Nulled).Int(15, row.Counts.Blocked)
            .Run();

    private static void Add(DatabaseConnection connection, RunDelta delta, AppendBatch batch, AppendOutcome.Committed done)
    {
        var (counts, own) = (delta.Counts, OfRecords(batch.Entries, done.Dispositions));
        using var add = connection.Prepare("""
            UPDATE sync_logs SET updated_at=max(updated_at, ?2), records_in=records_in+?3, records_valid=records_valid+?4, records_quarantined=records_quarantined+?5,
                records_duplicate=records_duplicate+?6, records_stored=records_stored+?7, records_deleted=records_deleted+?8, records_chunked=records_chunked+?9,
                bytes=bytes+?10, unreadable=unreadable+?11, partitions_done=partitions_done+?12, quality_sum=quality_sum+?13, quality_records=quality_records+?18,
                last_position=max(last_position, ?14), records_filtered=records_filtered+?15, values_nulled=values_nulled+?16, records_blocked=records_blocked+?17
            WHERE run_id=?1
            """);
        add.Text(1, delta.RunId).Text(2, LogTime.Text(batch.At)).Int(3, counts.In).Int(4, counts.Valid).Int(5, counts.Quarantined - done.BlockedItems)
            .Int(6, counts.Duplicate + own.Duplicate).Int(7, counts.Stored + own.Stored).Int(8, counts.Deleted + own.Deleted).Int(9, counts.Chunked)
            .Int(10, counts.Bytes).Int(11, counts.Unreadable).Int(12, delta.PartitionsDone).Real(13, delta.QualitySum).Int(14, done.LastPosition)
            .Int(15, counts.Filtered).Int(16, counts.Nulled).Int(17, counts.Blocked + done.Blocked + done.BlockedItems).Int(18, delta.Judged).Step();
        if (connection.Scalar("SELECT changes()") == 0)
            throw new InvalidOperationException($"The run {delta.RunId} has no row to add to: append its RunRow first.");
        foreach (var file in delta.Unreadable ?? [])
            connection.Prepare("INSERT OR REPLACE INTO unreadable(run_id, path, reason, bytes) VALUES(?1, ?2, ?3, ?4)")
                .Text(1, delta.RunId).Text(2, Path(file.Path)).Text(3, Words(file.Reason)).Int(4, file.Bytes).Run();
    }

    /// <summary>A run counts records; audit entries and the like that travel in the same append are no records.</summary>
    public static RunCounts OfRecords(IReadOnlyList<NewEntry> entries, IReadOnlyList<EntryDisposition> dispositions)
    {
        long stored = 0, duplicate = 0, deleted = 0;
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i].Type != EntryType.Record)
                continue;
            if (dispositions[i] == EntryDisposition.Duplicate)
                duplicate++;
            else if (dispositions[i] == EntryDisposition.Withdrawn)
                deleted++;
            else if (dispositions[i] == EntryDisposition.Stored)
                _ = entries[i].Operation == RecordOperation.Delete ? deleted++ : stored++;
        }
        return new RunCounts(Duplicate: duplicate, Stored: stored, Deleted: deleted);
    }

    private static RunRow Of(SqliteStatement row) => new(
        row.Text(0), row.Text(1), (int)row.Int(2), row.Int(3) != 0, Enum.Parse<RunState>(row.Text(4), ignoreCase: true), row.Text(5),
        LogTime.FromText(row.Text(6)), LogTime.FromText(row.Text(7)), row.IsNull(8) ? null : LogTime.FromText(row.Text(8)), TimeSpan.FromSeconds(row.RealOrNull(9) ?? 0),
        new RunCounts(row.Int(10), row.Int(11), row.Int(12), row.Int(13), row.Int(14), row.Int(15), row.Int(16), row.Int(17), row.Int(18), row.Int(24), row.Int(25), row.Int(26)),
        (int)row.Int(19), (int)row.Int(20), row.RealOrNull(21), row.TextOrNull(22), row.Int(23));

    /// <summary>A text for people: a zero, which PostgreSQL cannot hold, is shown as U+FFFD.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Words(string? text) => text?.Replace('\0', '\uFFFD');

    /// <summary>The path of what could not be read, short enough to be a key in every store: of a long one its beginning, what tells it from others, and its end.</summary>
    public static string Path(string path)
    {
        if (path.Length <= ShownEnd || Encoding.UTF8.GetByteCount(path) <= MaxPathBytes)
            return Words(path);
        var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)).AsSpan(0, 8));
        return Words($"{Whole(path[..ShownBeginning])}…{mark}…{Whole(path[^ShownEnd..])}");
    }

    private static string Whole(string part) => part[(char.IsLowSurrogate(part[0]) ? 1 : 0)..(char.IsHighSurrogate(part[^1]) ? part.Length - 1 : part.Length)];

    public static string State(RunState state) => state.ToString().ToLowerInvariant();
}
