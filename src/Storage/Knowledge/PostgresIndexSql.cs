using Sophia.Log;
using Sophia.Postgres;

namespace Sophia.Knowledge;

/// <summary>The questions that the index in PostgreSQL is asked. Each names its tenant as $1.</summary>
internal static class PostgresIndexSql
{
    public const string Progress = "SELECT position, version, chunks FROM sophia.index_progress WHERE tenant=$1";

    // Numbers of chunks are never given twice, so a rebuild ends elsewhere even where it ends at the same position; vectors count their own changes.
    public const string Stamp = """
        SELECT concat_ws(' ', p.position, p.version, p.chunks, p.words, p.last_record, p.last_chunk, coalesce(v.born, 0), coalesce(v.changes, 0), coalesce(v.answering, 0))
        FROM sophia.index_progress p LEFT JOIN sophia.index_vector_state v ON v.tenant=$1 WHERE p.tenant=$1
        """;

    public const string Frequencies = "SELECT stem, count(*) FROM sophia.index_words WHERE tenant=$1 AND stem = ANY($2) GROUP BY stem";

    private const string Columns = "c.id, c.record, c.ordinal, c.kind, c.speakers, c.rank_words";

    private const string Texts = "SELECT c.id, r.stream, r.key, r.version, r.at, r.title, c.ordinal, c.kind, c.body, c.speakers, c.spans";

    public const string TextsOfChunks =
        $"{Texts} FROM unnest($2::bigint[]) AS wanted(id) JOIN sophia.index_chunks c ON c.tenant=$1 AND c.id=wanted.id JOIN sophia.index_records r ON r.tenant=$1 AND r.id=c.record";

    public const string TextsOfRecord =
        $"{Texts} FROM sophia.index_records r JOIN sophia.index_chunks c ON c.tenant=$1 AND c.record=r.id WHERE r.tenant=$1 AND r.stream=$2 AND r.key=$3 ORDER BY c.ordinal";

    // BM25 with the usual k1 = 1.2 and b = 0.75. It only proposes: what it finds is ranked anew.
    private const string Matched = """
        WITH frequency AS MATERIALIZED (SELECT stem, count(*)::float8 AS n FROM sophia.index_words WHERE tenant=$1 AND stem = ANY($2) GROUP BY stem),
        progress AS MATERIALIZED (SELECT chunks::float8 AS chunks, greatest(words, 1)::float8 AS words FROM sophia.index_progress WHERE tenant=$1),
        matched AS MATERIALIZED (
            SELECT w.chunk, sum(ln(1 + (greatest(p.chunks - f.n, 0) + 0.5) / (f.n + 0.5)) * 2.2 * w.count / (w.count + 1.2 * (0.25 + 0.75 * w.length * p.chunks / p.words))) AS rank
            FROM progress p CROSS JOIN frequency f JOIN sophia.index_words w ON w.tenant=$1 AND w.stem=f.stem GROUP BY w.chunk)
        """;

    private const string Filter = """
        ($4::text[] IS NULL OR r.stream = ANY($4)) AND ($5::bytea[] IS NULL OR r.key = ANY($5)) AND ($6::bigint IS NULL OR c.kind = $6) AND ($7::text IS NULL OR lower($7) = ANY(c.names))
        AND ($8::timestamptz IS NULL OR r.at >= $8) AND ($9::timestamptz IS NULL OR r.at < $9) AND ($10::text IS NULL OR r.fields @> $10::jsonb)
        """;

    private const string Best = $"""
        {Matched}, best AS (SELECT chunk, rank, count(*) OVER () AS matched FROM matched ORDER BY rank DESC, chunk LIMIT $3)
        SELECT {Columns}, b.matched FROM best b JOIN sophia.index_chunks c ON c.tenant=$1 AND c.id=b.chunk ORDER BY b.rank DESC, c.id
        """;

