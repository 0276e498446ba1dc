namespace Sophia.Postgres;

/// <summary>The tables, as docs/adr/0011 describes them. Where a column is called as in log.db, it means the same.</summary>
internal static class PostgresSchema
{
    /// <summary>Partitions of the log and of the heads. Part of the first migration: never changed.</summary>
    private const int Partitions = 16;

    /// <summary>Every table that has a tenant, and so row-level security.</summary>
    public static IReadOnlyList<string> TenantTables { get; } = [.. FirstTables, .. ErasureTables, .. ErasedContentTables, .. Knowledge.PostgresIndexSchema.Tables, .. Knowledge.SearchLedgerSchema.Tables, .. Knowledge.PostgresVectorSchema.Tables, .. Resilience.PostgresIdempotencySchema.Tables, .. Queues.QueueSchema.Tables];

    private static IReadOnlyList<string> FirstTables =>
    [
        "tenants", "streams", "names", "log", "heads", "owners", "once", "checkpoints", "sync_logs", "unreadable", "quarantine", "quarantine_counts", "grain_state", "reminders",
    ];

    private static IReadOnlyList<string> ErasureTables => ["erased"];

    private static IReadOnlyList<string> ErasedContentTables => ["erased_contents"];

    public static readonly IReadOnlyList<Migration> Migrations = 
    [
        new(1, 0, Format1 + Partitioned() + Security(FirstTables)),
        new(2, 1, Cluster.MembershipSchema.Format1 + Knowledge.PostgresIndexSchema.Format1 + Security(Knowledge.PostgresIndexSchema.Tables)),
        new(3, 1, Knowledge.SearchLedgerSchema.Format1 + Security(Knowledge.SearchLedgerSchema.Tables)),
        new(4, 1, Knowledge.PostgresVectorSchema.Format1 + Security(Knowledge.PostgresVectorSchema.Tables)),
        new(5, 1, Transformed),
        new(6, 1, Horizons),
        new(7, 1, Resilience.PostgresIdempotencySchema.Format1 + Security(Resilience.PostgresIdempotencySchema.Tables)),
        new(8, 1, Queues.QueueSchema.Postgres + Security(Queues.QueueSchema.Tables)),
        new(9, 1, Erased + Security(ErasureTables)),
        new(10, 1, ErasedContents + Security(ErasedContentTables)),
    ];

    public static int Version => Migrations.Count;

