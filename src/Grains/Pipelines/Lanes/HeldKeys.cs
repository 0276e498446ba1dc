namespace Sophia.Pipelines;

/// <summary>What a lane keeps of the partitions that it read to the end, so that looking for vanished keys need not read them once more.</summary>
internal sealed class HeldKeys
{
    /// <summary>The most keys that a lane keeps: about 6 MB. Beyond it the partition is read once more, for its keys alone.</summary>
    public const int Limit = 250_000;

    private readonly Dictionary<string, (PartitionMark Mark, SeenKeys? Seen)> kept = new(StringComparer.Ordinal);
    private int keys;

    public void Keep(string name, PartitionMark mark, SeenKeys? seen)
    {
        if (seen is not null && keys + seen.Count > Limit)
            seen = null;
        keys += seen?.Count ?? 0;
        kept[name] = (mark, seen);
    }

    public (PartitionMark? Mark, SeenKeys? Seen) Of(string name) => kept.TryGetValue(name, out var found) ? (found.Mark, found.Seen) : (null, null);

    public void Drop(string name)
    {
        if (kept.Remove(name, out var dropped))
            keys -= dropped.Seen?.Count ?? 0;
    }

    public void Clear()
    {
        kept.Clear();
        keys = 0;
    }
}
