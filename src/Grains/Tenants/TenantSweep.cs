using Microsoft.Extensions.Hosting;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Visits every tenant as soon as the application has started, and when a silo of the cluster has ended: what a crash interrupted goes on without waiting for a reminder.</summary>
public abstract class TenantSweep(IGrainFactory grains, IHostApplicationLifetime host) : BackgroundService
{
    protected IGrainFactory Grains => grains;

    /// <summary>Why it visits; logs show it.</summary>
    protected abstract string Reason { get; }

    protected abstract Task Visit(TenantId tenant);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var _ = host.ApplicationStarted.Register(started.SetResult);
        await using var stopped = stoppingToken.Register(() => started.TrySetCanceled(stoppingToken));
        await started.Task;
        await SweepNow();
    }

    /// <summary>Visits every tenant, because something happened that stops work: this process began, or another silo ended.</summary>
    public async Task SweepNow()
    {
        using var scope = CallerContext.ForSystem(Reason);
        foreach (var tenant in await grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).List())
            await Visit(tenant);
    }
}
