using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Storage;
using StackExchange.Redis;

namespace Sophia.Operations;

/// <summary>Fast grain state in Redis, as the same JSON as everywhere. What is there may be lost at any time.</summary>
public static class RedisFastState
{
    /// <summary>Stands after the stores of the log: the last one named takes the name.</summary>
    public static IServiceCollection AddRedisFastState(this IServiceCollection services, ConfigurationOptions settings) =>
        services.AddRedisGrainStorage(Stores.Fast, redis =>
        {
            redis.ConfigurationOptions = settings;
            redis.GrainStorageSerializer = new StateJson();
        });

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
