using Sophia.Cluster;
using Sophia.Log;
using Sophia.Tenants;
using StackExchange.Redis;

namespace Sophia.Knowledge;

/// <summary>What the shared cache has of a tenant. No state of tenants' grains lies in Redis: what counts wrong sign-ins is the system's, and fades by itself.</summary>
internal sealed class RedisTenants(RedisConnection redis) : ITenantMemory
{
    /// <summary>Keys removed in one call.</summary>
    private const int Batch = 1_000;

    public string Name => "keys in Redis";

    public bool IsCopy => true;

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
            await foreach (var key in server.KeysAsync(pattern: $"{redis.Cluster}/cache/*/{CacheKey.MarkOf(tenant)}/*", pageSize: Batch))
                yield return key;
    }

    private IDatabase Database() => redis.Database() ?? throw new StorageException(StorageFault.Unreachable, "Redis does not answer.");
}
