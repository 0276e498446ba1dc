using Sophia.Cluster;
using StackExchange.Redis;

namespace Sophia.Resilience;

// Goal: what Redis does is told as it is. Method: an address where nobody answers; a Redis that goes and comes back is tests/Cluster/RedisOutageTests'.
public sealed class RedisHealthTests
{
    [Fact]
    public async Task A_Redis_that_was_never_reached_fails_once_it_was_asked_for_and_not_before()
    {
        await using var redis = new RedisConnection(new ConfigurationOptions { EndPoints = { "127.0.0.1:1" }, AbortOnConnectFail = false, ConnectTimeout = 200 }, "test", TimeProvider.System);
        var health = new RedisHealth(redis);
        Assert.Empty(health.Signals);
        await redis.Multiplexer;
        Assert.Equal([("redis", "Redis cannot be reached")], health.Failing);
        Assert.False(await redis.Try(() => Task.CompletedTask, TimeSpan.FromSeconds(1)));
    }
}
