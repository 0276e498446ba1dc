using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Persistence;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Sophia.Cluster;
using Sophia.Knowledge;
using StackExchange.Redis;

namespace Sophia.Operations;

/// <summary>What a process has in Redis: fast grain state, as the same JSON as everywhere, and the shared level of the cache. All of it may be lost at any time.</summary>
public static class RedisFastState
{
    private const string InRedis = "fast-redis";

    /// <summary>The connection, and who looks after it.</summary>
    public static IServiceCollection AddRedis(this IServiceCollection services, ConfigurationOptions settings, string cluster)
    {
        services.AddSingleton(provider => new RedisConnection(settings, cluster, provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<RedisWatch>();
        services.AddSingleton<Resilience.IHealthSource, Resilience.RedisHealth>();
        return services;
    }

    /// <summary>Stands after the stores of the log: the last one named takes the name. Wants <see cref="AddRedis"/>.</summary>
    public static IServiceCollection AddRedisFastState(this IServiceCollection services, ConfigurationOptions settings)
    {
        services.AddRedisGrainStorage(InRedis, options => options.Configure<RedisConnection>((redis, connection) =>
        {
            redis.ConfigurationOptions = settings;
            redis.CreateMultiplexer = async _ => (await connection.Multiplexer, true);
            redis.DeleteStateOnClear = true;
            redis.GetStorageKey = (state, grain) => Tenants.RedisStates.KeyOf(connection.Cluster, state, grain);
            redis.GrainStorageSerializer = new StateJson();
        }));
        services.AddGrainStorage(Stores.Fast, static (provider, _) =>
            new RedisFastStorage(provider.GetRequiredKeyedService<IGrainStorage>(InRedis), provider.GetRequiredService<RedisConnection>()));
        services.AddSingleton<Tenants.ITenantMemory, Tenants.RedisTenants>();
        services.AddSingleton<Tenants.ITenantMemory, Tenants.RedisStates>();
        return services.AddSingleton<ISharedCache, RedisSharedCache>();
    }

    private sealed class StateJson : IGrainStorageSerializer
    {
        public BinaryData Serialize<T>(T? input) => new([GrainStateJson.Format, .. GrainStateJson.Write(input)]);

        public T Deserialize<T>(BinaryData input)
        {
            var bytes = input.ToMemory().Span;
            return GrainStateJson.Read<T>(bytes[0], bytes[1..]) ?? Activator.CreateInstance<T>();
        }
    }
}
