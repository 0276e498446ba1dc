using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

// Vectors lie in the store; questions are compared with copies in memory. A tenant's copy is made when a question first needs it, learns by a counter of
// changes what was kept since, and goes when others need the room or nobody asked for a while. A chunk that has left the index stays in the copy until it
// is met: then the store does not know it and it is buried; where too many lie buried, the copy is made anew. So nothing has to be told of removals.

/// <summary>The vectors of the tenants that are asked, within a bound; who was asked longest ago goes first.</summary>
internal sealed class VectorCache(TimeProvider time, StorageOptions options) : ITenantCopies, IDisposable
{
    private readonly CopiesByTenant<VectorCopy> copies = new(time);

    public VectorCache() : this(TimeProvider.System, new StorageOptions())
    {
    }

    /// <summary>Bytes at most of all copies together.</summary>
    public long Bound => options.VectorMib * 1024L * 1024;

    /// <summary>Bytes of all copies.</summary>
    public long Bytes => copies.Bytes;

    /// <summary>The tenant's copy, whatever it holds; bring it up to date under its gate.</summary>
    public VectorCopy Of(TenantId tenant) => copies.Of(tenant);

    public bool HoldsRecords => true;

    public void Forget(TenantId tenant) => copies.Remove(tenant);

    /// <summary>After a copy has grown: sketches its rows where they are many, and makes room for it. Under the copy's gate.</summary>
    public void Settle(VectorCopy grown)
    {
        grown.Sketch(options.VectorsExact);
        copies.MakeRoom(grown, Bound);
    }

    public void Dispose() => copies.Dispose();
}

/// <summary>One tenant's vectors in memory, and which state of the store they are.</summary>
internal sealed class VectorCopy : IMemoryCopy
{
    private long sketchedAt;

    /// <summary>Held while it is brought up to date.</summary>
    public SemaphoreSlim Gate { get; } = new(1);

    public DateTimeOffset AskedAt { get; set; }

    public VectorRows? Rows { get; private set; }

    /// <summary>The state of the store that this is.</summary>
    public VectorPlace Place { get; private set; }

    public long Bytes => Rows?.Bytes ?? 0;

    /// <summary>Whoever asks holds what he needs of it: it may leave at any time.</summary>
    public bool IsBusy => false;

    /// <summary>Whether only what changed since <see cref="Place"/> has to be read to come to a state.</summary>
    public bool CanFollow(VectorPlace now) => Rows is { } rows && (Place.Born, Place.Embedder) == (now.Born, now.Embedder) && Place.Change <= now.Change && rows.Buried <= 1_000 + rows.Count / 8;

    public VectorRows Begin(int dimensions)
    {
        sketchedAt = 0;
        return Rows = new VectorRows(dimensions);
    }

    /// <summary>Has the rows sketched where they are more than can be compared one by one, and anew whenever they have doubled: their mean may have become another one.</summary>
    /// <param name="exact">Rows up to which every one is compared.</param>
    public void Sketch(int exact)
    {
        if (Rows is not { } rows || rows.Count <= exact || rows.Count < 2 * sketchedAt)
            return;
        sketchedAt = rows.Count;
        rows.Sketch();
    }

    public void Reached(VectorPlace now) => Place = now;

    public void Forget() => (Rows, Place) = (null, default);
}

/// <summary>A state of a tenant's vectors in a store: which store, whose vectors, and how many changes it has seen.</summary>
internal readonly record struct VectorPlace(long Born, long Embedder, long Change);
