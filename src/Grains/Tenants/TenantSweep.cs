using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Visits every tenant as soon as the application has started, and when a silo of the cluster has ended: what a crash interrupted goes on without waiting for a reminder.</summary>
/// <remarks>A tenant that cannot be visited, because its files cannot be read for example, is logged and passed over: it keeps neither the others nor the process from going on.</remarks>
public abstract partial class TenantSweep(IGrainFactory grains, IHostApplicationLifetime host, ILogger logger) : BackgroundService
{
    protected IGrainFactory Grains => grains;

    protected ILogger Logger => logger;

    /// <summary>Why it visits; logs show it.</summary>
    protected abstract string Reason { get; }

    protected abstract Task Visit(TenantId tenant);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var _ = host.ApplicationStarted.Register(started.SetResult);
        await using var stopped = stoppingToken.Register(() => started.TrySetCanceled(stoppingToken));
        await started.Task;
        try
        {
            await SweepNow();
        }
        catch (Exception wrong) when (!stoppingToken.IsCancellationRequested)
        {
            LogUnknown(Reason, wrong);
        }
    }

    /// <summary>Visits every tenant, because something happened that stops work: this process began, or another silo ended.</summary>
    public async Task SweepNow()
    {
        using var scope = CallerContext.ForSystem(Reason);
        foreach (var tenant in await grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).List())
            try
            {
                await Visit(tenant);
            }
            catch (Exception wrong) when (!host.ApplicationStopping.IsCancellationRequested)
            {
                LogPassedOver(tenant.Value, Reason, wrong.Message, wrong is StorageException ? null : wrong);
            }
    }

    [LoggerMessage(4035, LogLevel.Warning, "{Tenant} is passed over ({Reason}); its reminders try again: {Why}")]
    private partial void LogPassedOver(string tenant, string reason, string why, Exception? wrong);

    [LoggerMessage(4036, LogLevel.Warning, "The list of tenants could not be read ({Reason}); reminders try again")]
    private partial void LogUnknown(string reason, Exception wrong);
}
