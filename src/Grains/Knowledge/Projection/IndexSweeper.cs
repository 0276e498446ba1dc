using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Wakes every tenant's index at start, so that what was stored just before a crash becomes searchable.</summary>
internal sealed class IndexSweeper(IGrainFactory grains, IHostApplicationLifetime host, ILogger<IndexSweeper> logger) : TenantSweep(grains, host, logger)
{
    protected override string Reason => "wake indexes at start";

    protected override Task Visit(TenantId tenant) => Grains.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, Projections.Index)).View();
}
