using Sophia.Operations;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>log.db: what a tenant's log store remembers. Times are microseconds since 1970 UTC, in sync_logs ISO 8601 text in UTC.</summary>
/// <remarks>
/// Written out in docs/adr/0003. Keys and names compare by their UTF-8 bytes. Names that repeat (streams; runs and partitions) stand once and
/// are numbered. <c>key_id</c> is the tenant data key that a payload is sealed with; 0: not sealed.
/// </remarks>
internal static class LogSchema
{
    public static readonly DatabaseKind Kind = new("log.db", 0x536F504C, [Format1, Format2, Format3, Resilience.IdempotencyTable.Schema, Queues.QueueSchema.Sqlite, Format6, Format7], Durability.Full);

    /// <summary>The format of log rows whose payload is the entry's bytes as given; those that were transformed have <see cref="SourcedPayload.Format"/>.</summary>
    public const int RowFormat = 1;

    private const string Format1 = """
        CREATE TABLE streams(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, type INTEGER NOT NULL, records INTEGER NOT NULL, deleted INTEGER NOT NULL);
        CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE log(position INTEGER PRIMARY KEY, type INTEGER NOT NULL, format INTEGER NOT NULL, key_id INTEGER NOT NULL, stream_id INTEGER NOT NULL,
            version INTEGER NOT NULL, operation INTEGER NOT NULL, previous INTEGER NOT NULL, at INTEGER NOT NULL, run_id INTEGER NOT NULL,
            key TEXT NOT NULL, hash BLOB NOT NULL, payload BLOB NOT NULL);
        CREATE TABLE heads(stream_id INTEGER NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, version INTEGER NOT NULL, operation INTEGER NOT NULL,
            partition_id INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(stream_id, key)) WITHOUT ROWID;
        CREATE TABLE owners(owner TEXT PRIMARY KEY, epoch INTEGER NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE once(key TEXT PRIMARY KEY, position INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE checkpoints(pipeline TEXT NOT NULL, partition TEXT NOT NULL, state TEXT NOT NULL, run TEXT NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY(pipeline, partition)) WITHOUT ROWID;
        CREATE TABLE sync_logs(id INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL, definition_version INTEGER NOT NULL, dry_run INTEGER NOT NULL,
            state TEXT NOT NULL, reason TEXT NOT NULL, started_at TEXT NOT NULL, updated_at TEXT NOT NULL, ended_at TEXT, paused_seconds REAL NOT NULL,
            records_in INTEGER NOT NULL, records_valid INTEGER NOT NULL, records_quarantined INTEGER NOT NULL, records_duplicate INTEGER NOT NULL,
            records_stored INTEGER NOT NULL, records_deleted INTEGER NOT NULL, records_chunked INTEGER NOT NULL, bytes INTEGER NOT NULL, unreadable INTEGER NOT NULL,
            partitions_total INTEGER NOT NULL, partitions_done INTEGER NOT NULL, quality_sum REAL NOT NULL, quality_records INTEGER NOT NULL,
            quality_score REAL GENERATED ALWAYS AS (quality_sum / nullif(quality_records, 0)) VIRTUAL, error TEXT, last_position INTEGER NOT NULL);
        CREATE INDEX sync_logs_started ON sync_logs(started_at, id);
        CREATE INDEX sync_logs_pipeline ON sync_logs(pipeline, started_at, id);
        CREATE VIEW recent_syncs AS SELECT run_id, pipeline, state, reason, started_at, updated_at, ended_at, records_in, records_valid, records_quarantined,
            records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, quality_score, error,
            round((julianday('now') - julianday(updated_at)) * 86400, 3) AS age_seconds
            FROM sync_logs WHERE updated_at >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-1 day') ORDER BY started_at DESC;
        CREATE TABLE unreadable(run_id TEXT NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY(run_id, path)) WITHOUT ROWID;
        CREATE TABLE quarantine(id INTEGER PRIMARY KEY AUTOINCREMENT, format INTEGER NOT NULL, key_id INTEGER NOT NULL, pipeline TEXT NOT NULL, run TEXT NOT NULL,
            stream TEXT NOT NULL, key TEXT, payload BLOB, reasons TEXT NOT NULL, state INTEGER NOT NULL, at INTEGER NOT NULL, origin_path TEXT NOT NULL,
            origin_offset INTEGER NOT NULL, origin_length INTEGER NOT NULL, origin_line INTEGER NOT NULL, origin_hash TEXT, definition_version INTEGER NOT NULL,
            head_version INTEGER NOT NULL, decided_by TEXT, decided_at INTEGER, note TEXT);
        CREATE INDEX quarantine_state ON quarantine(state, id);
        CREATE INDEX quarantine_key ON quarantine(stream, key, id) WHERE state = 1;
        CREATE TABLE quarantine_counts(pipeline TEXT NOT NULL, stream TEXT NOT NULL, rule TEXT NOT NULL, held INTEGER NOT NULL,
            PRIMARY KEY(pipeline, stream, rule)) WITHOUT ROWID;

        """ + GrainStateTable.Schema;

    /// <summary>What transforms did to a run's records.</summary>
    private const string Format2 = """
        ALTER TABLE sync_logs ADD COLUMN records_filtered INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE sync_logs ADD COLUMN values_nulled INTEGER NOT NULL DEFAULT 0;
        DROP VIEW recent_syncs;
        CREATE VIEW recent_syncs AS SELECT run_id, pipeline, state, reason, started_at, updated_at, ended_at, records_in, records_valid, records_quarantined,
            records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, quality_score, error,
            round((julianday('now') - julianday(updated_at)) * 86400, 3) AS age_seconds, records_filtered, values_nulled
            FROM sync_logs WHERE updated_at >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-1 day') ORDER BY started_at DESC;
        """;

    /// <summary>From which moment on a stream can be read as it stood (docs/adr/0025); null: from its beginning.</summary>
    private const string Format3 = "ALTER TABLE streams ADD COLUMN horizon INTEGER";

    /// <summary>What erased records said, by marks (docs/adr/0034); <c>mark</c> is that of the record in <c>erased</c>.</summary>
    private const string Format7 = "CREATE TABLE erased_contents(stream TEXT NOT NULL, content BLOB NOT NULL, mark BLOB NOT NULL, PRIMARY KEY(stream, content, mark)) WITHOUT ROWID";

    /// <summary>Records that were erased and may not come back (docs/adr/0025), and how many a run left out for it.</summary>
    private const string Format6 = """
        CREATE TABLE erased(stream TEXT NOT NULL, mark BLOB NOT NULL, erasure TEXT NOT NULL, at INTEGER NOT NULL, versions INTEGER NOT NULL, PRIMARY KEY(stream, mark)) WITHOUT ROWID;
        ALTER TABLE sync_logs ADD COLUMN records_blocked INTEGER NOT NULL DEFAULT 0;
        DROP VIEW recent_syncs;
        CREATE VIEW recent_syncs AS SELECT run_id, pipeline, state, reason, started_at, updated_at, ended_at, records_in, records_valid, records_quarantined,
            records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, quality_score, error,
            round((julianday('now') - julianday(updated_at)) * 86400, 3) AS age_seconds, records_filtered, values_nulled, records_blocked
            FROM sync_logs WHERE updated_at >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-1 day') ORDER BY started_at DESC;
        """;
}
