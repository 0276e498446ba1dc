using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Each <see cref="SweepEvery"/> removes counts of exact limits of which nothing counts any more, of every tenant and of the installation: of callers who came once nothing is kept. Every silo does, and one finds nothing where another was.</summary>
/// <remarks>The store says whose time is over, and each count's own grain removes it: whoever asks at that moment is counted right.</remarks>
internal sealed partial class LimitSweeper(IGrainFactory grains, IKeptStates kept, ITenantGate gate, TimeProvider time, ILogger<LimitSweeper> logger) : BackgroundService
{
    /// <summary>1 hour.</summary>
    public static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);

    /// <summary>Counts read at once.</summary>
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

    /// <summary>Visits everybody; how many counts were removed.</summary>
    public async Task<long> Sweep(CancellationToken cancellation)
    {
        using var _ = CallerContext.ForSystem("forget counts of limits");
        var swept = 0L;
        foreach (var tenant in (IEnumerable<TenantId>)[TenantId.Parse(TenantKey.System), .. await grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).List()])
            try
            {
                swept += await Sweep(tenant, cancellation);
            }
            catch (StorageException failure)
            {
                LogPassedOver(tenant.Value, failure.Message);
            }
        return swept;
    }

    private async Task<long> Sweep(TenantId tenant, CancellationToken cancellation)
    {
        var (swept, after) = (0L, (string?)null);
        while (gate.Because(tenant) is null)
        {
            var page = await kept.Page<ExactCountState>(tenant, RateLimitGrain.Kind, RateLimitGrain.CountState, after, PageSize, cancellation);
            foreach (var one in page)
                if (one.State.EndsAt <= time.GetUtcNow() && await grains.GetGrain<IRateLimitGrain>(one.Key).Forget())
                    swept++;
            if (page.Count < PageSize)
                break;
            after = page[^1].Key;
        }
        return swept;
    }

    [LoggerMessage(5126, LogLevel.Warning, "Counts of limits of {Tenant} whose time is over were not removed; the next sweep takes them: {Why}")]
    private partial void LogPassedOver(string tenant, string why);

    [LoggerMessage(5127, LogLevel.Warning, "Counts of limits whose time is over were not removed; the next sweep takes them")]
    private partial void LogNotSwept(Exception failure);
}
