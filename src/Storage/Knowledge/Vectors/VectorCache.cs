using Sophia.Tenants;

namespace Sophia.Knowledge;

// Vectors lie in the store; questions are compared with copies in memory. A tenant's copy is made when a question first needs it, learns by a counter of
// changes what was kept since, and goes when others need the room or nobody asked for a while. A chunk that has left the index stays in the copy until it
// is met: then the store does not know it and it is buried; where too many lie buried, the copy is made anew. So nothing has to be told of removals.

/// <summary>The vectors of the tenants that are asked, within a bound; who was asked longest ago goes first.</summary>
/// <param name="bound">Bytes at most of all copies together.</param>
internal sealed class VectorCache(TimeProvider time, long bound) : IDisposable
{
    public const int DefaultMib = 512;

    /// <summary>How long a copy stays that nobody asks for.</summary>
    public static readonly TimeSpan IdleFor = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly Dictionary<TenantId, VectorCopy> copies = [];
    private ITimer? sweeper;

    public VectorCache() : this(TimeProvider.System, DefaultMib * 1024L * 1024)
    {
    }

    public long Bound => bound;

    /// <summary>Bytes of all copies.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
                return copies.Values.Sum(copy => copy.Bytes);
        }
    }

    /// <summary>The tenant's copy, whatever it holds; bring it up to date under its gate.</summary>
    public VectorCopy Of(TenantId tenant)
    {
        lock (gate)
        {
            if (!copies.TryGetValue(tenant, out var copy))
                copies[tenant] = copy = new VectorCopy();
            copy.AskedAt = time.GetUtcNow();
            sweeper ??= time.CreateTimer(_ => Sweep(), null, IdleFor / 2, IdleFor / 2);
            return copy;
        }
    }

    /// <summary>Makes room for others after a copy has grown.</summary>
    public void MakeRoom(VectorCopy grown)
    {
        lock (gate)
            foreach (var (tenant, copy) in copies.Where(c => c.Value != grown).OrderBy(c => c.Value.AskedAt).ToList())
            {
                if (copies.Values.Sum(c => c.Bytes) <= bound)
                    return;
                if (copy.Bytes > 0)
                    copies.Remove(tenant);
            }
    }

    public void Dispose() => sweeper?.Dispose();

    private void Sweep()
    {
        lock (gate)
        {
            var before = time.GetUtcNow() - IdleFor;
            foreach (var (tenant, _) in copies.Where(c => c.Value.AskedAt < before).ToList())
                copies.Remove(tenant);
            if (copies.Count > 0)
                return;
            sweeper?.Dispose();
            sweeper = null;
        }
    }
}

/// <summary>One tenant's vectors in memory, and which state of the store they are.</summary>
internal sealed class VectorCopy
{
    /// <summary>Held while it is brought up to date.</summary>
    public SemaphoreSlim Gate { get; } = new(1);

    public DateTimeOffset AskedAt { get; set; }

    public VectorRows? Rows { get; private set; }

    /// <summary>The state of the store that this is.</summary>
    public VectorPlace Place { get; private set; }

    public long Bytes => Rows?.Bytes ?? 0;

    /// <summary>Whether only what changed since <see cref="Place"/> has to be read to come to a state.</summary>
    public bool CanFollow(VectorPlace now) => Rows is { } rows && (Place.Born, Place.Embedder) == (now.Born, now.Embedder) && Place.Change <= now.Change && rows.Buried <= 1_000 + rows.Count / 8;

    public VectorRows Begin(int dimensions) => Rows = new VectorRows(dimensions);

    public void Reached(VectorPlace now) => Place = now;

    public void Forget() => (Rows, Place) = (null, default);
}

/// <summary>A state of a tenant's vectors in a store: which store, whose vectors, and how many changes it has seen.</summary>
internal readonly record struct VectorPlace(long Born, long Embedder, long Change);
