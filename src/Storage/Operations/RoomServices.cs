using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sophia.Operations;

/// <summary>Puts the watch over disks together.</summary>
public static class RoomServices
{
    /// <summary>May be called more than once: what each says of the options counts.</summary>
    public static IServiceCollection AddStorageRoom(this IServiceCollection services, Action<RoomOptions>? configure = null)
    {
        services.AddOptions<RoomOptions>().Configure(configure ?? (_ => { })).ValidateDataAnnotations()
            .Validate(options => options.IsOrdered, "RoomOptions: records are refused at or beyond the warning's marks, not before them.").ValidateOnStart();
        if (services.Any(service => service.ServiceType == typeof(StorageRoom)))
            return services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<StorageRoom>();
        services.AddSingleton<IStorageRoom>(provider => provider.GetRequiredService<StorageRoom>());
        services.AddHostedService(provider => provider.GetRequiredService<StorageRoom>());
        return services;
    }
}
