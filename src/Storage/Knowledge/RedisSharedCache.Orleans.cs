using Microsoft.Extensions.Options;
using Sophia.Cluster;
using StackExchange.Redis;

namespace Sophia.Knowledge;

/// <summary>The second level of the cache in Redis. Its keys die by themselves, so that Redis may drop them first when memory runs short.</summary>
internal sealed class RedisSharedCache(RedisConnection redis, IOptions<CacheOptions> options) : ISharedCache
{
    /// <summary>How long a value may take to be put; nobody waits for it.</summary>
    private static readonly TimeSpan PutWithin = TimeSpan.FromSeconds(1);

    public async ValueTask<ReadOnlyMemory<byte>?> Get(string key)
    {
        var found = RedisValue.Null;
        var answered = await redis.Try(async () =>
        {
            if (redis.Database() is { } database) // It may have been switched off since.
                found = await database.StringGetAsync(Named(key));
        }, options.Value.SharedWithin);
        return !answered || found.IsNull ? null : (ReadOnlyMemory<byte>)found; // What comes too late is not looked at while it is written.
    }

    public void Put(string key, ReadOnlyMemory<byte> value, TimeSpan keptFor) =>
        _ = redis.Try(() => redis.Database()?.StringSetAsync(Named(key), value, keptFor) ?? Task.CompletedTask, PutWithin);

    private RedisKey Named(string key) => $"{redis.Cluster}/cache/{key}";
}
