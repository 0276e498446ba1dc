namespace Sophia.Knowledge;

/// <summary>What is known in PostgreSQL of an index whose passages lie in a search engine without transactions (docs/adr/0015).</summary>
/// <remarks>
/// An edition is one writing of one record's passages: a random name that each of its objects carries. <c>search_records</c> says which edition of a record counts, which is all that a search believes.
/// <c>search_leavings</c> names every edition, and every whole build, that may have objects in the engine and does not count.
/// </remarks>
internal static class SearchLedgerSchema
{
    public static readonly IReadOnlyList<string> Tables = ["search_progress", "search_records", "search_leavings", "search_embedders", "search_vectors"];

    public const string Format1 = """
        CREATE TABLE sophia.search_progress(tenant text COLLATE "C" PRIMARY KEY, engine text COLLATE "C" NOT NULL, build text COLLATE "C" NOT NULL, position bigint NOT NULL, version int NOT NULL,
            chunks bigint NOT NULL, last_record bigint NOT NULL, last_chunk bigint NOT NULL);
        CREATE TABLE sophia.search_records(tenant text COLLATE "C", id bigint, stream text COLLATE "C" NOT NULL, key bytea NOT NULL, version bigint NOT NULL, edition text COLLATE "C" NOT NULL,
            first_chunk bigint NOT NULL, chunks int NOT NULL, kinds smallint NOT NULL, indexed_at timestamptz NOT NULL, PRIMARY KEY(tenant, id), UNIQUE(tenant, key, stream));
        CREATE INDEX search_records_chunk ON sophia.search_records(tenant, first_chunk);
        CREATE TABLE sophia.search_leavings(tenant text COLLATE "C", id text COLLATE "C", whole boolean NOT NULL, doomed boolean NOT NULL, late boolean NOT NULL,
            since timestamptz NOT NULL DEFAULT now(), PRIMARY KEY(tenant, id));
        CREATE TABLE sophia.search_embedders(tenant text COLLATE "C", vector text COLLATE "C", model text NOT NULL, version int NOT NULL, dimensions int NOT NULL, answering boolean NOT NULL,
            vectors bigint NOT NULL, done bigint NOT NULL, changes bigint NOT NULL, PRIMARY KEY(tenant, vector));
        CREATE TABLE sophia.search_vectors(tenant text COLLATE "C", chunk bigint, vector text COLLATE "C", PRIMARY KEY(tenant, chunk, vector));

        """;
}
