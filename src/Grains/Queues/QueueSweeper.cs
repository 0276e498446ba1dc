using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Wakes every tenant's queue at start and when a silo has ended: leases are looked after, and the dispatcher hears of work again.</summary>
internal sealed partial class QueueSweeper(IGrainFactory grains, IHostApplicationLifetime host, ILogger<QueueSweeper> logger) : TenantSweep(grains, host)
{
    protected override string Reason => "wake queues at start";

    protected override async Task Visit(TenantId tenant)
    {
        try
        {
            await Grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant)).Wake();
        }
        catch (Exception wrong) when (wrong is not OperationCanceledException)
        {
            LogAsleep(tenant.Value, wrong);
        }
    }

    [LoggerMessage(2430, LogLevel.Warning, "The queues of {Tenant} could not be woken; their reminder tries again")]
    private partial void LogAsleep(string tenant, Exception wrong);
}
