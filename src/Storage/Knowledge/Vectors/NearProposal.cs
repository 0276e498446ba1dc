namespace Sophia.Knowledge;

// How chunks that are near and pass a filter are found. What a chunk passes is known to the store alone, how near it is to the copy in memory alone:
// - without a filter the nearest are taken, and asked for;
// - where the filter names records, the store says which chunks they have, and those are compared;
// - any other filter is tried on more of the nearest than are wanted; where too few pass, the store says all that do.

/// <summary>The chunks to propose for nearness beside those found by words: decides what to look for, while the engine looks.</summary>
internal sealed class NearProposal(VectorRows rows, CandidateQuery query)
{
    /// <summary>How many times as many as wanted are tried on a filter.</summary>
    private const int Tries = 4;

    private readonly NearestScan scan = new(rows, query.Near!.Vector.Span);
    private readonly long last = rows.Last;
    private int limit = query.Near.Limit;

    /// <summary>Whether the store must first say which chunks pass.</summary>
    public bool NeedsPassing => query.Filter?.Keys is { Count: > 0 };

    /// <summary>The chunks to look for next, nearest first.</summary>
    /// <param name="passing">All that pass the filter, where the store was asked.</param>
    public IReadOnlyList<long> Wanted(IReadOnlyCollection<long>? passing = null) =>
        [.. scan.Nearest(passing is null && query.Filter is not null ? Tries * limit : limit, passing).Select(near => near.Chunk)];

    /// <summary>Whether that was enough; chunks that the index does not have are forgotten.</summary>
    /// <param name="known">Those that the index has.</param>
    /// <param name="passed">How many of them pass.</param>
    public bool Suffices(IReadOnlyList<long> wanted, IReadOnlySet<long> known, int passed)
    {
        var later = 0;
        foreach (var chunk in wanted)
            if (!known.Contains(chunk))
                if (chunk > last)
                    later++; // Another question has learnt of it since; the store as this one sees it may be older.
                else
                    rows.Bury(chunk);
        limit = Math.Min(limit, rows.Count - rows.Buried);
        return passed + later >= limit || known.Count + later >= rows.Count - rows.Buried;
    }

    /// <summary>The candidates found by words, with how near they are, and then the near ones that are not among them.</summary>
    public CandidateSet Join(CandidateSet words, IEnumerable<Candidate> near)
    {
        var known = words.Chunks.Select(c => c.ChunkId).ToHashSet();
        return words with { Chunks = [.. words.Chunks.Concat(near.Where(c => known.Add(c.ChunkId)).Take(query.Near!.Limit)).Select(c => c with { Similarity = scan.Similarity(c.ChunkId) })] };
    }

    /// <summary>Why a question has no vectors to be compared with; null where it has.</summary>
    public static string? Missing(EmbedderId? answering, EmbedderId asked, long vectors, long bound) =>
        answering is null ? "no passage has a vector yet"
        : answering != asked ? $"the passages' vectors are of {Named(answering)}; those of {Named(asked)} are not complete yet"
        : vectors * VectorRows.BytesOf(asked.Dimensions) > bound
            ? FormattableString.Invariant($"{vectors:N0} vectors need {vectors * VectorRows.BytesOf(asked.Dimensions) >> 20:N0} MiB, more than the {bound >> 20:N0} MiB of SOPHIA_VECTOR_MIB")
            : null;

    private static string Named(EmbedderId id) => $"{id.Model} version {id.Version} ({id.Dimensions})";
}
