using System.Globalization;
using Sophia.Sqlite;

namespace Sophia.Knowledge;

/// <summary>Answers questions on a reading connection, from one state of the file.</summary>
internal sealed class IndexReader(DatabaseConnection database)
{
    public IndexCursor Cursor()
    {
        using var select = database.Prepare("SELECT position, version FROM progress");
        return select.Step() ? new IndexCursor(select.Int(0), (int)select.Int(1)) : new IndexCursor(0, 0);
    }

    // Numbers of chunks are never given twice, so a rebuild ends elsewhere even where it ends at the same position; vectors count their own changes.
    public string Stamp()
    {
        using var select = database.Prepare("""
            SELECT p.position, p.version, p.chunks, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'chunk'), 0), v.born, v.changes, coalesce(v.answering, 0) FROM progress p CROSS JOIN vector_state v
            """);
        return select.Step() ? string.Create(CultureInfo.InvariantCulture, $"{select.Int(0)} {select.Int(1)} {select.Int(2)} {select.Int(3)} {select.Int(4)} {select.Int(5)} {select.Int(6)}") : "";
    }

    public CandidateSet Candidates(CandidateQuery query)
    {
        if (query.Terms.Count == 0)
            return CandidateSet.Empty(Cursor());
        var match = CandidateSql.AnyOf(query.Terms);
        var total = database.Scalar("SELECT chunks FROM progress");
        var frequency = DocumentFrequency(query.Stems);
        if (query.Filter is not { } filter)
        {
            var best = Best(match, query.Limit, out var all);
            return new CandidateSet(best, all, total, null, frequency, Cursor());
        }
        var scope = filter.Keys is { Count: > 0 } ? ScopeOf(filter) : null;
        var matched = Count(CandidateSql.CountMatchesFiltered, match, filter, scope);
        var whole = scope is { Chunks: var count } && count <= query.Limit;
        var chunks = whole ? Filtered(CandidateSql.AllOfKeys, match, query.Limit, filter, null) : Filtered(CandidateSql.BestFiltered, match, query.Limit, filter, scope);
        return new CandidateSet(chunks, matched, total, scope?.Chunks, frequency, Cursor());
    }