    private const string BestFiltered = $"""
        {Matched} SELECT {Columns}, count(*) OVER () AS matched FROM matched m JOIN sophia.index_chunks c ON c.tenant=$1 AND c.id=m.chunk
        JOIN sophia.index_records r ON r.tenant=$1 AND r.id=c.record WHERE {Filter} ORDER BY m.rank DESC, c.id LIMIT $3
        """;

    private const string OfKeys = $"""
        SELECT {Columns}, count(*) OVER () AS scope FROM sophia.index_records r JOIN sophia.index_chunks c ON c.tenant=$1 AND c.record=r.id
        WHERE r.tenant=$1 AND r.key = ANY($5) AND $2::text[] IS NOT NULL AND {Filter} ORDER BY c.id LIMIT $3
        """;

    // Every parameter of the filter is named, because the server must know its type.
    private const string NearRows = $"""
        SELECT {Columns}, coalesce({Filter}, false) FROM unnest($11::bigint[]) AS w(id) JOIN sophia.index_chunks c ON c.tenant=$1 AND c.id=w.id
        JOIN sophia.index_records r ON r.tenant=$1 AND r.id=c.record WHERE $2::text[] IS NOT NULL AND $3::bigint IS NOT NULL
        """;

    private const string PassingRows = $"""
        SELECT c.id FROM sophia.index_records r JOIN sophia.index_chunks c ON c.tenant=$1 AND c.record=r.id
        WHERE r.tenant=$1 AND $2::text[] IS NOT NULL AND $3::bigint IS NOT NULL AND {Filter}
        """;

    /// <summary>Chunks of these that the index has, each with whether it passes.</summary>
    public static void Near(TenantStatements ask, SearchFilter? filter, IReadOnlyList<long> chunks) => Bind(ask.Add(NearRows), [], 0, filter ?? new SearchFilter()).Ints([.. chunks]);

    /// <summary>All chunks that pass.</summary>
    public static void Passing(TenantStatements ask, SearchFilter filter) =>
        Bind(ask.Add(filter.Keys is { Count: > 0 } ? PassingRows.Replace("WHERE r.tenant=$1", "WHERE r.tenant=$1 AND r.key = ANY($5)", StringComparison.Ordinal) : PassingRows), [], 0, filter);

    /// <summary>Progress, frequencies, the best, and where records are named all chunks of them.</summary>
    public static void Candidates(TenantStatements ask, CandidateQuery query, string[] stems)
    {
        ask.Add(Progress);
        ask.Add(Frequencies).Texts(Clean(query.Stems));
        if (query.Filter is not { } filter)
        {
            ask.Add(Best).Texts(stems).Int(query.Limit);
            return;
        }
        Bind(ask.Add(BestFiltered), stems, query.Limit, filter);
        if (filter.Keys is { Count: > 0 })
            Bind(ask.Add(OfKeys), stems, query.Limit, filter);
    }

    /// <summary>Texts as PostgreSQL takes them: without zeros, which no indexed word holds, and without halves of characters.</summary>
    public static string[] Clean(IEnumerable<string> texts) => [.. texts.Select(Clean)];

    public static string Clean(string text)
    {
        text = text.Replace("\0", "", StringComparison.Ordinal);
        return text.Any(char.IsSurrogate) ? new string([.. text.EnumerateRunes().SelectMany(rune => rune.ToString())]) : text;
    }

    private static TenantStatement Bind(TenantStatement statement, string[] stems, int limit, SearchFilter filter) => statement.Texts(stems).Int(limit)
        .AnyText(filter.Streams is { Count: > 0 } streams ? Clean(streams) : null).AnyBlob(filter.Keys is { Count: > 0 } keys ? [.. keys.Select(PostgresKey.Of)] : null)
        .Int((long?)filter.Kind).Text(filter.Speaker is { } speaker ? Clean(speaker) : null).Time(filter.From).Time(filter.Until)
        .Text(filter.Fields is { Count: > 0 } fields ? ChunkJson.Fields(Clean(fields)) : null);

    public static Dictionary<string, string> Clean(IReadOnlyDictionary<string, string> fields)
    {
        var clean = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in fields)
            clean[Clean(name)] = Clean(value);
        return clean;
    }
}
