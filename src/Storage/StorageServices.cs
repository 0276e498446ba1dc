using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime.Hosting;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Sqlite;

namespace Sophia;

/// <summary>Puts the embedded store together: one line per capability.</summary>
public static class StorageServices
{
    public static IServiceCollection AddSophiaStorage(this IServiceCollection services, Action<StorageOptions>? configure = null)
    {
        services.AddOptions<StorageOptions>().Configure(configure ?? (_ => { })).ValidateDataAnnotations()
            .Validate(options => int.IsPow2(options.PageBytes), "StorageOptions.PageBytes must be a power of two.").ValidateOnStart();
        services.AddSingleton(provider => DataFolder.Open(provider.GetRequiredService<IOptions<StorageOptions>>().Value.DataFolder));
        services.AddSingleton(provider => new DatabaseFiles(provider.GetRequiredService<DataFolder>(), provider.GetRequiredService<IOptions<StorageOptions>>().Value));
        services.AddSingleton<ILogStore, SqliteLogStore>();
        services.AddSingleton<IRunStore, SqliteRunStore>();
        services.AddSingleton<IIndexStore, SqliteIndexStore>();
        services.AddSingleton<IQuarantineStore, SqliteQuarantineStore>();
        services.AddGrainStorage(Stores.Durable, (provider, _) => new SqliteGrainStorage(provider.GetRequiredService<DatabaseFiles>(), Durability.Full));
        services.AddGrainStorage(Stores.Fast, (provider, _) => new SqliteGrainStorage(provider.GetRequiredService<DatabaseFiles>(), Durability.Normal));
        services.AddSingleton<IReminderTable, SqliteReminderTable>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddHostedService<IdleMemory>();
        return services;
    }
}
