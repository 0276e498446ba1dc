using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Postgres;

namespace Sophia.Knowledge;

/// <summary>Puts the index into Weaviate.</summary>
public static class WeaviateServices
{
    /// <summary>Stands after the stores of the log, which are in PostgreSQL: the last index named is the index.</summary>
    public static IServiceCollection AddWeaviateIndex(this IServiceCollection services, WeaviateOptions options)
    {
        services.AddSingleton(provider => new WeaviateConnection(options, provider.GetRequiredService<TimeProvider>(), provider.GetService<Resilience.IPolicies>()));
        services.AddSingleton<IReadyCondition>(provider => provider.GetRequiredService<WeaviateConnection>());
        services.AddSingleton(provider => new WeaviateIndexStore(
            new SearchLedger(provider.GetRequiredService<PostgresDatabase>()), engine => new SearchLedgerWriter(provider.GetRequiredService<PostgresDatabase>(), engine), provider.GetRequiredService<WeaviateConnection>()));
        services.AddSingleton<IIndexStore>(provider => provider.GetRequiredService<WeaviateIndexStore>());
        services.AddSingleton<IVectorStore>(provider => provider.GetRequiredService<WeaviateIndexStore>());
        services.AddSingleton<Tenants.ITenantMemory, WeaviateTenants>();
        services.AddSingleton<Tenants.ITenantCopies>(provider => provider.GetRequiredService<WeaviateIndexStore>());
        services.AddHostedService<WeaviateOpening>();
        return services;
    }
}

/// <summary>Reaches for Weaviate from the start on, so that the process becomes ready without a question having to come first.</summary>
internal sealed partial class WeaviateOpening(WeaviateConnection connection, TimeProvider time, ILogger<WeaviateOpening> logger) : BackgroundService
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        for (var wait = TimeSpan.FromSeconds(0.5); ; wait = wait * 2 < Longest ? wait * 2 : Longest)
            try
            {
                await connection.Engine(stoppingToken);
                return;
            }
            catch (StorageException failure)
            {
                LogUnreachable(failure.Message, wait);
                await Task.Delay(wait, time, stoppingToken);
            }
    }

    [LoggerMessage(3120, LogLevel.Warning, "{Reason} Not ready; next attempt in {Wait}")]
    private partial void LogUnreachable(string reason, TimeSpan wait);
}
