namespace Sophia.Knowledge;

/// <summary>Vectors in memory, by ascending chunk. Rows are added at the end and changed in place by one writer at a time; whoever scans meanwhile sees each row as it was or as it is.</summary>
internal sealed class VectorRows(int dimensions)
{
    /// <summary>Rows of the smallest and of the largest segment.</summary>
    private const int SmallSegment = 64, LargeSegment = 1 << RowBits, RowBits = 14;

    /// <summary>Of one row: its components, its chunk and its scale, and its place in a list.</summary>
    public static long BytesOf(int dimensions) => dimensions + sizeof(long) + sizeof(float) + sizeof(int) + sizeof(float);

    private Segment[] segments = [];
    private NearLists? lists;
    private long kept;

    public int Dimensions => dimensions;

    /// <summary>Rows, buried ones among them.</summary>
    public int Count { get; private set; }

    public int Buried { get; private set; }

    public long Bytes => kept + (Lists?.Bytes ?? 0);

    /// <summary>Rows whose vector was another one when it was put into a list.</summary>
    public int Moved { get; private set; }

    /// <summary>The rows by nearness; null: every row is compared.</summary>
    public NearLists? Lists => Volatile.Read(ref lists);

    /// <summary>A row as one number.</summary>
    public static int Place(int segment, int row) => segment << RowBits | row;

    /// <summary>The segment and row of a place.</summary>
    public static Segment At(ReadOnlySpan<Segment> segments, int place, out int row)
    {
        row = place & (LargeSegment - 1);
        return segments[place >> RowBits];
    }

    /// <summary>From now on rows are found by lists that were made of the first so many of each segment; null: by none.</summary>
    public void Adopt(NearLists? made, IReadOnlyList<int> counts)
    {
        for (var segment = 0; made is not null && segment < segments.Length; segment++)
            for (var row = segment < counts.Count ? counts[segment] : 0; row < segments[segment].Count; row++)
                made.Add(Place(segment, row), segments[segment].Components.AsSpan(row * dimensions, dimensions), segments[segment].Scales[row]);
        Moved = 0;
        Volatile.Write(ref lists, made);
    }

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
        Moved++;
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
        last.Count++;
        Count++;
        if (last.Count == 1)
            Volatile.Write(ref segments, [.. segments, last]);
        lists?.Add(Place(segments.Length - 1, last.Count - 1), VectorCode.Components(code), VectorCode.Scale(code));
    }

    private Segment NewSegment()
    {
        var made = new Segment(Math.Clamp(Count / 2, SmallSegment, LargeSegment), dimensions);
        kept += made.Chunks.Length * (dimensions + (long)sizeof(long) + sizeof(float));
        return made;
    }

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
