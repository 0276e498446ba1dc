using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Sophia.Knowledge;

/// <summary>A question that is compared with rows: first all of them byte by byte, or, of many, those that their sketches choose; then the best with the question as it is.</summary>
internal sealed unsafe class NearestScan
{
    /// <summary>Rows from which on several cores share a scan, and how many at most.</summary>
    private const int SharedRows = 20_000, Cores = 4;

    /// <summary>Rows compared after their sketches for each one wanted, at least; and of about how many sketches the bound is taken that chooses them.</summary>
    private const int LeastCompared = 16, Tried = 4_096;

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
        var segments = rows.Segments.ToArray();
        var shares = rows.Count < SharedRows ? 1 : Math.Min(Cores, Environment.ProcessorCount);
        if (rows.Sketches is { } sketches && rows.Count / RowSketches.OneOf + LeastCompared * limit is var compared && compared < rows.Count / 4)
            return BySketch(sketches, compared, shares, limit);
        if (shares == 1)
            return Scan(segments, 0, 1, limit).Take();
        var parts = new BestRows[shares];
        Parallel.For(0, shares, new ParallelOptions { MaxDegreeOfParallelism = shares }, share => parts[share] = Scan(segments, share, shares, limit));
        var all = new BestRows(limit);
        foreach (var near in parts.SelectMany(part => part.Take()))
            all.Offer(near.Chunk, near.Similarity);
        return all.Take();
    }

    private List<Near> BySketch(RowSketches sketches, int compared, int shares, int limit)
    {
        var segments = rows.Segments.ToArray();
        var parts = sketches.Parts;
        segments = segments[..Math.Min(segments.Length, parts.Length)]; // Newer sketches may have taken the place of these just now.
        var sketched = new SketchedQuestion(question);
        var least = Bound(segments, parts, sketched, compared);
        var found = new BestRows[shares];
        Parallel.For(0, shares, new ParallelOptions { MaxDegreeOfParallelism = shares }, share =>
        {
            var (chosen, near, best) = (new List<int>(), new float[SketchedQuestion.Together], new BestRows(limit));
            for (var at = share; at < segments.Length; at += shares)
            {
                chosen.Clear();
                var count = segments[at].Count;
                for (var first = 0; first < count; first += near.Length)
                {
                    parts[at].Near(sketched, first / near.Length, near);
                    for (var row = 0; row < near.Length && first + row < count; row++)
                        if (near[row] >= least)
                            chosen.Add(first + row);
                }
                Compare(segments[at], chosen, best);
            }
            found[share] = best;
        });
        var all = new BestRows(limit);
        foreach (var near in found.SelectMany(part => part.Take()))
            all.Offer(near.Chunk, near.Similarity);
        return all.Take();
    }

    /// <summary>How near a sketch must be for about so many rows to be chosen: what that is among some of them, evenly taken.</summary>
    private float Bound(VectorRows.Segment[] segments, RowSketches.Part[] parts, SketchedQuestion sketched, int compared)
    {
        const int Together = SketchedQuestion.Together;
        var (tried, near, step, next) = (new List<float>(2 * Tried), new float[Together], Math.Max(1, rows.Count / Tried), 0);
        for (var at = 0; at < segments.Length; at++)
        {
            for (; next < segments[at].Count / Together; next += step)
            {
                parts[at].Near(sketched, next, near);
                tried.AddRange(near);
            }
            next -= segments[at].Count / Together;
        }
        tried.Sort();
        return tried.Count == 0 ? float.NegativeInfinity : tried[Math.Max(0, tried.Count - 1 - (int)((long)tried.Count * compared / Math.Max(1, rows.Count)))];
    }

    // The chosen lie apart: a row is asked of memory some rows before its turn.
    private void Compare(VectorRows.Segment segment, List<int> chosen, BestRows best)
    {
        var dimensions = rows.Dimensions;
        for (var at = 0; at < chosen.Count; at++)
        {
            if (at + Ahead < chosen.Count && Sse.IsSupported)
            {
                var from = (byte*)Unsafe.AsPointer(ref segment.Components[chosen[at + Ahead] * dimensions]); // Only a hint: where it points may have moved.
                for (var line = 0; line < dimensions; line += CacheLine)
                    Sse.Prefetch0(from + line);
            }
            var row = chosen[at];
            best.Offer(segment.Chunks[row], segment.Scales[row] * ByteDot.Of(components, magnitudes, segment.Components.AsSpan(row * dimensions, dimensions)));
        }
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
