namespace Sophia.Pipelines;

/// <summary>The keys that one reading of a partition met, as 64-bit hashes: about 24 bytes a key. A collision keeps a vanished record alive, never the other way.</summary>
internal sealed class SeenKeys
{
    private readonly HashSet<ulong> hashes = [];

    public int Count => hashes.Count;

    public void Add(ulong hash) => hashes.Add(hash);

    public bool Contains(ulong hash) => hashes.Contains(hash);

    public static ulong HashOf(string stream, string key)
    {
        var hash = 0x9E3779B97F4A7C15UL;
        foreach (var c in stream)
            hash = (hash ^ c) * 0xFF51AFD7ED558CCDUL;
        hash = (hash ^ 0x1F) * 0xC4CEB9FE1A85EC53UL;
        foreach (var c in key)
        {
            hash = (hash ^ c) * 0xFF51AFD7ED558CCDUL;
            hash ^= hash >> 32;
        }
        hash ^= hash >> 33;
        hash *= 0xC4CEB9FE1A85EC53UL;
        return hash ^ (hash >> 29);
    }
}
