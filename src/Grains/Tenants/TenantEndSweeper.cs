using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Wakes at start the deletions that have begun, so that they go on without waiting for their reminders.</summary>
internal sealed partial class TenantEndSweeper(IGrainFactory grains, IHostApplicationLifetime host, ILogger<TenantEndSweeper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var _ = host.ApplicationStarted.Register(() => started.TrySetResult());
        await using var stopped = stoppingToken.Register(() => started.TrySetCanceled(stoppingToken));
        try
        {
            await started.Task;
            using var scope = CallerContext.ForSystem("wake deletions at start");
            var directory = grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System);
            var buried = (await directory.Tombstones()).Select(tombstone => tombstone.Tenant).ToHashSet();
            foreach (var closed in (await directory.Suspensions()).Tenants.Where(one => one.Ended && !buried.Contains(one.Tenant)))
                await Wake(closed.Tenant);
        }
        catch (Exception wrong) when (!stoppingToken.IsCancellationRequested)
        {
            LogAsleep(wrong);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    // One that cannot be read keeps none of the others from going on.
    private async Task Wake(TenantId tenant)
    {
        try
        {
            await grains.GetGrain<ITenantEndGrain>(TenantEnd.KeyOf(tenant)).View();
        }
        catch (Exception wrong) when (!host.ApplicationStopping.IsCancellationRequested)
        {
            LogAsleepOne(tenant.Value, wrong);
        }
    }

    [LoggerMessage(4037, LogLevel.Warning, "The deletion of {Tenant} could not be woken; its reminder tries again")]
    private partial void LogAsleepOne(string tenant, Exception wrong);

    [LoggerMessage(4034, LogLevel.Warning, "Deletions that have begun could not be woken; their reminders try again")]
    private partial void LogAsleep(Exception wrong);
}
