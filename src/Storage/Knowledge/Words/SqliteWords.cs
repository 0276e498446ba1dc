using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Proposes chunks of a large index.db by their words, from memory, on a reading connection.</summary>
internal sealed class SqliteWords(DatabaseConnection database, WordCache cache, TenantId tenant)
{
    /// <summary>Chunks that a question reads itself; farther behind, the copy is brought up beside the questions.</summary>
    private const int ReadAlong = 2_000;

    /// <summary>How often a question looks again after it met chunks that have left.</summary>
    private const int Looks = 3;

    private readonly WordAnalyzer analyzer = new();
    private readonly List<string> stems = [];

    /// <summary>The candidates, or null where the index is to be asked itself: it is small, the search is narrowed by more than stream, kind and time, or the copy is not there yet.</summary>
    public CandidateSet? Candidates(CandidateQuery query)
    {
        if (query.Filter is { } narrowed && !RowFilter.Knows(narrowed) || Current() is not var (copy, total, last) || Numbers(query.Terms) is not { } numbers)
            return null;
        for (var look = 1; copy.Best(numbers, query.Limit, query.Filter) is { } found; look++)
        {
            var known = new IndexReader(database).Near(found.Chunks, null).ConvertAll(near => near.Candidate);
            if (known.Count < found.Chunks.Count && look < Looks && Lost(found.Chunks, known, last) is { Count: > 0 } lost)
            {
                copy.Bury(lost);
                continue;
            }
            var frequency = new Dictionary<string, long>(StringComparer.Ordinal);
            for (var at = 0; at < numbers.Count; at++)
                if (found.Frequencies[at] > 0)
                    frequency[stems[at]] = found.Frequencies[at];
            return new CandidateSet(known, found.Matched, total, null, frequency, new IndexReader(database).Cursor());
        }
        return null;
    }

    /// <summary>In how many chunks stems stand, or null where the index is to be asked itself.</summary>
    public Dictionary<string, long>? DocumentFrequency(IReadOnlyList<string> asked)
    {
        if (Current() is not var (copy, _, _))
            return null;
        var frequency = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var stem in asked)
            if (copy.RowsOf(ChunkWords.NumberOf(stem)) is > 0 and var rows)
                frequency[stem] = rows;
        return frequency;
    }

    /// <summary>The copy as new as this connection's state of the index, with its chunks and the newest of them.</summary>
    private (WordCopy Copy, long Total, long Last)? Current()
    {
        var total = database.Scalar("SELECT chunks FROM progress");
        if (total < cache.From)
            return null;
        var (born, last) = (database.Scalar("SELECT born FROM vector_state"), database.Scalar("SELECT max(id) FROM chunk"));
        var copy = cache.Of(tenant);
        var behind = copy.Behind(born, last);
        if (behind is not <= ReadAlong || copy.IsBusy)
        {
            cache.Fill(tenant, copy, total);
            return null;
        }
        if (behind > 0)
            copy.Follow(database, ReadAlong);
        return behind == 0 || cache.Keep(tenant, copy, total) ? (copy, total, last) : null;
    }

    /// <summary>The numbers of distinct words; null where a term is not one word, which the index reads as a phrase.</summary>
    private List<ulong>? Numbers(IReadOnlyList<string> terms)
    {
        foreach (var term in terms)
        {
            if (analyzer.Words(term) is not [var word])
                return null;
            if (!stems.Contains(word.Stem))
                stems.Add(word.Stem);
        }
        return stems.Count == 0 ? null : stems.ConvertAll(ChunkWords.NumberOf);
    }

    // A chunk beyond the newest came after this question began; it is not lost.
    private static List<long> Lost(IReadOnlyList<long> wanted, List<Candidate> known, long last)
    {
        var found = known.Select(candidate => candidate.ChunkId).ToHashSet();
        return [.. wanted.Where(chunk => chunk <= last && !found.Contains(chunk))];
    }
}
