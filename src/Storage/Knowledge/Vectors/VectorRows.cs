namespace Sophia.Knowledge;

/// <summary>Vectors in memory, by ascending chunk. Rows are added at the end and changed in place by one writer at a time; whoever scans meanwhile sees each row as it was or as it is.</summary>
internal sealed class VectorRows(int dimensions)
{
    /// <summary>Rows of the smallest and of the largest segment.</summary>
    private const int SmallSegment = 64, LargeSegment = 16 * 1024;

    /// <summary>Of one row: its components, its chunk and its scale, and its sketch.</summary>
    public static long BytesOf(int dimensions) => PlainBytesOf(dimensions) + RowSketches.BytesOf(dimensions);

    private Segment[] segments = [];
    private RowSketches? sketches;
    private long plain;

    public int Dimensions => dimensions;

    /// <summary>Rows, buried ones among them.</summary>
    public int Count { get; private set; }

    public int Buried { get; private set; }

    public long Bytes => plain + (sketches?.Bytes ?? 0);

    /// <summary>The sketches of all rows; null: every row is compared.</summary>
    public RowSketches? Sketches => Volatile.Read(ref sketches);

    /// <summary>From now on questions are compared with sketches first, where sketches of these rows say enough.</summary>
    public void Sketch() => Volatile.Write(ref sketches, RowSketches.Of(dimensions, segments));

    /// <summary>What can be scanned now.</summary>
    public ReadOnlySpan<Segment> Segments => Volatile.Read(ref segments);

    public long Last => segments is [.., var last] ? last.Chunks[last.Count - 1] : long.MinValue;

    /// <summary>Adds a row, or changes that of a chunk that is there.</summary>
    /// <returns>Whether there was a place for it: false for a chunk that is absent and not the newest.</returns>
    public bool Put(long chunk, ReadOnlySpan<byte> code)
    {
        if (chunk > Last)
        {
            Add(chunk, code);
            return true;
        }
        if (!Find(chunk, out var segment, out var row))
            return false;
        VectorCode.Components(code).CopyTo(segment.Components.AsSpan(row * dimensions));
        segment.Scales[row] = VectorCode.Scale(code);
        sketches?.Write(Array.IndexOf(segments, segment), segment, row);
        return true;
    }

    /// <summary>A chunk that has left the index is near to nothing any more.</summary>
    public void Bury(long chunk)
    {
        if (!Find(chunk, out var segment, out var row) || float.IsNaN(segment.Scales[row]))
            return;
        segment.Scales[row] = float.NaN;
        Buried++;
    }

    public bool Find(long chunk, out Segment segment, out int row)
    {
        var all = segments;
        var (low, high) = (0, all.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = all[middle].Chunks[0] <= chunk ? (middle, high) : (low, middle - 1);
        }
        segment = all.Length == 0 ? null! : all[low];
        row = segment is null ? -1 : Array.BinarySearch(segment.Chunks, 0, segment.Count, chunk);
        return row >= 0;
    }

    private void Add(long chunk, ReadOnlySpan<byte> code)
    {
        var last = segments is [.., var newest] && newest.Count < newest.Chunks.Length ? newest : NewSegment();
        VectorCode.Components(code).CopyTo(last.Components.AsSpan(last.Count * dimensions));
        last.Scales[last.Count] = VectorCode.Scale(code);
        last.Chunks[last.Count] = chunk;
        sketches?.Write(last.Count == 0 ? segments.Length : segments.Length - 1, last, last.Count);
        last.Count++;
        Count++;
        if (last.Count == 1)
            Volatile.Write(ref segments, [.. segments, last]);
    }

    private Segment NewSegment()
    {
        var made = new Segment(Math.Clamp(Count / 2, SmallSegment, LargeSegment), dimensions);
        plain += made.Chunks.Length * PlainBytesOf(dimensions);
        return made;
    }

    private static long PlainBytesOf(int dimensions) => dimensions + sizeof(long) + sizeof(float);

    internal sealed class Segment(int rows, int dimensions)
    {
        private int count;

        public sbyte[] Components { get; } = GC.AllocateUninitializedArray<sbyte>(rows * dimensions);

        /// <summary>NaN: buried.</summary>
        public float[] Scales { get; } = new float[rows];

        public long[] Chunks { get; } = new long[rows];

        /// <summary>Rows that are whole.</summary>
        public int Count
        {
            get => Volatile.Read(ref count);
            set => Volatile.Write(ref count, value);
        }
    }
}
