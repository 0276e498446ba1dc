namespace Sophia.Resilience;

/// <summary>Idempotency keys in PostgreSQL, as in log.db.</summary>
internal static class PostgresIdempotencySchema
{
    public static readonly IReadOnlyList<string> Tables = ["idempotency"];

    public const string Format1 = """
        CREATE TABLE sophia.idempotency(tenant text COLLATE "C", name text COLLATE "C", stamp bigint NOT NULL, format int NOT NULL, kept_until timestamptz NOT NULL, record bytea NOT NULL,
            body bytea, PRIMARY KEY(tenant, name));
        CREATE INDEX idempotency_kept ON sophia.idempotency(tenant, kept_until, name);

        """;
}
