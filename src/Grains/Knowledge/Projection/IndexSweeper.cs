using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Wakes every tenant's index at start, so that what was stored just before a crash becomes searchable.</summary>
internal sealed partial class IndexSweeper(IGrainFactory grains, IHostApplicationLifetime host, ILogger<IndexSweeper> logger) : TenantSweep(grains, host)
{
    protected override string Reason => "wake indexes at start";

    protected override async Task Visit(TenantId tenant)
    {
        try
        {
            await Grains.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, Projections.Index)).View();
        }
        catch (Exception wrong) when (wrong is not OperationCanceledException)
        {
            LogAsleep(tenant.Value, wrong);
        }
    }

    [LoggerMessage(3110, LogLevel.Warning, "The index of {Tenant} could not be woken; its reminder tries again")]
    private partial void LogAsleep(string tenant, Exception wrong);
}
