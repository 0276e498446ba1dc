using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Sophia.Knowledge;

/// <summary>A question that is compared with rows: first byte by byte with all of them, or with those of the nearest lists, then the best with the question as it is.</summary>
internal sealed unsafe class NearestScan
{
    /// <summary>Rows from which on several cores share a scan, and how many at most.</summary>
    private const int SharedRows = 20_000, Cores = 4;

    /// <summary>Rows of lists that are compared for each one wanted, at least.</summary>
    private const int LeastCompared = 8;

    /// <summary>How many rows ahead of its turn a row is asked of memory, and how much of it comes at once.</summary>
    private const int Ahead = 4, CacheLine = 64;

    /// <summary>The bytes of the question round it, so more than are wanted are looked at again.</summary>
    private const int Slack = 16;

    private readonly VectorRows rows;
    private readonly float[] question;
    private readonly sbyte[] components;
    private readonly byte[] magnitudes;

    public NearestScan(VectorRows rows, ReadOnlySpan<float> question)
    {
        if (question.Length != rows.Dimensions)
            throw new ArgumentException($"Rows of {rows.Dimensions} dimensions are not compared with a question of {question.Length}.", nameof(question));
        (this.rows, this.question, components) = (rows, question.ToArray(), new sbyte[question.Length]);
        VectorCode.Quantise(question, components);
        magnitudes = Array.ConvertAll(components, c => (byte)Math.Abs((int)c));
    }

    /// <summary>The nearest chunks, best first, equals by age.</summary>
    /// <param name="among">Only these chunks; null: all.</param>
    public List<Near> Nearest(int limit, IReadOnlyCollection<long>? among = null)
    {
        var found = among is not null ? Among(among) : Best(limit + limit / 4 + Slack).ConvertAll(near => near with { Similarity = Similarity(near.Chunk) ?? float.NaN });
        found.RemoveAll(near => float.IsNaN(near.Similarity));
        found.Sort();
        return found.GetRange(0, Math.Min(limit, found.Count));
    }

    /// <summary>The cosine between the question and a chunk's vector; null where it has none.</summary>
    public float? Similarity(long chunk)
    {
        if (!rows.Find(chunk, out var segment, out var row))
            return null;
        Span<float> widened = stackalloc float[256];
        var (sum, from) = (0f, row * rows.Dimensions);
        for (var at = 0; at < question.Length; at += widened.Length)
        {
            var part = widened[..Math.Min(widened.Length, question.Length - at)];
            TensorPrimitives.ConvertTruncating<sbyte, float>(segment.Components.AsSpan(from + at, part.Length), part);
            sum += TensorPrimitives.Dot(part, question.AsSpan(at, part.Length));
        }
        var similarity = sum * segment.Scales[row];
        return float.IsNaN(similarity) ? null : similarity;
    }

    private List<Near> Among(IReadOnlyCollection<long> chunks)
    {
        var found = new List<Near>(chunks.Count);
        foreach (var chunk in chunks)
            if (Similarity(chunk) is { } similarity)
                found.Add(new Near(chunk, similarity));
        return found;
    }

    private List<Near> Best(int limit)
    {
        var lists = rows.Lists?.Near(components, magnitudes, LeastCompared * limit);
        var segments = rows.Segments.ToArray(); // After the lists, whose rows are then among them.
        return lists is null
            ? Shared(rows.Count, limit, (share, shares) => Scan(segments, share, shares, limit))
            : Shared(lists.Sum(list => list.Count), limit, (share, shares) => Scan(segments, lists, share, shares, limit));
    }

    private static List<Near> Shared(int compared, int limit, Func<int, int, BestRows> scan)
    {
        var shares = compared < SharedRows ? 1 : Math.Min(Cores, Environment.ProcessorCount);
        if (shares == 1)
            return scan(0, 1).Take();
        var parts = new BestRows[shares];
        Parallel.For(0, shares, new ParallelOptions { MaxDegreeOfParallelism = shares }, share => parts[share] = scan(share, shares));
        var all = new BestRows(limit);
        foreach (var near in parts.SelectMany(part => part.Take()))
            all.Offer(near.Chunk, near.Similarity);
        return all.Take();
    }

    private BestRows Scan(VectorRows.Segment[] segments, int share, int shares, int limit)
    {
        var best = new BestRows(limit);
        var dimensions = rows.Dimensions;
        for (var at = share; at < segments.Length; at += shares)
        {
            var segment = segments[at];
            for (var row = 0; row < segment.Count; row++)
                best.Offer(segment.Chunks[row], segment.Scales[row] * ByteDot.Of(components, magnitudes, segment.Components.AsSpan(row * dimensions, dimensions)));
        }
        return best;
    }

    // Rows of a list lie far apart: a row is asked of memory some rows before its turn. Whether it has left is looked up only where it would be kept.
    private BestRows Scan(VectorRows.Segment[] segments, List<PlaceList.Part> lists, int share, int shares, int limit)
    {
        var best = new BestRows(limit);
        var dimensions = rows.Dimensions;
        for (var at = share; at < lists.Count; at += shares)
        {
            var (places, scales, count) = lists[at];
            for (var next = 0; next < count; next++)
            {
                if (next + Ahead < count)
                    Fetch(VectorRows.At(segments, places[next + Ahead], out var ahead), ahead);
                var segment = VectorRows.At(segments, places[next], out var row);
                var near = scales[next] * ByteDot.Of(components, magnitudes, segment.Components.AsSpan(row * dimensions, dimensions));
                if (near > best.Least && !float.IsNaN(segment.Scales[row]))
                    best.Offer(segment.Chunks[row], near);
            }
        }
        return best;
    }

    private void Fetch(VectorRows.Segment segment, int row)
    {
        if (!Sse.IsSupported)
            return;
        var from = (byte*)Unsafe.AsPointer(ref segment.Components[row * rows.Dimensions]); // Only a hint: where it points may have moved.
        for (var at = 0; at < rows.Dimensions; at += CacheLine)
            Sse.Prefetch0(from + at);
    }

    /// <summary>Keeps the best of what is offered.</summary>
    private sealed class BestRows(int limit)
    {
        private readonly List<Near> kept = new(2 * limit);
        private float least = float.NegativeInfinity;

        /// <summary>What is not nearer than this is not kept.</summary>
        public float Least => least;

        public void Offer(long chunk, float similarity)
        {
            if (!(similarity > least))
                return;
            kept.Add(new Near(chunk, similarity));
            if (kept.Count == 2 * limit)
                Shrink();
        }

        public List<Near> Take()
        {
            if (kept.Count > limit)
                Shrink();
            return kept;
        }

        private void Shrink()
        {
            kept.Sort();
            kept.RemoveRange(limit, kept.Count - limit);
            least = kept[^1].Similarity;
        }
    }
}

/// <summary>A chunk and how near it is; the nearest comes first, equals by age.</summary>
internal readonly record struct Near(long Chunk, float Similarity) : IComparable<Near>
{
    public int CompareTo(Near other) => other.Similarity.CompareTo(Similarity) is not 0 and var nearer ? nearer : Chunk.CompareTo(other.Chunk);
}
