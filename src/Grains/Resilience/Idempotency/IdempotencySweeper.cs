using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Removes keys whose time is over, of every tenant, each time <see cref="IdempotencyOptions.SweepEvery"/> is over. Every silo does, and one finds nothing where another was.</summary>
internal sealed partial class IdempotencySweeper(IGrainFactory grains, IIdempotencyStore store, ITenantGate gate, IOptions<IdempotencyOptions> options, TimeProvider time, ILogger<IdempotencySweeper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            try
            {
                await Sweep(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotSwept(failure);
            }
    }

    /// <summary>Visits every tenant; how many keys were removed.</summary>
    public async Task<long> Sweep(CancellationToken cancellation)
    {
        using var _ = CallerContext.ForSystem("forget idempotency keys");
        var swept = 0L;
        foreach (var tenant in await grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).List())
            try
            {
                swept += await Sweep(tenant, cancellation);
            }
            catch (StorageException failure)
            {
                LogPassedOver(tenant.Value, failure.Message);
            }
        return swept;
    }

    private async Task<long> Sweep(TenantId tenant, CancellationToken cancellation)
    {
        var swept = 0L;
        for (var removed = options.Value.SweptAtOnce; removed == options.Value.SweptAtOnce && gate.Because(tenant) is null;)
        {
            removed = await store.Sweep(tenant, time.GetUtcNow(), options.Value.SweptAtOnce, cancellation);
            IdempotencyMeter.Swept(removed);
            swept += removed;
        }
        return swept;
    }

    [LoggerMessage(8016, LogLevel.Warning, "Idempotency keys of {Tenant} whose time is over were not removed; the next sweep takes them: {Why}")]
    private partial void LogPassedOver(string tenant, string why);

    [LoggerMessage(8011, LogLevel.Warning, "Idempotency keys whose time is over were not removed; the next sweep takes them")]
    private partial void LogNotSwept(Exception failure);
}
