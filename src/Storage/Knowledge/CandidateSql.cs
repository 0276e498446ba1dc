namespace Sophia.Knowledge;

/// <summary>The SQL of a question: constant texts, so that whatever the asker wrote travels as a parameter. Terms are quoted for FTS5, so nothing in them is an operator.</summary>
/// <remarks>Parameters: 1 the expression, 2 limit, 3 streams, 4 keys, 5 kind, 6 speaker, 7 from, 8 until, 9 fields (lists and fields as JSON; null: not filtered).</remarks>
internal static class CandidateSql
{
    private const string Filter = """
        (?3 IS NULL OR r.stream IN (SELECT value FROM json_each(?3)))
        AND (?4 IS NULL OR r.key IN (SELECT value FROM json_each(?4)))
        AND (?5 IS NULL OR c.kind = ?5)
        AND (?6 IS NULL OR EXISTS (SELECT 1 FROM json_each(c.speakers) s WHERE s.value = ?6 COLLATE NOCASE))
        AND (?7 IS NULL OR r.at >= ?7)
        AND (?8 IS NULL OR r.at < ?8)
        AND (?9 IS NULL OR NOT EXISTS (
            SELECT 1 FROM json_each(?9) w WHERE NOT EXISTS (SELECT 1 FROM json_each(r.fields) f WHERE f.key = w.key AND CAST(f.value AS TEXT) = w.value)))
        """;

    // Stands before the columns of text in its row, so that no page of text is read for it.
    private const string Columns = "c.id, c.record, c.ordinal, c.kind, c.speakers, c.words";

    private const string TextColumns = "c.id, r.stream, r.key, r.version, r.at, c.title, c.ordinal, c.kind, c.section, c.text, c.speakers, c.spans";

    /// <summary>All matches with their ranks (less is better), in the order of the index.</summary>
    public const string Matches = "SELECT rowid, rank FROM chunk_words WHERE chunk_words MATCH ?1";

    public const string OfChunk = $"SELECT {Columns} FROM chunk c WHERE c.id = ?1";

    public const string TextOfChunk = $"SELECT {TextColumns} FROM chunk c JOIN record r ON r.id = c.record WHERE c.id = ?1";

    /// <summary>The best of those that pass the filter, within a range of chunks (10, 11).</summary>
    public const string BestFiltered = $"""
        SELECT {Columns} FROM chunk_words JOIN chunk c ON c.id = chunk_words.rowid JOIN record r ON r.id = c.record
        WHERE chunk_words MATCH ?1 AND chunk_words.rowid BETWEEN ?10 AND ?11 AND {Filter} ORDER BY chunk_words.rank, c.id LIMIT ?2
        """;

    public const string CountMatchesFiltered = $"""
        SELECT count(*) FROM chunk_words JOIN chunk c ON c.id = chunk_words.rowid JOIN record r ON r.id = c.record
        WHERE chunk_words MATCH ?1 AND chunk_words.rowid BETWEEN ?10 AND ?11 AND {Filter}
        """;

    private const string OfKeys = $"FROM json_each(?4) k CROSS JOIN record r ON r.key = k.value CROSS JOIN chunk c ON c.record = r.id WHERE {Filter}";

    /// <summary>How many chunks the filter leaves of the named records, and the range they lie in.</summary>
    public const string ScopeOfKeys = $"SELECT count(*), min(c.id), max(c.id) {OfKeys}";

    public const string AllOfKeys = $"SELECT {Columns} {OfKeys} ORDER BY c.id";

    public const string IdsOfKeys = $"SELECT c.id {OfKeys}";

    public const string Ids = $"SELECT c.id FROM record r JOIN chunk c ON c.record = r.id WHERE {Filter}";

    /// <summary>A chunk (10) and whether it passes the filter.</summary>
    public const string OfChunkFiltered = $"SELECT {Columns}, {Filter} FROM chunk c JOIN record r ON r.id = c.record WHERE c.id = ?10";

    public const string OfRecord = $"SELECT {TextColumns} FROM record r JOIN chunk c ON c.record = r.id WHERE r.stream = ?1 AND r.key = ?2 ORDER BY c.ordinal";

    /// <summary>An FTS5 expression that matches where any of the terms stands.</summary>
    public static string AnyOf(IEnumerable<string> terms) => string.Join(" OR ", terms.Select(Quote));

    /// <summary>An FTS5 string: quotes doubled, and no NUL, which would end it early.</summary>
    public static string Quote(string term) => $"\"{term.Replace("\0", " ", StringComparison.Ordinal).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
