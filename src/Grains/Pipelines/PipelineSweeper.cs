using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Wakes every pipeline once at start, so that runs that a crash interrupted go on and watched sources are looked at.</summary>
internal sealed partial class PipelineSweeper(IGrainFactory grains, IHostApplicationLifetime host, ILogger<PipelineSweeper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var _ = host.ApplicationStarted.Register(started.SetResult);
        await using var stopped = stoppingToken.Register(() => started.TrySetCanceled(stoppingToken));
        await started.Task;
        using var scope = CallerContext.ForSystem("wake pipelines at start");
        foreach (var tenant in await grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).List())
            foreach (var name in await grains.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(tenant)).Names())
                await Wake(tenant, name);
    }

    private async Task Wake(TenantId tenant, string name)
    {
        try
        {
            await grains.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, name)).View();
        }
        catch (Exception wrong) when (wrong is not OperationCanceledException)
        {
            LogAsleep(tenant.Value, name, wrong);
        }
    }

    [LoggerMessage(2110, LogLevel.Warning, "Pipeline {Tenant}/{Pipeline} could not be woken; its reminder tries again")]
    private partial void LogAsleep(string tenant, string pipeline, Exception wrong);
}
