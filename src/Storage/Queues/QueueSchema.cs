namespace Sophia.Queues;

/// <summary>The tables of a tenant's queues (docs/adr/0030): in log.db, and, with a tenant in front, in PostgreSQL.</summary>
internal static class QueueSchema
{
    /// <summary>The format of rows whose payload is the text as given, in UTF-8.</summary>
    public const int RowFormat = 1;

    /// <summary>Queues of one tenant.</summary>
    public const int MaxQueues = 1_000;

    public static readonly IReadOnlyList<string> Tables = ["queues", "queue_items", "queue_numbers"];

    public const string Sqlite = """
        CREATE TABLE queues(queue TEXT PRIMARY KEY, accepted INTEGER NOT NULL, pending INTEGER NOT NULL, leased INTEGER NOT NULL, done INTEGER NOT NULL, dead INTEGER NOT NULL,
            quarantined INTEGER NOT NULL, weight INTEGER NOT NULL, held_because TEXT, held_by TEXT, held_at INTEGER) WITHOUT ROWID;
        CREATE TABLE queue_items(id INTEGER PRIMARY KEY, format INTEGER NOT NULL, key_id INTEGER NOT NULL, queue TEXT NOT NULL, kind TEXT NOT NULL, state INTEGER NOT NULL, gate INTEGER NOT NULL,
            rank INTEGER NOT NULL, due_at INTEGER NOT NULL, priority INTEGER NOT NULL, cost INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, deadline INTEGER,
            attempts INTEGER NOT NULL, max_attempts INTEGER NOT NULL, lapses INTEGER NOT NULL, dedup TEXT, order_key TEXT, lease INTEGER NOT NULL, lease_until INTEGER, worker TEXT,
            origin TEXT, replay INTEGER, cause INTEGER, error TEXT, payload BLOB NOT NULL);
        CREATE INDEX queue_ready ON queue_items(queue, rank, id) WHERE state = 1 AND gate = 1;
        CREATE INDEX queue_due ON queue_items(due_at) WHERE state = 1 AND gate = 0;
        CREATE INDEX queue_leases ON queue_items(lease_until) WHERE state = 2;
        CREATE INDEX queue_done ON queue_items(changed_at) WHERE state = 3;
        CREATE INDEX queue_dead ON queue_items(id) WHERE state > 3;
        CREATE UNIQUE INDEX queue_dedup ON queue_items(queue, dedup) WHERE dedup IS NOT NULL;
        CREATE INDEX queue_order ON queue_items(queue, order_key, id) WHERE order_key IS NOT NULL AND state < 3;
        CREATE INDEX queue_replay ON queue_items(replay) WHERE replay IS NOT NULL;
        CREATE TABLE queue_numbers(name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
        """;

    public const string Postgres = """
        CREATE TABLE sophia.queues(tenant text COLLATE "C", queue text COLLATE "C", accepted bigint NOT NULL, pending bigint NOT NULL, leased bigint NOT NULL, done bigint NOT NULL, dead bigint NOT NULL,
            quarantined bigint NOT NULL, weight int NOT NULL, held_because text, held_by text, held_at timestamptz, PRIMARY KEY(tenant, queue)) WITH (fillfactor = 50);
        CREATE TABLE sophia.queue_items(tenant text COLLATE "C", id bigint, format smallint NOT NULL, key_id bigint NOT NULL, queue text COLLATE "C" NOT NULL, kind text COLLATE "C" NOT NULL,
            state smallint NOT NULL, gate smallint NOT NULL, rank timestamptz NOT NULL, due_at timestamptz NOT NULL, priority int NOT NULL, cost int NOT NULL, enqueued_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL, deadline timestamptz, attempts int NOT NULL, max_attempts int NOT NULL, lapses int NOT NULL, dedup text COLLATE "C", order_key text COLLATE "C",
            lease bigint NOT NULL, lease_until timestamptz, worker text, origin text, replay bigint, cause smallint, error text, payload bytea NOT NULL, PRIMARY KEY(tenant, id));
        CREATE INDEX queue_ready ON sophia.queue_items(tenant, queue, rank, id) WHERE state = 1 AND gate = 1;
        CREATE INDEX queue_due ON sophia.queue_items(tenant, due_at) WHERE state = 1 AND gate = 0;
        CREATE INDEX queue_leases ON sophia.queue_items(tenant, lease_until) WHERE state = 2;
        CREATE INDEX queue_done ON sophia.queue_items(tenant, changed_at) WHERE state = 3;
        CREATE INDEX queue_dead ON sophia.queue_items(tenant, id) WHERE state > 3;
        CREATE UNIQUE INDEX queue_dedup ON sophia.queue_items(tenant, queue, dedup) WHERE dedup IS NOT NULL;
        CREATE INDEX queue_order ON sophia.queue_items(tenant, queue, order_key, id) WHERE order_key IS NOT NULL AND state < 3;
        CREATE INDEX queue_deadline ON sophia.queue_items(tenant, queue, deadline) WHERE state = 1 AND deadline IS NOT NULL;
        CREATE INDEX queue_replay ON sophia.queue_items(tenant, replay) WHERE replay IS NOT NULL;
        CREATE TABLE sophia.queue_numbers(tenant text COLLATE "C", name text COLLATE "C", last bigint NOT NULL, PRIMARY KEY(tenant, name));

        """;
}