    private const string Format1 = """
        CREATE TABLE sophia.seals(role text PRIMARY KEY, inner_pad bytea NOT NULL, outer_pad bytea NOT NULL);
        CREATE TABLE sophia.store(id uuid NOT NULL DEFAULT gen_random_uuid());
        INSERT INTO sophia.store DEFAULT VALUES;
        CREATE FUNCTION sophia.current_tenant() RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$
        DECLARE
            told text := current_setting('sophia.tenant', true);
            name text := split_part(told, ':', 1);
        BEGIN
            RETURN (SELECT name FROM sophia.seals WHERE role = session_user
                AND split_part(told, ':', 2) = encode(sha256(outer_pad || sha256(inner_pad || convert_to(name, 'UTF8'))), 'hex'));
        END $f$;
        REVOKE ALL ON FUNCTION sophia.current_tenant() FROM PUBLIC;

        CREATE TABLE sophia.tenants(tenant text COLLATE "C" PRIMARY KEY, last_position bigint NOT NULL DEFAULT 0, last_name bigint NOT NULL DEFAULT 0,
            last_quarantine bigint NOT NULL DEFAULT 0, since timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 50);
        CREATE TABLE sophia.streams(tenant text COLLATE "C", id bigint, name text COLLATE "C" NOT NULL, type smallint NOT NULL, records bigint NOT NULL, deleted bigint NOT NULL,
            PRIMARY KEY(tenant, id), UNIQUE(tenant, name));
        CREATE TABLE sophia.names(tenant text COLLATE "C", id bigint, name text COLLATE "C" NOT NULL, PRIMARY KEY(tenant, id), UNIQUE(tenant, name));
        CREATE TABLE sophia.log(tenant text COLLATE "C" NOT NULL, position bigint NOT NULL, stream_id bigint NOT NULL, version bigint NOT NULL, previous bigint NOT NULL, at timestamptz NOT NULL,
            run_id bigint NOT NULL, key_id bigint NOT NULL, type smallint NOT NULL, format smallint NOT NULL, operation smallint NOT NULL,
            key bytea NOT NULL, hash bytea NOT NULL, payload bytea NOT NULL, PRIMARY KEY(tenant, position)) PARTITION BY HASH(tenant);
        CREATE TABLE sophia.heads(tenant text COLLATE "C" NOT NULL, stream_id bigint NOT NULL, position bigint NOT NULL, version bigint NOT NULL, partition_id bigint NOT NULL,
            operation smallint NOT NULL, key bytea NOT NULL, hash bytea NOT NULL, PRIMARY KEY(tenant, stream_id, key)) PARTITION BY HASH(tenant);
        CREATE TABLE sophia.owners(tenant text COLLATE "C", owner text COLLATE "C", epoch bigint NOT NULL, position bigint NOT NULL, PRIMARY KEY(tenant, owner));
        CREATE TABLE sophia.once(tenant text COLLATE "C", key text COLLATE "C", position bigint NOT NULL, at timestamptz NOT NULL, PRIMARY KEY(tenant, key));
        CREATE TABLE sophia.checkpoints(tenant text COLLATE "C", pipeline text COLLATE "C", partition text COLLATE "C", state text NOT NULL, run text NOT NULL, at timestamptz NOT NULL,
            PRIMARY KEY(tenant, pipeline, partition));
        CREATE TABLE sophia.sync_logs(tenant text COLLATE "C", run_id text COLLATE "C", id bigint NOT NULL, pipeline text COLLATE "C" NOT NULL, definition_version int NOT NULL,
            dry_run boolean NOT NULL, state text NOT NULL, reason text NOT NULL, started_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, ended_at timestamptz,
            paused_seconds float8 NOT NULL, records_in bigint NOT NULL, records_valid bigint NOT NULL, records_quarantined bigint NOT NULL, records_duplicate bigint NOT NULL,
            records_stored bigint NOT NULL, records_deleted bigint NOT NULL, records_chunked bigint NOT NULL, bytes bigint NOT NULL, unreadable bigint NOT NULL,
            partitions_total int NOT NULL, partitions_done int NOT NULL, quality_sum float8 NOT NULL, quality_records bigint NOT NULL,
            quality_score float8 GENERATED ALWAYS AS (quality_sum / nullif(quality_records, 0)) STORED, error text, last_position bigint NOT NULL, PRIMARY KEY(tenant, run_id));
        CREATE INDEX sync_logs_started ON sophia.sync_logs(tenant, started_at, id);
        CREATE INDEX sync_logs_pipeline ON sophia.sync_logs(tenant, pipeline, started_at, id);
        CREATE VIEW sophia.recent_syncs WITH (security_invoker = true) AS SELECT tenant, run_id, pipeline, state, reason, started_at, updated_at, ended_at, records_in, records_valid,
            records_quarantined, records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, quality_score, error,
            round(extract(epoch FROM now() - updated_at), 3) AS age_seconds
            FROM sophia.sync_logs WHERE updated_at >= now() - interval '1 day' ORDER BY started_at DESC;
        CREATE TABLE sophia.unreadable(tenant text COLLATE "C", run_id text COLLATE "C", path text COLLATE "C", reason text NOT NULL, bytes bigint NOT NULL, PRIMARY KEY(tenant, run_id, path));
        CREATE TABLE sophia.quarantine(tenant text COLLATE "C", id bigint, format smallint NOT NULL, key_id bigint NOT NULL, pipeline text COLLATE "C" NOT NULL, run text COLLATE "C" NOT NULL,
            stream text COLLATE "C" NOT NULL, key bytea, payload bytea, reasons text NOT NULL, state smallint NOT NULL, at timestamptz NOT NULL, origin_path text NOT NULL,
            origin_offset bigint NOT NULL, origin_length bigint NOT NULL, origin_line bigint NOT NULL, origin_hash text, definition_version int NOT NULL,
            head_version bigint NOT NULL, decided_by text, decided_at timestamptz, note text, PRIMARY KEY(tenant, id));
        CREATE INDEX quarantine_state ON sophia.quarantine(tenant, state, id);
        CREATE INDEX quarantine_key ON sophia.quarantine(tenant, stream, md5(key)) WHERE state = 1;
        CREATE TABLE sophia.quarantine_counts(tenant text COLLATE "C", pipeline text COLLATE "C", stream text COLLATE "C", rule text COLLATE "C", held bigint NOT NULL,
            PRIMARY KEY(tenant, pipeline, stream, rule));
        CREATE TABLE sophia.grain_state(tenant text COLLATE "C", grain text COLLATE "C", name text COLLATE "C", etag text NOT NULL, format int NOT NULL, key_id bigint NOT NULL, state bytea NOT NULL,
            PRIMARY KEY(tenant, grain, name));
        CREATE TABLE sophia.reminders(tenant text COLLATE "C", grain text COLLATE "C", name text COLLATE "C", hash bigint NOT NULL, start_ticks bigint NOT NULL, period_ticks bigint NOT NULL,
            etag text NOT NULL, PRIMARY KEY(tenant, grain, name));
        CREATE INDEX reminders_hash ON sophia.reminders(tenant, hash);

        """;

