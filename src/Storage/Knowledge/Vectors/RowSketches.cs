using System.Numerics.Tensors;

namespace Sophia.Knowledge;

/// <summary>The sketches of rows, segment by segment. One writer; whoever reads meanwhile sees the sketches of all rows that were whole when it looked.</summary>
internal sealed class RowSketches
{
    /// <summary>Rows whose mean is taken for that of all.</summary>
    private const int Sampled = 16_384;

    /// <summary>One row in so many is compared properly after its sketch: what real questions need for .95 of the true ten nearest (bench/Results/search.md).</summary>
    public const int OneOf = 16;

    private readonly int dimensions;
    private readonly float[] mean;
    private Part[] parts = [];

    private RowSketches(int dimensions, float[] mean) => (this.dimensions, this.mean) = (dimensions, mean);

    public long Bytes => parts.Sum(part => part.Bits.Length + (long)part.Factors.Length * sizeof(float));

    /// <summary>Of one row: its bits and its factor.</summary>
    public static long BytesOf(int dimensions) => SketchedQuestion.BytesOf(dimensions) + sizeof(float);

    /// <summary>The sketches of each segment's rows.</summary>
    public Part[] Parts => Volatile.Read(ref parts);

    /// <summary>Sketches of all rows, or null where they would say too little.</summary>
    public static RowSketches? Of(int dimensions, VectorRows.Segment[] segments)
    {
        if (!SketchedQuestion.IsFast)
            return null;
        var made = new RowSketches(dimensions, Mean(dimensions, segments));
        for (var at = 0; at < segments.Length; at++)
            for (var row = 0; row < segments[at].Count; row++)
                made.Write(at, segments[at], row);
        return SketchTrial.Succeeds(made, segments) ? made : null;
    }

    /// <summary>Writes the sketch of a row, before the row counts.</summary>
    public void Write(int at, VectorRows.Segment segment, int row)
    {
        if (at == parts.Length)
            Volatile.Write(ref parts, [.. parts, new Part(segment.Scales.Length, SketchedQuestion.BytesOf(dimensions))]);
        parts[at].Factors[row] = SketchedQuestion.Write(
            segment.Components.AsSpan(row * dimensions, dimensions), segment.Scales[row], mean, parts[at].Block(row / SketchedQuestion.Together), row % SketchedQuestion.Together);
    }

    private static float[] Mean(int dimensions, VectorRows.Segment[] segments)
    {
        var (sum, widened, rows) = (new float[dimensions], new float[dimensions], 0);
        var step = Math.Max(1, segments.Sum(segment => segment.Count) / Sampled);
        foreach (var segment in segments)
            for (var row = 0; row < segment.Count; row += step)
                if (!float.IsNaN(segment.Scales[row]))
                {
                    TensorPrimitives.ConvertTruncating<sbyte, float>(segment.Components.AsSpan(row * dimensions, dimensions), widened);
                    TensorPrimitives.MultiplyAdd(widened, segment.Scales[row], sum, sum);
                    rows++;
                }
        TensorPrimitives.Divide(sum, Math.Max(1, rows), sum);
        return sum;
    }

    /// <summary>The sketches of a segment's rows, in blocks of those that lie together.</summary>
    internal sealed class Part(int rows, int bytes)
    {
        private const int Together = SketchedQuestion.Together;

        public byte[] Bits { get; } = new byte[(rows + Together - 1) / Together * Together * bytes];

        public float[] Factors { get; } = new float[(rows + Together - 1) / Together * Together];

        public Span<byte> Block(int block) => Bits.AsSpan(block * Together * bytes, Together * bytes);

        /// <summary>How near a block's rows are to a question.</summary>
        public void Near(SketchedQuestion question, int block, Span<float> near) => question.Near(Block(block), Factors.AsSpan(block * Together, Together), near);
    }
}
