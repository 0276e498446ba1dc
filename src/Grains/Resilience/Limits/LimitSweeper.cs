using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Each <see cref="SweepEvery"/> removes what is kept of limits and counts no more, of every tenant and of the installation: counts of exact limits, and until when there were leases of divided ones, which grains remove themselves unless their silo died. Of callers who came once nothing is kept. Every silo does, and one finds nothing where another was.</summary>
/// <remarks>The store says whose time is over, and each one's own grain removes it: whoever asks at that moment is counted right. Looked at is the store of what is durable; where fast state is in Redis, what a silo that died left there of leases (some 150 bytes each) stays until the same caller comes again or the tenant ends.</remarks>
internal sealed partial class LimitSweeper(IGrainFactory grains, IKeptStates kept, ITenantGate gate, TimeProvider time, ILogger<LimitSweeper> logger) : BackgroundService
{
    /// <summary>1 hour.</summary>
    public static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);

    /// <summary>States read at once.</summary>
    private const int PageSize = 500;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(SweepEvery, time);
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

    /// <summary>Visits everybody; of how many something was removed.</summary>
    public async Task<long> Sweep(CancellationToken cancellation)
    {
        using var _ = CallerContext.ForSystem("forget what limits keep");
        var swept = 0L;
        foreach (var tenant in (IEnumerable<TenantId>)[TenantId.Parse(TenantKey.System), .. await grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).List()])
            try
            {
                swept += await Sweep<ExactCountState>(tenant, RateLimitGrain.CountState, static count => count.EndsAt, cancellation) + await Sweep<RateLimitState>(tenant, RateLimitGrain.QuotaState, static leases => leases.LeasesUntil, cancellation);
            }
            catch (StorageException failure)
            {
                LogPassedOver(tenant.Value, failure.Message);
            }
        return swept;
    }

    private async Task<long> Sweep<T>(TenantId tenant, string state, Func<T, DateTimeOffset> endsAt, CancellationToken cancellation)
    {
        var (swept, after) = (0L, (string?)null);
        while (gate.Because(tenant) is null)
        {
            var page = await kept.Page<T>(tenant, RateLimitGrain.Kind, state, after, PageSize, cancellation);
            foreach (var one in page)
                if (endsAt(one.State) <= time.GetUtcNow() && await grains.GetGrain<IRateLimitGrain>(one.Key).Forget())
                    swept++;
            if (page.Count < PageSize)
                break;
            after = page[^1].Key;
        }
        return swept;
    }

    [LoggerMessage(5126, LogLevel.Warning, "What limits of {Tenant} keep and counts no more was not removed; the next sweep takes it: {Why}")]
    private partial void LogPassedOver(string tenant, string why);

    [LoggerMessage(5127, LogLevel.Warning, "What limits keep and counts no more was not removed; the next sweep takes it")]
    private partial void LogNotSwept(Exception failure);
}
