using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>What a tenant's store holds, once more in memory.</summary>
internal interface IMemoryCopy
{
    /// <summary>When somebody last asked for it. Set by <see cref="CopiesByTenant{T}"/>.</summary>
    DateTimeOffset AskedAt { get; set; }

    long Bytes { get; }

    /// <summary>Whether somebody is at work on it, so that it has to stay.</summary>
    bool IsBusy { get; }
}

/// <summary>The copies of the tenants that are asked: one that nobody asked for a while goes, and where room is needed who was asked longest ago goes first.</summary>
internal sealed class CopiesByTenant<T>(TimeProvider time) : IDisposable where T : class, IMemoryCopy, new()
{
    /// <summary>How long a copy stays that nobody asks for.</summary>
    public static readonly TimeSpan IdleFor = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly Dictionary<TenantId, T> copies = [];
    private ITimer? sweeper;

    public IReadOnlyList<T> All
    {
        get
        {
            lock (gate)
                return [.. copies.Values];
        }
    }

    public long Bytes => All.Sum(copy => copy.Bytes);

    /// <summary>The tenant's copy, made empty where there is none.</summary>
    public T Of(TenantId tenant)
    {
        lock (gate)
        {
            if (!copies.TryGetValue(tenant, out var copy))
                copies[tenant] = copy = new T();
            copy.AskedAt = time.GetUtcNow();
            sweeper ??= time.CreateTimer(_ => Sweep(), null, IdleFor / 2, IdleFor / 2);
            return copy;
        }
    }

    /// <summary>The tenant's copy where there is one; that does not count as asking for it.</summary>
    public T? Find(TenantId tenant)
    {
        lock (gate)
            return copies.GetValueOrDefault(tenant);
    }

    public T? Remove(TenantId tenant)
    {
        lock (gate)
            return copies.Remove(tenant, out var gone) ? gone : null;
    }

    /// <summary>Lets others go until all copies together are within a bound; whether they are then.</summary>
    /// <param name="grown">Stays.</param>
    public bool MakeRoom(T grown, long bound)
    {
        lock (gate)
        {
            foreach (var (tenant, _) in copies.Where(c => c.Value != grown && c.Value is { Bytes: > 0, IsBusy: false }).OrderBy(c => c.Value.AskedAt).ToList())
                if (copies.Values.Sum(c => c.Bytes) > bound)
                    copies.Remove(tenant);
            return copies.Values.Sum(c => c.Bytes) <= bound;
        }
    }

    public void Dispose() => sweeper?.Dispose();

    private void Sweep()
    {
        lock (gate)
        {
            var before = time.GetUtcNow() - IdleFor;
            foreach (var (tenant, _) in copies.Where(c => c.Value.AskedAt < before && !c.Value.IsBusy).ToList())
                copies.Remove(tenant);
            if (copies.Count > 0)
                return;
            sweeper?.Dispose();
            sweeper = null;
        }
    }
}
