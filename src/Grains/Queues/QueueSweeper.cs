using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Wakes every tenant's queue at start and when a silo has ended: leases are looked after, and the dispatcher hears of work again.</summary>
internal sealed class QueueSweeper(IGrainFactory grains, IHostApplicationLifetime host, ILogger<QueueSweeper> logger) : TenantSweep(grains, host, logger)
{
    protected override string Reason => "wake queues at start";

    protected override Task Visit(TenantId tenant) => Grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant)).Wake();
}
