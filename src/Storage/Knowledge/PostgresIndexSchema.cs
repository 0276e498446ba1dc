namespace Sophia.Knowledge;

/// <summary>The index of all tenants in PostgreSQL, for clusters without a search engine of their own (docs/adr/0012). It can be built anew from the log at any time.</summary>
/// <remarks>
/// Words are rows and not a tsvector: under row-level security PostgreSQL uses an index only for operators that cannot leak, equality among them,
/// those of full text not. What people wrote lies in JSON, because text cannot hold a zero.
/// </remarks>
internal static class PostgresIndexSchema
{
    public static readonly IReadOnlyList<string> Tables = ["index_progress", "index_records", "index_chunks", "index_words"];

    public const string Format1 = """
        CREATE TABLE sophia.index_progress(tenant text COLLATE "C" PRIMARY KEY, position bigint NOT NULL, version int NOT NULL, chunks bigint NOT NULL, words bigint NOT NULL,
            last_record bigint NOT NULL, last_chunk bigint NOT NULL);
        CREATE TABLE sophia.index_records(tenant text COLLATE "C", id bigint, stream text COLLATE "C" NOT NULL, key bytea NOT NULL, version bigint NOT NULL, at timestamptz NOT NULL,
            title text NOT NULL, fields jsonb NOT NULL, chunks int NOT NULL, indexed_at timestamptz NOT NULL, PRIMARY KEY(tenant, id), UNIQUE(tenant, key, stream));
        CREATE TABLE sophia.index_chunks(tenant text COLLATE "C", id bigint, record bigint NOT NULL, ordinal int NOT NULL, kind smallint NOT NULL, speakers text NOT NULL, names text[] NOT NULL,
            rank_words bytea NOT NULL, body text NOT NULL, spans text NOT NULL, stems text[] NOT NULL, length int NOT NULL, PRIMARY KEY(tenant, id));
        CREATE INDEX index_chunks_record ON sophia.index_chunks(tenant, record, ordinal);
        CREATE TABLE sophia.index_words(tenant text COLLATE "C", stem text COLLATE "C", chunk bigint, count int NOT NULL, length int NOT NULL, PRIMARY KEY(tenant, stem, chunk));

        """;
}
