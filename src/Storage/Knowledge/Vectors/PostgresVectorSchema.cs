namespace Sophia.Knowledge;

/// <summary>The vectors of all tenants in PostgreSQL. Where a column is called as in index.db (<see cref="SqliteVectors"/>), it means the same.</summary>
internal static class PostgresVectorSchema
{
    public static readonly IReadOnlyList<string> Tables = ["index_vector_state", "index_embedders", "index_vectors"];

    public const string Format1 = """
        CREATE TABLE sophia.index_vector_state(tenant text COLLATE "C" PRIMARY KEY, born bigint NOT NULL, changes bigint NOT NULL, answering bigint, last_embedder bigint NOT NULL);
        CREATE TABLE sophia.index_embedders(tenant text COLLATE "C", id bigint, model text COLLATE "C" NOT NULL, version int NOT NULL, dimensions int NOT NULL, format int NOT NULL,
            vectors bigint NOT NULL, done_to bigint NOT NULL, dropped bigint NOT NULL, PRIMARY KEY(tenant, id), UNIQUE(tenant, model, version, dimensions, format, dropped));
        CREATE TABLE sophia.index_vectors(tenant text COLLATE "C", embedder bigint, chunk bigint, change bigint NOT NULL, code bytea NOT NULL, PRIMARY KEY(tenant, embedder, chunk));
        ALTER TABLE sophia.index_vectors ALTER COLUMN code SET STORAGE PLAIN;
        CREATE INDEX index_vectors_change ON sophia.index_vectors(tenant, embedder, change);

        """;
}