    /// <summary>What transforms did to a run's records; programs of before go on leaving the columns out.</summary>
    private const string Transformed = """
        ALTER TABLE sophia.sync_logs ADD COLUMN records_filtered bigint NOT NULL DEFAULT 0, ADD COLUMN values_nulled bigint NOT NULL DEFAULT 0;
        CREATE OR REPLACE VIEW sophia.recent_syncs WITH (security_invoker = true) AS SELECT tenant, run_id, pipeline, state, reason, started_at, updated_at, ended_at, records_in, records_valid,
            records_quarantined, records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, quality_score, error,
            round(extract(epoch FROM now() - updated_at), 3) AS age_seconds, records_filtered, values_nulled
            FROM sophia.sync_logs WHERE updated_at >= now() - interval '1 day' ORDER BY started_at DESC;

        """;

    /// <summary>From which moment on a stream can be read as it stood (docs/adr/0025); programs of before neither remove versions nor ask.</summary>
    private const string Horizons = "ALTER TABLE sophia.streams ADD COLUMN horizon timestamptz;";

    /// <summary>Records that were erased and may not come back (docs/adr/0025). Programs of before do not look here, and let them back.</summary>
    private const string Erased = """
        CREATE TABLE sophia.erased(tenant text COLLATE "C", stream text COLLATE "C", mark bytea, erasure text NOT NULL, at timestamptz NOT NULL, versions bigint NOT NULL, PRIMARY KEY(tenant, stream, mark));
        ALTER TABLE sophia.sync_logs ADD COLUMN records_blocked bigint NOT NULL DEFAULT 0;
        CREATE OR REPLACE VIEW sophia.recent_syncs WITH (security_invoker = true) AS SELECT tenant, run_id, pipeline, state, reason, started_at, updated_at, ended_at, records_in, records_valid,
            records_quarantined, records_duplicate, records_stored, records_deleted, records_chunked, bytes, unreadable, quality_score, error,
            round(extract(epoch FROM now() - updated_at), 3) AS age_seconds, records_filtered, values_nulled, records_blocked
            FROM sophia.sync_logs WHERE updated_at >= now() - interval '1 day' ORDER BY started_at DESC;

        """;

    /// <summary>What erased records said, by marks (docs/adr/0034). Programs of before do not look here: they keep erased records away by their keys alone.</summary>
    private const string ErasedContents = """
        CREATE TABLE sophia.erased_contents(tenant text COLLATE "C", stream text COLLATE "C", content bytea, mark bytea, PRIMARY KEY(tenant, stream, content, mark));

        """;

    /// <summary>Nobody is granted a partition; one that is granted by mistake shows nothing, having security and no policy.</summary>
    private static string Partitioned() => string.Concat(
        from table in (string[])["log", "heads"]
        from number in Enumerable.Range(0, Partitions)
        let name = $"sophia.{table}_{number:D2}"
        let fill = table == "heads" ? " WITH (fillfactor = 90)" : ""
        select $"""
            CREATE TABLE {name} PARTITION OF sophia.{table} FOR VALUES WITH (MODULUS {Partitions}, REMAINDER {number}){fill};
            ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

            """);

    private static string Security(IEnumerable<string> tables) => string.Concat(tables.Select(table => $"""
        ALTER TABLE sophia.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON sophia.{table} USING (tenant = (SELECT sophia.current_tenant())) WITH CHECK (tenant = (SELECT sophia.current_tenant()));

        """));
}