    public Dictionary<string, long> DocumentFrequency(IReadOnlyList<string> stems)
    {
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var stem in stems)
        {
            using var select = database.Prepare("SELECT doc FROM chunk_terms WHERE term = ?1");
            if (select.Text(1, stem).Step())
                found[stem] = select.Int(0);
        }
        return found;
    }

    public List<IndexedChunk> ChunksOf(string stream, string key)
    {
        using var select = database.Prepare(CandidateSql.OfRecord);
        return Rows(select.Text(1, stream).Text(2, key));
    }

    public List<IndexedChunk> Chunks(IReadOnlyList<long> ids)
    {
        var found = new List<IndexedChunk>(ids.Count);
        using var select = database.Prepare(CandidateSql.TextOfChunk);
        foreach (var id in ids)
        {
            found.AddRange(Rows(select.Int(1, id)));
            select.Reset();
        }
        return found;
    }

    public IndexedState? StateOf(string stream, string key)
    {
        using var select = database.Prepare("SELECT version, chunks, indexed_at FROM record WHERE stream = ?1 AND key = ?2");
        return select.Text(1, stream).Text(2, key).Step() ? new IndexedState(select.Int(0), (int)select.Int(1), Time(select.Int(2))) : null;
    }

    /// <summary>Chunks that the index has, each with whether it passes a filter.</summary>
    public List<(Candidate Candidate, bool Passes)> Near(IReadOnlyList<long> ids, SearchFilter? filter)
    {
        var found = new List<(Candidate, bool)>(ids.Count);
        using var select = database.Prepare(filter is null ? CandidateSql.OfChunk : CandidateSql.OfChunkFiltered);
        foreach (var id in ids)
        {
            if (filter is null)
                select.Int(1, id);
            else
                Bind(select, "", 0, filter).Int(10, id);
            if (select.Step())
                found.Add((Candidate(select), filter is null || select.Int(6) == 1));
            select.Reset();
        }
        return found;
    }

    /// <summary>All chunks that pass a filter.</summary>
    public List<long> Passing(SearchFilter filter)
    {
        var ids = new List<long>();
        using var select = database.Prepare(filter.Keys is { Count: > 0 } ? CandidateSql.IdsOfKeys : CandidateSql.Ids);
        Bind(select, "", 0, filter);
        while (select.Step())
            ids.Add(select.Int(0));
        return ids;
    }

    private readonly record struct KeyScope(long Chunks, long First, long Last);

    private KeyScope? ScopeOf(SearchFilter filter)
    {
        using var select = database.Prepare(CandidateSql.ScopeOfKeys);
        return Bind(select, "", 0, filter).Step() && select.Int(0) > 0 ? new KeyScope(select.Int(0), select.Int(1), select.Int(2)) : new KeyScope(0, 0, -1);
    }

    private long Count(string sql, string match, SearchFilter? filter, KeyScope? scope = null)
    {
        using var select = database.Prepare(sql);
        return Bind(select, match, 0, filter, scope).Step() ? select.Int(0) : 0;
    }

    /// <summary>The best of all matches. Choosing them here costs less than a sorted query, and counts them on the way.</summary>
    private List<Candidate> Best(string match, int limit, out long matches)
    {
        var best = new PriorityQueue<long, (double Rank, long Id)>(limit + 1, WorstFirst.Instance);
        matches = 0;
        using (var select = database.Prepare(CandidateSql.Matches))
            for (select.Text(1, match); select.Step(); matches++)
            {
                var (id, rank) = (select.Int(0), select.RealOrNull(1) ?? 0);
                if (best.Count < limit)
                    best.Enqueue(id, (rank, id));
                else
                    best.EnqueueDequeue(id, (rank, id));
            }
        var ids = new long[best.Count];
        for (var place = ids.Length - 1; place >= 0; place--)
            ids[place] = best.Dequeue();
        var found = new List<Candidate>(ids.Length);
        using var chunk = database.Prepare(CandidateSql.OfChunk);
        foreach (var id in ids)
        {
            chunk.Int(1, id);
            if (chunk.Step())
                found.Add(Candidate(chunk));
            chunk.Reset();
        }
        return found;
    }

    private sealed class WorstFirst : IComparer<(double Rank, long Id)>
    {
        public static readonly WorstFirst Instance = new();

        public int Compare((double Rank, long Id) a, (double Rank, long Id) b) => b.CompareTo(a);
    }

    private List<Candidate> Filtered(string sql, string match, int limit, SearchFilter filter, KeyScope? scope)
    {
        var found = new List<Candidate>();
        using var select = database.Prepare(sql);
        Bind(select, match, limit, filter, scope);
        while (select.Step())
            found.Add(Candidate(select));
        return found;
    }

    private static Candidate Candidate(SqliteStatement row) =>
        new(row.Int(0), row.Int(1), (int)row.Int(2), (ChunkKind)row.Int(3), ChunkJson.Texts(row.Text(4)), row.Bytes(5).ToArray());

    private static SqliteStatement Bind(SqliteStatement statement, string match, int limit, SearchFilter? filter, KeyScope? scope = null)
    {
        statement.Text(1, match).Int(2, limit);
        return filter is null ? statement : statement
            .Text(3, Json(filter.Streams)).Text(4, Json(filter.Keys)).Int(5, (long?)filter.Kind).Text(6, filter.Speaker)
            .Int(7, filter.From?.ToUnixTimeMilliseconds()).Int(8, filter.Until?.ToUnixTimeMilliseconds())
            .Text(9, filter.Fields is { Count: > 0 } fields ? ChunkJson.Fields(fields) : null)
            .Int(10, scope?.First ?? long.MinValue).Int(11, scope?.Last ?? long.MaxValue);
    }

    private static string? Json(IReadOnlyList<string>? values) => values is { Count: > 0 } ? ChunkJson.Texts(values) : null;

    private static List<IndexedChunk> Rows(SqliteStatement select)
    {
        var rows = new List<IndexedChunk>();
        while (select.Step())
            rows.Add(new IndexedChunk(
                select.Int(0), select.Text(1), select.Text(2), select.Int(3), Time(select.Int(4)), select.Text(5),
                new Chunk((int)select.Int(6), (ChunkKind)select.Int(7), select.Text(9), select.Text(8) is { Length: > 0 } section ? section : null,
                    ChunkJson.Texts(select.Text(10)), ChunkJson.Spans(select.Text(11)))));
        return rows;
    }

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
