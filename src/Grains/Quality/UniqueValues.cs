using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>Which record of a stream holds which value of a unique field, as far as remembered.</summary>
internal interface IUniqueValues
{
    /// <summary>Whether the value is the record's: nobody else holds it, and from now on this one does, in place of what it held before.</summary>
    bool Claim(string stream, string rule, ReadOnlySpan<byte> value, string key);
}

/// <summary>Remembers the newest claims of one lane, hashed to 64 bits.</summary>
/// <remarks>Not the only memory of anything: it starts empty with its lane, another lane has its own, and beyond its capacity the oldest claim is
/// forgotten. A second holder that it cannot know of is let through; it never holds back a record that it has not seen another one for.</remarks>
internal sealed class UniqueWindow(int capacity = UniqueWindow.DefaultCapacity) : IUniqueValues
{
    /// <summary>How many values are remembered: about 20 MB when full.</summary>
    public const int DefaultCapacity = 200_000;

    private readonly Dictionary<ulong, ulong> holderOf = [];
    private readonly Dictionary<ulong, ulong> heldBy = [];
    private readonly Queue<ulong> oldest = [];

    public bool Claim(string stream, string rule, ReadOnlySpan<byte> value, string key)
    {
        var place = SeenKeys.HashOf(stream, rule);
        var (hash, holder) = (Mix(place, HashOf(value)), Mix(place, SeenKeys.HashOf(rule, key)));
        if (holderOf.TryGetValue(hash, out var known))
            return known == holder;
        if (heldBy.TryGetValue(holder, out var before))
            holderOf.Remove(before);
        holderOf[hash] = holder;
        heldBy[holder] = hash;
        oldest.Enqueue(hash);
        while (oldest.Count > capacity)
            if (holderOf.Remove(oldest.Dequeue(), out var gone))
                heldBy.Remove(gone);
        return true;
    }

    private static ulong HashOf(ReadOnlySpan<byte> bytes)
    {
        var hash = 0x9E3779B97F4A7C15UL;
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 0xFF51AFD7ED558CCDUL;
            hash ^= hash >> 32;
        }
        return hash;
    }

    private static ulong Mix(ulong a, ulong b)
    {
        var mixed = (a ^ (b + 0x9E3779B97F4A7C15UL)) * 0xC4CEB9FE1A85EC53UL;
        return mixed ^ (mixed >> 29);
    }
}
