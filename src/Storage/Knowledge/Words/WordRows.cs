using System.Numerics;
using System.Runtime.Intrinsics;

namespace Sophia.Knowledge;

/// <summary>The best chunks for some words, best first, equals by age.</summary>
/// <param name="Matched">Chunks that hold any of the words.</param>
/// <param name="Frequencies">For each word asked for, in how many chunks it stands.</param>
internal sealed record WordMatches(IReadOnlyList<long> Chunks, long Matched, IReadOnlyList<long> Frequencies);

/// <summary>Chunks by their words, in memory, by ascending chunk. One writer or several readers at a time.</summary>
internal sealed class WordRows
{
    /// <summary>How soon more occurrences of a word stop counting, and how much a long text is held against itself: those of FTS5's own BM25, which proposes where this does not.</summary>
    private const float Saturation = 1.2f, LengthPenalty = .75f;

    /// <summary>The least that a word counts, however common.</summary>
    private const double LeastRarity = 1e-6;

    /// <summary>Rows that are scored together: their scores stay in the processor's nearest memory.</summary>
    private const int Block = 8 * 1024;

    /// <summary>The length that says that a chunk has left; no longer text is told from one of so many words.</summary>
    private const ushort Left = ushort.MaxValue;

    private const int TraitsBytes = 16;

    private readonly PostingLists lists = new();
    private readonly List<(ulong Number, int Times)> counted = [];
    private long[] chunks = new long[256];
    private ushort[] lengths = new ushort[256];
    private RowTraits[] traits = new RowTraits[256];
    private long words;

    public int Count { get; private set; }

    /// <summary>Rows whose chunks have left the index.</summary>
    public int Buried { get; private set; }

    /// <summary>The newest chunk.</summary>
    public long Last => Count == 0 ? 0 : chunks[Count - 1];

    public long Bytes => lists.Bytes + chunks.Length * (sizeof(long) + sizeof(ushort) + (long)TraitsBytes);

    /// <summary>Adds a chunk, newer than any before it.</summary>
    /// <param name="kept">Its words as the index keeps them.</param>
    /// <param name="besides">Numbers of words that it is found by besides (who speaks).</param>
    public void Add(long chunk, ReadOnlySpan<byte> kept, IReadOnlyList<ulong> besides, RowTraits of = default)
    {
        if (Count == chunks.Length)
        {
            Array.Resize(ref chunks, 2 * Count);
            Array.Resize(ref lengths, 2 * Count);
            Array.Resize(ref traits, 2 * Count);
        }
        counted.Clear();
        var length = ChunkWords.Count(kept, counted) + besides.Count;
        foreach (var number in besides)
            if (counted.FindIndex(word => word.Number == number) is var known and >= 0)
                counted[known] = (number, counted[known].Times + 1);
            else
                counted.Add((number, 1));
        foreach (var (number, times) in counted)
            lists.Add(number, Count, times);
        (chunks[Count], lengths[Count], traits[Count]) = (chunk, (ushort)Math.Min(length, Left - 1), of);
        words += lengths[Count];
        Count++;
    }

    /// <summary>A chunk that has left the index is found no more.</summary>
    public void Bury(long chunk)
    {
        if (Array.BinarySearch(chunks, 0, Count, chunk) is not (>= 0 and var row) || lengths[row] == Left)
            return;
        words -= lengths[row];
        lengths[row] = Left;
        Buried++;
    }

    /// <summary>In how many chunks a word stands, those that have left among them.</summary>
    public int RowsOf(ulong number) => lists.RowsOf(number);

