using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Wakes every pipeline once at start, so that runs that a crash interrupted go on and watched sources are looked at.</summary>
internal sealed partial class PipelineSweeper(IGrainFactory grains, IHostApplicationLifetime host, ILogger<PipelineSweeper> logger) : TenantSweep(grains, host, logger)
{
    protected override string Reason => "wake pipelines at start";

    protected override async Task Visit(TenantId tenant)
    {
        foreach (var name in await Grains.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(tenant)).Names())
            await Wake(tenant, name);
    }

    private async Task Wake(TenantId tenant, string name)
    {
        try
        {
            await Grains.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, name)).View();
        }
        catch (Exception wrong) when (wrong is not OperationCanceledException)
        {
            LogAsleep(Logger, tenant.Value, name, wrong);
        }
    }

    [LoggerMessage(2110, LogLevel.Warning, "Pipeline {Tenant}/{Pipeline} could not be woken; its reminder tries again")]
    private static partial void LogAsleep(ILogger logger, string tenant, string pipeline, Exception wrong);
}
