using System.Numerics.Tensors;

namespace Sophia.Knowledge;

/// <summary>The sketches of rows, segment by segment. One writer; whoever reads meanwhile sees the sketches of all rows that were whole when it looked.</summary>
internal sealed class RowSketches
{
    /// <summary>Rows whose mean is taken for that of all.</summary>
    private const int Sampled = 16_384;

    /// <summary>One row in so many is compared properly after its sketch: what real questions need for .95 of the true ten nearest (bench/Results/search.md).</summary>
    public const int OneOf = 16;

    private readonly int dimensions, width;
    private readonly float[] mean;
    private (ulong[] Bits, float[] Factors)[] parts = [];

    private RowSketches(int dimensions, float[] mean) => (this.dimensions, this.mean, width) = (dimensions, mean, SketchedQuestion.WordsOf(dimensions));

    public long Bytes => parts.Sum(part => part.Bits.Length * (long)sizeof(ulong) + part.Factors.Length * sizeof(float));

    /// <summary>Of one row: its bits and its factor.</summary>
    public static long BytesOf(int dimensions) => SketchedQuestion.WordsOf(dimensions) * (long)sizeof(ulong) + sizeof(float);

    /// <summary>Bits and factors of each segment's rows.</summary>
    public (ulong[] Bits, float[] Factors)[] Parts => Volatile.Read(ref parts);

    /// <summary>Sketches of all rows, or null where they would say too little.</summary>
    public static RowSketches? Of(int dimensions, VectorRows.Segment[] segments)
    {
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
            Volatile.Write(ref parts, [.. parts, (new ulong[segment.Scales.Length * width], new float[segment.Scales.Length])]);
        parts[at].Factors[row] = SketchedQuestion.Write(segment.Components.AsSpan(row * dimensions, dimensions), segment.Scales[row], mean, parts[at].Bits.AsSpan(row * width, width));
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
}
