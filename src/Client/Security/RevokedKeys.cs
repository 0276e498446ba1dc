using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;

namespace Sophia.Security;

/// <summary>Ends what revoked keys, and those of suspended tenants, still have open.</summary>
/// <remarks>A request is let in once, and may last for hours. Where its key is revoked in this process that is told here at once; where it is
/// revoked in another one, looking every <see cref="EdgeLimits.OpenCheckedEvery"/> finds it within <see cref="EdgeLimits.RevokedWithin"/>.</remarks>
internal sealed partial class RevokedKeys(OpenRequests open, LiveKeys keys, CallerReplica callers, TimeProvider time, ILogger<RevokedKeys> logger, ITenantGate? gate = null) : BackgroundService
{
    // Said once for each tenant that has something open, and once when it is over.
    private readonly ConcurrentDictionary<TenantId, bool> unknown = new();

    /// <summary>Forgets what is believed of a tenant, and ends what its revoked keys have open.</summary>
    /// <param name="but">The request that says so.</param>
    public async Task End(TenantId tenant, HttpContext but)
    {
        callers.Forget(tenant);
        keys.Forget(tenant);
        await End(open.Callers.Where(caller => caller.Tenant == tenant), but);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(EdgeLimits.OpenCheckedEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await End(open.Callers, null);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task End(IEnumerable<Caller> some, HttpContext? but)
    {
        foreach (var caller in some)
        {
            try
            {
                if (gate?.Because(caller.Tenant) is not null || !await keys.Has(caller))
                    open.Abort(caller, but);
                if (unknown.TryRemove(caller.Tenant, out _))
                    LogKnown(caller.Tenant.Value);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                if (unknown.TryAdd(caller.Tenant, true))
                    LogUnknown(caller.Tenant.Value, failure.Message);
            }
        }
    }

    [LoggerMessage(4002, LogLevel.Warning, "Whether keys of {Tenant} were revoked cannot be found out, and is asked for again and again: {Reason}")]
    private partial void LogUnknown(string tenant, string reason);

    [LoggerMessage(4003, LogLevel.Information, "Whether keys of {Tenant} were revoked is known again")]
    private partial void LogKnown(string tenant);
}