    /// <summary>The best by BM25 of all chunks that hold any of the words and pass the filter. What a word is worth is reckoned over all chunks.</summary>
    public WordMatches Best(IReadOnlyList<ulong> numbers, int limit, RowFilter? filter = null)
    {
        var living = Count - Buried;
        var mean = Math.Max(1f, living == 0 ? 1 : (float)words / living);
        var sought = new Sought[numbers.Count];
        for (var at = 0; at < sought.Length; at++)
            sought[at] = new Sought(lists.Read(numbers[at]), (float)Rarity(living, lists.RowsOf(numbers[at])));
        var scores = new float[Block];
        var best = new PriorityQueue<int, (float Score, int Row)>(limit + 1, LeastFirst.Instance);
        var (matched, least) = (0L, 0f);
        for (var from = 0; from < Count; from += Block)
        {
            var any = false;
            foreach (ref var word in sought.AsSpan())
                any |= word.Score(from, Math.Min(Count, from + Block), lengths, mean, scores);
            if (any && filter is not null)
                Narrow(scores, from, filter);
            if (any)
                matched += Harvest(scores, from, limit, best, ref least);
        }
        var found = new long[best.Count];
        for (var place = found.Length - 1; place >= 0; place--)
            found[place] = chunks[best.Dequeue()];
        return new WordMatches(found, matched, Array.ConvertAll(sought, word => word.Living));
    }

    private void Narrow(float[] scores, int from, RowFilter filter)
    {
        for (var at = 0; at < scores.Length; at++)
            if (scores[at] > 0 && !filter.Passes(in traits[from + at]))
                scores[at] = 0;
    }

    /// <summary>Counts the rows with a score, offers those that are better than the least kept, and sets all scores back.</summary>
    private static int Harvest(float[] scores, int from, int limit, PriorityQueue<int, (float Score, int Row)> best, ref float least)
    {
        var matched = 0;
        for (var at = 0; at < scores.Length; at += Vector256<float>.Count)
        {
            var part = Vector256.LoadUnsafe(ref scores[at]);
            var held = Vector256.GreaterThan(part, Vector256<float>.Zero).ExtractMostSignificantBits();
            if (held == 0)
                continue;
            matched += BitOperations.PopCount(held);
            for (var better = Vector256.GreaterThan(part, Vector256.Create(least)).ExtractMostSignificantBits(); better != 0; better &= better - 1)
            {
                var place = at + BitOperations.TrailingZeroCount(better);
                if (best.Count < limit)
                    best.Enqueue(from + place, (scores[place], from + place));
                else if (scores[place] > least)
                    best.EnqueueDequeue(from + place, (scores[place], from + place));
                if (best.Count == limit && best.TryPeek(out _, out var last))
                    least = last.Score;
            }
        }
        Array.Clear(scores);
        return matched;
    }

    private static double Rarity(int living, int holding) => Math.Max(LeastRarity, Math.Log((Math.Max(0, living - holding) + .5) / (holding + .5)));

    /// <summary>A word on its way through its rows.</summary>
    private struct Sought
    {
        private readonly float rarity;
        private PostingLists.Reader rows;
        private bool more;

        public Sought(PostingLists.Reader rows, float rarity)
        {
            (this.rows, this.rarity) = (rows, rarity);
            more = this.rows.Next();
        }

        /// <summary>Chunks of the index that it stood in so far.</summary>
        public long Living { get; private set; }

        /// <summary>Adds what it is worth to the scores of a block's rows; whether it stands in any of them.</summary>
        public bool Score(int from, int until, ushort[] lengths, float mean, float[] scores)
        {
            if (!more || rows.Row >= until)
                return false;
            var (worth, even, perWord) = (rarity * (Saturation + 1), Saturation * (1 - LengthPenalty), Saturation * LengthPenalty / mean);
            do
            {
                var (row, times) = (rows.Row, rows.Times);
                var length = lengths[row];
                if (length != Left)
                {
                    scores[row - from] += worth * times / (times + even + perWord * length);
                    Living++;
                }
                more = rows.Next();
            }
            while (more && rows.Row < until);
            return true;
        }
    }

    private sealed class LeastFirst : IComparer<(float Score, int Row)>
    {
        public static readonly LeastFirst Instance = new();

        public int Compare((float Score, int Row) a, (float Score, int Row) b) => a.Score.CompareTo(b.Score) is not 0 and var byScore ? byScore : b.Row.CompareTo(a.Row);
    }
}
