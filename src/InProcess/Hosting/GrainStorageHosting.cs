using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Storage;

namespace Orleans.Runtime.Hosting;

/// <summary>Registers grain storage as Orleans does: as a keyed <see cref="IGrainStorage"/>, and unkeyed if named "Default".</summary>
public static class StorageProviderExtensions
{
    /// <summary>Registers a storage under a name.</summary>
    public static IServiceCollection AddGrainStorage<T>(this IServiceCollection collection, string name,
        Func<IServiceProvider, string, T> implementationFactory) where T : IGrainStorage
    {
        collection.AddKeyedSingleton<IGrainStorage>(name, (provider, key) => implementationFactory(provider, (string)key!));
        if (name == "Default")
            collection.TryAddSingleton(provider => provider.GetRequiredKeyedService<IGrainStorage>(name));
        return collection;
    }
}
