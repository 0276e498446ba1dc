using Orleans.Runtime;

namespace Sophia.Operations;

/// <summary>The two named grain storages. Durable: acknowledged truth, written through to the disk. Fast: may be lost, and must never be the only memory of a yes.</summary>
public static class Stores
{
    public const string Durable = "durable";
    public const string Fast = "fast";

    /// <summary>The ETag by which a fast store says that it could not be read, or lost what it held not long ago.</summary>
    public const string Lost = "lost";

    /// <summary>Whether there may have been a state that the store does not have now: begin with care.</summary>
    public static bool MayBeLost<T>(this IPersistentState<T> stored) => !stored.RecordExists && stored.Etag == Lost;
}
