using Orleans.Runtime;
using Sophia.Cluster;
using Sophia.Log;
using Sophia.Knowledge;
using StackExchange.Redis;

namespace Sophia.Tenants;

/// <summary>What the shared cache has of a tenant.</summary>
internal sealed class RedisTenants(RedisConnection redis) : RedisMemory(redis)
{
    public override string Name => "keys in Redis";

    public override bool IsCopy => true;

    protected override string Pattern(TenantId tenant) => $"{Cluster}/cache/*/{CacheKey.MarkOf(tenant)}/*";
}

/// <summary>What grains of a tenant keep in Redis: breakers, quotas, which keys were right. What counts wrong sign-ins is the system's, and fades by itself.</summary>
internal sealed class RedisStates(RedisConnection redis) : RedisMemory(redis)
{
    public override string Name => "states in Redis";

    /// <summary>Where a grain's state lies: "cluster/state/class/key/state". Keys begin with the tenant.</summary>
    public static RedisKey KeyOf(string cluster, string state, GrainId grain) => $"{cluster}/state/{grain}/{state}";

    protected override string Pattern(TenantId tenant) => $"{Cluster}/state/*/{tenant}/*";

    // The pattern's star takes slashes too: a tenant's name may stand later in the key of another's grain.
    protected override bool IsOf(TenantId tenant, string key)
    {
        var grain = key.AsSpan($"{Cluster}/state/".Length);
        return grain[(grain.IndexOf('/') + 1)..].StartsWith($"{tenant}/", StringComparison.Ordinal);
    }
}

/// <summary>Keys of Redis that are a tenant's.</summary>
internal abstract class RedisMemory(RedisConnection redis) : ITenantMemory
{
    /// <summary>Keys removed in one call.</summary>
    private const int Batch = 1_000;

    public abstract string Name { get; }

    public virtual bool IsCopy => false;

    protected string Cluster => redis.Cluster;

    public async Task<long> Count(TenantId tenant, CancellationToken cancellation)
    {
        long found = 0;
        await foreach (var _ in Keys(tenant).WithCancellation(cancellation))
            found++;
        return found;
    }

    public async Task Erase(TenantId tenant, CancellationToken cancellation)
    {
        var database = Database();
        var some = new List<RedisKey>();
        await foreach (var key in Keys(tenant).WithCancellation(cancellation))
        {
            some.Add(key);
            if (some.Count < Batch)
                continue;
            await database.KeyDeleteAsync([.. some]);
            some.Clear();
        }
        if (some.Count > 0)
            await database.KeyDeleteAsync([.. some]);
    }

    private async IAsyncEnumerable<RedisKey> Keys(TenantId tenant)
    {
        foreach (var server in Database().Multiplexer.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
            await foreach (var key in server.KeysAsync(pattern: Pattern(tenant), pageSize: Batch))
                if (IsOf(tenant, key.ToString()))
                    yield return key;
    }

    /// <summary>What Redis is asked for: no key of the tenant is missing in it.</summary>
    protected abstract string Pattern(TenantId tenant);

    /// <summary>Whether a key that fits the pattern is the tenant's.</summary>
    protected virtual bool IsOf(TenantId tenant, string key) => true;

    private IDatabase Database() => redis.Database() ?? throw new StorageException(StorageFault.Unreachable, "Redis does not answer.");
}
