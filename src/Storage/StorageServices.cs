using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime.Hosting;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Postgres;
using Sophia.Quality;
using Sophia.Queues;
using Sophia.Resilience;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia;

/// <summary>Puts the stores together: one line per capability.</summary>
public static class StorageServices
{
    /// <param name="postgres">Where given, log, runs, quarantine, grain state and reminders are in PostgreSQL, and only the index in the data folder.</param>
    public static IServiceCollection AddSophiaStorage(this IServiceCollection services, Action<StorageOptions>? configure = null, Action<PostgresOptions>? postgres = null)
    {
        services.AddOptions<StorageOptions>().Configure(configure ?? (_ => { })).ValidateDataAnnotations()
            .Validate(options => int.IsPow2(options.PageBytes), "StorageOptions.PageBytes must be a power of two.").ValidateOnStart();
        services.AddSingleton(provider => DataFolder.Open(provider.GetRequiredService<IOptions<StorageOptions>>().Value.DataFolder));
        services.AddSingleton(provider => new DatabaseFiles(provider.GetRequiredService<DataFolder>(), provider.GetRequiredService<IOptions<StorageOptions>>().Value,
            isEnded: provider.GetService<ITenantGate>() is { } gate ? gate.IsEnded : null));
        services.AddSingleton<ITenantMemory, TenantFolders>();
        services.AddLogging();
        services.AddSingleton<StaleWrites>();
        services.AddSingleton(provider => new VectorCache(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IOptions<StorageOptions>>().Value));
        services.AddSingleton(provider => new WordCache(provider.GetRequiredService<DatabaseFiles>(), provider.GetRequiredService<IOptions<StorageOptions>>().Value, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<WordCache>>()));
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<VectorCache>());
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<WordCache>());
        services.AddSingleton<IIndexStore, SqliteIndexStore>();
        services.AddSingleton<IVectorStore, SqliteVectorStore>();
        if (postgres is null)
            services.AddSqliteLog();
        else
            services.AddPostgresLog(postgres);
        services.AddStorageRoom();
        services.AddHostedService<IdleMemory>();
        return services;
    }

    /// <summary>Puts the index beside the log, where every silo reaches it. Stands after <see cref="AddSophiaStorage"/>.</summary>
    public static IServiceCollection AddPostgresIndex(this IServiceCollection services) => services
        .AddSingleton<IIndexStore, PostgresIndexStore>().AddSingleton<IVectorStore, PostgresVectorStore>();

    private static void AddSqliteLog(this IServiceCollection services)
    {
        services.AddSingleton<ILogStore>(provider =>
        {
            LogPlace.IsHere(provider.GetRequiredService<DataFolder>());
            return new RoomyLogStore(new SqliteLogStore(provider.GetRequiredService<DatabaseFiles>(), provider.GetRequiredService<StaleWrites>(), provider.GetService<IRecordMarks>()), provider.GetRequiredService<IStorageRoom>(), provider.GetService<ITenantGate>());
        });
        services.AddSingleton<IRunStore, SqliteRunStore>();
        services.AddSingleton<IQuarantineStore, SqliteQuarantineStore>();
        services.AddSingleton<IIdempotencyStore, SqliteIdempotencyStore>();
        services.AddSingleton<IQueueStore, SqliteQueueStore>();
        services.AddSingleton<IErasureStore>(provider => new SqliteErasureStore(provider.GetRequiredService<DatabaseFiles>(), provider.GetService<IRecordMarks>()));
        services.AddSingleton<ITenantRoom, FolderTenantRoom>();
        services.AddGrainStorage(Stores.Durable, (provider, _) => new SqliteGrainStorage(provider.GetRequiredService<DatabaseFiles>(), Durability.Full, provider.GetRequiredService<StaleWrites>()));
        services.AddGrainStorage(Stores.Fast, (provider, _) => new SqliteGrainStorage(provider.GetRequiredService<DatabaseFiles>(), Durability.Normal, provider.GetRequiredService<StaleWrites>()));
        services.AddSingleton<IKeptStates>(provider => new SqliteGrainStorage(provider.GetRequiredService<DatabaseFiles>(), Durability.Full));
        services.AddSingleton<IReminderTable, SqliteReminderTable>();
    }

    private static void AddPostgresLog(this IServiceCollection services, Action<PostgresOptions> configure)
    {
        services.AddOptions<PostgresOptions>().Configure(configure).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider =>
        {
            // The folder's lock comes first: who may not use the folder touches no database.
            var folder = provider.GetRequiredService<DataFolder>();
            var database = PostgresDatabase.Open(provider.GetRequiredService<IOptions<PostgresOptions>>().Value, provider.GetRequiredService<TimeProvider>());
            LogPlace.IsIn(folder, database.Store, database.Server);
            // Asked for when something is read: policies know grains, and grains stores.
            database.Policy = () => provider.GetService<IPolicies>()?.OfInstallation(PolicyNames.Postgres);
            database.IsEnded = provider.GetService<ITenantGate>() is { } gate ? gate.IsEnded : static _ => false;
            return database;
        });
        services.AddSingleton<ITenantMemory, PostgresTenants>();
        services.AddSingleton<ILogStore>(provider => new RoomyLogStore(new PostgresLogStore(provider.GetRequiredService<PostgresDatabase>(), provider.GetRequiredService<StaleWrites>(), provider.GetService<IRecordMarks>()), provider.GetRequiredService<IStorageRoom>(), provider.GetService<ITenantGate>()));
        services.AddSingleton<IRoomProbe>(provider => new PostgresProbe(provider.GetRequiredService<PostgresDatabase>(), provider.GetRequiredService<IOptions<RoomOptions>>().Value.PostgresBytes));
        services.AddSingleton<IRunStore, PostgresRunStore>();
        services.AddSingleton<IQuarantineStore, PostgresQuarantineStore>();
        services.AddSingleton<IIdempotencyStore, PostgresIdempotencyStore>();
        services.AddSingleton<IQueueStore, PostgresQueueStore>();
        services.AddSingleton<IErasureStore>(provider => new PostgresErasureStore(provider.GetRequiredService<PostgresDatabase>(), provider.GetService<IRecordMarks>(), provider.GetRequiredService<DatabaseFiles>()));
        services.AddSingleton<ITenantRoom, PostgresTenantRoom>();
        services.AddGrainStorage(Stores.Durable, (provider, _) => new PostgresGrainStorage(provider.GetRequiredService<PostgresDatabase>(), waitsForDisk: true, provider.GetRequiredService<StaleWrites>()));
        services.AddGrainStorage(Stores.Fast, (provider, _) => new PostgresGrainStorage(provider.GetRequiredService<PostgresDatabase>(), waitsForDisk: false, provider.GetRequiredService<StaleWrites>()));
        services.AddSingleton<IKeptStates>(provider => new PostgresGrainStorage(provider.GetRequiredService<PostgresDatabase>(), waitsForDisk: true));
        services.AddSingleton<IReminderTable, PostgresReminderTable>();
    }
}
