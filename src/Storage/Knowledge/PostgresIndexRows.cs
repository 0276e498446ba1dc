using Npgsql;
using Sophia.Log;
using Sophia.Postgres;

namespace Sophia.Knowledge;

/// <summary>Reads what the questions of <see cref="PostgresIndexSql"/> answer.</summary>
internal static class PostgresIndexRows
{
    public static IndexCursor Cursor(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetInt32(1));

    public static KeyValuePair<string, long> Frequency(NpgsqlDataReader row) => new(row.GetString(0), row.GetInt64(1));

    public static async Task<CandidateSet> Candidates(NpgsqlDataReader reader, CandidateQuery query)
    {
        var progress = (await reader.Rows(row => (Cursor: Cursor(row), Chunks: row.GetInt64(2)))).FirstOrDefault((new IndexCursor(0, 0), 0));
        await reader.NextResultAsync();
        var frequency = (await reader.Rows(Frequency)).ToDictionary(StringComparer.Ordinal);
        await reader.NextResultAsync();
        var best = await reader.Rows(Counted);
        var matched = best.Count == 0 ? 0 : best[0].All;
        if (query.Filter?.Keys is not { Count: > 0 })
            return new([.. best.Select(row => row.Candidate)], matched, progress.Chunks, null, frequency, progress.Cursor);
        await reader.NextResultAsync();
        var named = await reader.Rows(Counted);
        var scope = named.Count == 0 ? 0 : named[0].All;
        return new([.. (scope <= query.Limit ? named : best).Select(row => row.Candidate)], matched, progress.Chunks, scope, frequency, progress.Cursor);
    }

    /// <summary>A chunk with its text, as the columns of a text question come.</summary>
    public static IndexedChunk Chunk(NpgsqlDataReader row)
    {
        var body = ChunkJson.Texts(row.GetString(8));
        return new IndexedChunk(row.GetInt64(0), row.GetString(1), PostgresKey.Text(row.Bytes(2)), row.GetInt64(3), row.Time(4), ChunkJson.Texts(row.GetString(5))[0],
            new Chunk(row.GetInt32(6), (ChunkKind)row.GetInt16(7), body[1], body[0] is { Length: > 0 } section ? section : null, ChunkJson.Texts(row.GetString(9)), ChunkJson.Spans(row.GetString(10))));
    }

    /// <summary>A candidate, and whether it passes.</summary>
    public static (Candidate Candidate, bool Passes) Near(NpgsqlDataReader row) => (Candidate(row), row.GetBoolean(6));

    private static Candidate Candidate(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetInt32(2), (ChunkKind)row.GetInt16(3), ChunkJson.Texts(row.GetString(4)), row.Bytes(5));

    private static (Candidate Candidate, long All) Counted(NpgsqlDataReader row) => (Candidate(row), row.GetInt64(6));
}
