namespace Sophia.Knowledge;

/// <summary>The first level: values of this process, the least recently used leaving first. Not for several threads at a time.</summary>
internal sealed class CacheMemory(long mostBytes, int mostEntries)
{
    /// <summary>A value over this share of the whole would drive out too many others.</summary>
    private const int LargestShare = 16;

    /// <summary>What an entry takes beside its value.</summary>
    private const long Around = 300;

    private readonly Dictionary<CacheKey, LinkedListNode<Entry>> entries = [];
    private readonly LinkedList<Entry> byUse = [];

    public long Bytes { get; private set; }

    public int Count => entries.Count;

    public bool TryGet(CacheKey key, DateTimeOffset now, out object value, out DateTimeOffset madeAt)
    {
        (value, madeAt) = (null!, default);
        if (!entries.TryGetValue(key, out var node))
            return false;
        if (node.Value.Until <= now)
        {
            Remove(node);
            return false;
        }
        byUse.Remove(node);
        byUse.AddFirst(node);
        (value, madeAt) = (node.Value.Value, node.Value.MadeAt);
        return true;
    }

    public void Put(CacheKey key, object value, long weight, DateTimeOffset madeAt, DateTimeOffset until)
    {
        if (entries.TryGetValue(key, out var old))
            Remove(old);
        var size = Around + weight;
        if (size > mostBytes / LargestShare)
            return;
        entries[key] = byUse.AddFirst(new Entry(key, value, size, madeAt, until));
        Bytes += size;
        while (Bytes > mostBytes || entries.Count > mostEntries)
            Remove(byUse.Last!);
    }

    /// <summary>Drops all that is remembered of a tenant.</summary>
    public void Forget(string tenantMark)
    {
        foreach (var node in entries.Values.Where(node => node.Value.Key.TenantMark == tenantMark).ToList())
            Remove(node);
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        byUse.Remove(node);
        entries.Remove(node.Value.Key);
        Bytes -= node.Value.Size;
    }

    private sealed record Entry(CacheKey Key, object Value, long Size, DateTimeOffset MadeAt, DateTimeOffset Until);
}
