using System.Text;

namespace Sophia.Log;

/// <summary>What can be worked out of a batch before the file's writer has to be taken: keys in UTF-8, and entries in the order of the heads.</summary>
/// <remarks>Entries of one key form a group. Groups are visited in key order, so that neighbouring heads are touched together.</remarks>
internal sealed class PreparedBatch
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private readonly byte[] keys;
    private readonly int[] keyEnds;

    /// <exception cref="ArgumentException">A key is no valid text, a stream has no name or is kept for other entries, or a version is asked for that cannot be.</exception>
    public PreparedBatch(AppendBatch batch, ErasureMarks marks)
    {
        (Batch, Marks) = (batch, marks);
        var entries = batch.Entries;
        keyEnds = new int[entries.Count];
        var length = 0;
        for (var i = 0; i < entries.Count; i++)
            length += Strict.GetByteCount(entries[i].Key);
        keys = new byte[length];
        var end = 0;
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            if (i == 0 || entry.Type != entries[i - 1].Type || !ReferenceEquals(entry.Stream, entries[i - 1].Stream))
                Check(entry);
            end += Strict.GetBytes(entry.Key, keys.AsSpan(end));
            keyEnds[i] = end;
            Bytes += entry.Payload.Length + (entry.Source?.Payload.Length ?? 0) + 128;
        }
        Order = new int[entries.Count];
        GroupOf = new int[entries.Count];
        Sort();
        Bytes += batch.Quarantined.Sum(item => (item.Payload?.Length ?? 0) + (item.Source?.Payload.Length ?? 0) + 512);
    }

    public AppendBatch Batch { get; }

    /// <summary>By what erased records are known.</summary>
    public ErasureMarks Marks { get; }

    /// <summary>The streams of records that the batch speaks of, entries' and quarantined items'.</summary>
    public IReadOnlySet<string> RecordStreams()
    {
        var streams = new HashSet<string>(StringComparer.Ordinal);
        string? last = null;
        foreach (var entry in Batch.Entries)
            if (entry.Type == EntryType.Record && !ReferenceEquals(entry.Stream, last))
                streams.Add(last = entry.Stream);
        foreach (var item in Batch.Quarantined)
            if (item.Key is not null)
                streams.Add(item.Stream);
        return streams;
    }

    /// <summary>Indices of entries by stream and key; entries of one key in their own order.</summary>
    public int[] Order { get; }

    /// <summary>By index of entry: the number of its group, counted in the order of <see cref="Order"/>.</summary>
    public int[] GroupOf { get; }

    public int Groups { get; private set; }

    /// <summary>About how many bytes the batch writes.</summary>
    public int Bytes { get; }

    /// <summary>A key as UTF-8.</summary>
    public ReadOnlySpan<byte> Key(int index) => KeyMemory(index).Span;

    public ReadOnlyMemory<byte> KeyMemory(int index)
    {
        var start = index == 0 ? 0 : keyEnds[index - 1];
        return keys.AsMemory(start, keyEnds[index] - start);
    }

    private static void Check(in NewEntry entry)
    {
        ArgumentException.ThrowIfNullOrEmpty(entry.Stream);
        if (!OwnStreams.Take(entry.Type, entry.Stream))
            throw new ArgumentException($"The stream \"{entry.Stream}\" takes no {entry.Type} entries.");
    }

    private void Sort()
    {
        for (var i = 0; i < Order.Length; i++)
            Order[i] = i;
        if (!IsSorted())
            Array.Sort(Order, (a, b) => Compare(a, b) is var by && by != 0 ? by : a.CompareTo(b));
        for (var i = 0; i < Order.Length; i++)
        {
            if (i == 0 || Compare(Order[i - 1], Order[i]) != 0)
                Groups++;
            GroupOf[Order[i]] = Groups - 1;
        }
    }

    private bool IsSorted()
    {
        for (var i = 1; i < Order.Length; i++)
            if (Compare(i - 1, i) > 0)
                return false;
        return true;
    }

    private int Compare(int a, int b)
    {
        var (one, other) = (Batch.Entries[a].Stream, Batch.Entries[b].Stream);
        if (!ReferenceEquals(one, other) && string.CompareOrdinal(one, other) is var by && by != 0)
            return by;
        return Key(a).SequenceCompareTo(Key(b));
    }
}
