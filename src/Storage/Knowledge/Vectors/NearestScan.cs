using System.Numerics.Tensors;

namespace Sophia.Knowledge;

/// <summary>A question that is compared with rows: first all of them byte by byte, then the best with the question as it is.</summary>
internal sealed class NearestScan
{
    /// <summary>Rows from which on several cores share a scan, and how many at most.</summary>
    private const int SharedRows = 20_000, Cores = 4;

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
        var segments = rows.Segments.ToArray();
        var shares = rows.Count < SharedRows ? 1 : Math.Min(Cores, Environment.ProcessorCount);
        if (shares == 1)
            return Scan(segments, 0, 1, limit).Take();
        var parts = new BestRows[shares];
        Parallel.For(0, shares, new ParallelOptions { MaxDegreeOfParallelism = shares }, share => parts[share] = Scan(segments, share, shares, limit));
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

    /// <summary>Keeps the best of what is offered.</summary>
    private sealed class BestRows(int limit)
    {
        private readonly List<Near> kept = new(2 * limit);
        private float least = float.NegativeInfinity;

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
