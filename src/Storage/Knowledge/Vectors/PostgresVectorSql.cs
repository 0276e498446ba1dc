using Sophia.Postgres;

namespace Sophia.Knowledge;

/// <summary>What vectors in PostgreSQL are asked and told. Each statement names its tenant as $1; where it names an embedder, $2 to $5 are model, version, dimensions and format.</summary>
internal static class PostgresVectorSql
{
    /// <summary>Vectors removed in one transaction.</summary>
    private const int Piece = 20_000;

    private const string Mine = "e.model=$2 AND e.version=$3 AND e.dimensions=$4 AND e.format=$5 AND e.dropped=0";

    private const string Named = $"(SELECT e.id FROM sophia.index_embedders e WHERE e.tenant=$1 AND {Mine})";

    public const string Embedders = """
        SELECT e.model, e.version, e.dimensions, e.vectors, e.id, coalesce(e.id = s.answering, false), s.born, s.changes
        FROM sophia.index_vector_state s JOIN sophia.index_embedders e ON e.tenant=$1 AND e.dropped=0 WHERE s.tenant=$1 AND e.format=$2 ORDER BY e.id
        """;

    public const string Lacking = $"""
        SELECT c.id, r.title, c.body FROM sophia.index_chunks c JOIN sophia.index_records r ON r.tenant=$1 AND r.id=c.record
        WHERE c.tenant=$1 AND c.id > coalesce((SELECT e.done_to FROM sophia.index_embedders e WHERE e.tenant=$1 AND {Mine}), 0)
        AND NOT EXISTS (SELECT 1 FROM sophia.index_vectors v WHERE v.tenant=$1 AND v.embedder={Named} AND v.chunk=c.id) ORDER BY c.id LIMIT $6
        """;

    public const string Changed = "SELECT chunk, code FROM sophia.index_vectors WHERE tenant=$1 AND embedder=$2 AND change > $3 ORDER BY chunk";

    private const string Keeps = $"""
        WITH kept AS (
            INSERT INTO sophia.index_vectors(tenant, embedder, chunk, change, code)
            SELECT $1, {Named}, c.id, s.changes, w.code FROM unnest($6::bigint[], $7::bytea[]) AS w(chunk, code)
            JOIN sophia.index_chunks c ON c.tenant=$1 AND c.id=w.chunk JOIN sophia.index_vector_state s ON s.tenant=$1
            ON CONFLICT(tenant, embedder, chunk) DO UPDATE SET change=excluded.change, code=excluded.code RETURNING xmax = 0 AS added)
        UPDATE sophia.index_embedders e SET vectors = vectors + (SELECT count(*) FROM kept WHERE added) WHERE e.tenant=$1 AND {Mine}
        """;

    private const string DoneTo = $"""
        UPDATE sophia.index_embedders e SET done_to = greatest(e.done_to, coalesce(
            (SELECT c.id - 1 FROM sophia.index_chunks c WHERE c.tenant=$1 AND c.id > e.done_to
                AND NOT EXISTS (SELECT 1 FROM sophia.index_vectors v WHERE v.tenant=$1 AND v.embedder=e.id AND v.chunk=c.id) ORDER BY c.id LIMIT 1),
            (SELECT c.id FROM sophia.index_chunks c WHERE c.tenant=$1 ORDER BY c.id DESC LIMIT 1), 0)) WHERE e.tenant=$1 AND {Mine}
        """;

    public static void Keep(TenantStatements tell, EmbedderId embedder, IReadOnlyList<(long Chunk, byte[] Code)> vectors)
    {
        Open(tell, embedder);
        Of(tell.Add(Keeps), embedder).Ints([.. vectors.Select(v => v.Chunk)]).Blobs([.. vectors.Select(v => (ReadOnlyMemory<byte>)v.Code)]);
        Of(tell.Add(DoneTo), embedder);
        Sweep(tell);
    }

    public static void Answer(TenantStatements tell, EmbedderId embedder)
    {
        Open(tell, embedder);
        Of(tell.Add($"UPDATE sophia.index_vector_state SET answering={Named} WHERE tenant=$1"), embedder);
        Of(tell.Add($"UPDATE sophia.index_embedders SET dropped=id WHERE tenant=$1 AND dropped=0 AND id <> {Named}"), embedder);
    }

    /// <summary>Removes a piece of what dropped embedders left.</summary>
    public static void Sweep(TenantStatements tell)
    {
        const string dropped = "(SELECT e.id FROM sophia.index_embedders e WHERE e.tenant=$1 AND e.dropped <> 0 ORDER BY e.id LIMIT 1)";
        tell.Add($"DELETE FROM sophia.index_vectors WHERE tenant=$1 AND embedder={dropped} AND chunk = ANY(ARRAY(SELECT v.chunk FROM sophia.index_vectors v WHERE v.tenant=$1 AND v.embedder={dropped} LIMIT $2))").Int(Piece);
        tell.Add("DELETE FROM sophia.index_embedders e WHERE e.tenant=$1 AND e.dropped <> 0 AND NOT EXISTS (SELECT 1 FROM sophia.index_vectors v WHERE v.tenant=$1 AND v.embedder=e.id)");
    }

    /// <summary>Takes the vectors of records' chunks along, before those go.</summary>
    public static void Leave(TenantStatements tell, long[] records) => tell.Add("""
        WITH gone AS (DELETE FROM sophia.index_vectors v USING sophia.index_chunks c, sophia.index_embedders e
            WHERE v.tenant=$1 AND c.tenant=$1 AND e.tenant=$1 AND c.record = ANY($2) AND v.embedder=e.id AND v.chunk=c.id RETURNING v.embedder)
        UPDATE sophia.index_embedders e SET vectors = vectors - g.n FROM (SELECT embedder, count(*) AS n FROM gone GROUP BY embedder) g WHERE e.tenant=$1 AND e.id=g.embedder
        """).Ints(records);

    public static void Empty(TenantStatements tell)
    {
        tell.Add("DELETE FROM sophia.index_vectors WHERE tenant=$1");
        tell.Add("DELETE FROM sophia.index_embedders WHERE tenant=$1");
        tell.Add("UPDATE sophia.index_vector_state SET answering=NULL, changes=changes+1 WHERE tenant=$1");
    }

    public static TenantStatement Of(TenantStatement statement, EmbedderId embedder) =>
        statement.Text(embedder.Model).Int(embedder.Version).Int(embedder.Dimensions).Int(VectorCode.Format);

    /// <summary>Makes the tenant's state and the embedder's row where they are absent, and counts a change.</summary>
    private static void Open(TenantStatements tell, EmbedderId embedder)
    {
        tell.Add("INSERT INTO sophia.index_vector_state(tenant, born, changes, last_embedder) VALUES($1, floor(random() * 9e15)::bigint, 0, 0) ON CONFLICT(tenant) DO NOTHING");
        Of(tell.Add($"""
            WITH made AS (INSERT INTO sophia.index_embedders(tenant, id, model, version, dimensions, format, vectors, done_to, dropped)
                SELECT $1, s.last_embedder + 1, $2, $3, $4, $5, 0, 0, 0 FROM sophia.index_vector_state s WHERE s.tenant=$1 AND {Named} IS NULL RETURNING id)
            UPDATE sophia.index_vector_state SET changes = changes + 1, last_embedder = coalesce((SELECT id FROM made), last_embedder) WHERE tenant=$1
            """), embedder);
    }
}
