namespace Sophia.Knowledge;

/// <summary>The second level of the cache, which the processes of a cluster share. A process without one has memory alone.</summary>
/// <remarks>It is asked before the source, so it may cost little and can cost nothing when it is gone: it never throws, and answers within
/// <see cref="CacheOptions.SharedWithin"/> or not at all; one that failed is let alone for <see cref="CacheOptions.SharedAgainAfter"/>.</remarks>
public interface ISharedCache
{
    /// <summary>What was put under a key, or null: not there, or not to be had.</summary>
    ValueTask<ReadOnlyMemory<byte>?> Get(string key);

    /// <summary>Keeps a value for a while, if that can be done. Nobody waits for it.</summary>
    void Put(string key, ReadOnlyMemory<byte> value, TimeSpan keptFor);
}
