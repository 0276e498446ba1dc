namespace Sophia.Knowledge;

/// <summary>Where a chunk comes from: what searches are narrowed by in memory. It stays for as long as the chunk does.</summary>
/// <param name="Stream">The stream's number within its copy.</param>
/// <param name="At">When its record was stored, in milliseconds since 1970.</param>
internal readonly record struct RowTraits(int Stream, ChunkKind Kind, long At);

/// <summary>Which chunks a narrowed search wants: by stream, kind and time. Other filters are the index's.</summary>
/// <param name="streams">By number, whether its chunks are wanted; null: all are.</param>
internal sealed class RowFilter(bool[]? streams, ChunkKind? kind, long from, long until)
{
    /// <summary>Whether nothing but stream, kind and time is asked for.</summary>
    public static bool Knows(SearchFilter filter) => filter is { Keys: null or { Count: 0 }, Speaker: null, Fields: null or { Count: 0 } };

    /// <param name="numbers">The numbers of the streams that there are.</param>
    public static RowFilter Of(SearchFilter filter, IReadOnlyDictionary<string, int> numbers)
    {
        bool[]? streams = null;
        if (filter.Streams is { Count: > 0 } wanted)
        {
            streams = new bool[numbers.Count];
            foreach (var name in wanted)
                if (numbers.TryGetValue(name, out var number))
                    streams[number] = true;
        }
        return new RowFilter(streams, filter.Kind, filter.From?.ToUnixTimeMilliseconds() ?? long.MinValue, filter.Until?.ToUnixTimeMilliseconds() ?? long.MaxValue);
    }

    public bool Passes(in RowTraits row) => (streams is null || streams[row.Stream]) && (kind is null || row.Kind == kind) && row.At >= from && row.At < until;
}
