using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>This process's copy of who is suspended: asked for again every <see cref="LookEvery"/>, so that no notification can be missed.</summary>
/// <remarks>Where the list cannot be had the last one counts on, which is also what the grain would say of all but the newest change.</remarks>
public sealed partial class TenantGate(IServiceProvider services, IHostApplicationLifetime host, TimeProvider time, ILogger<TenantGate> logger) : BackgroundService, ITenantGate
{
    /// <summary>Under half of <see cref="ITenantGate.HoldsWithin"/>.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    // Said once, and once when it is over: what is in the way may last for hours.
    private bool isBlind;
    private Known known = new(-1, new Dictionary<TenantId, TenantSuspension>());

    public string? Because(TenantId tenant) => !known.Tenants.TryGetValue(tenant, out var one) ? null : one.Ended ? "This tenant is deleted." : $"This tenant is suspended: {one.Because}";

    public bool IsEnded(TenantId tenant) => known.Tenants.TryGetValue(tenant, out var one) && one.Ended;

    public async Task Refresh()
    {
        using var _ = CallerContext.ForSystem("list of suspended tenants");
        // Asked for here and not at construction: the filters before the grains ask this, so it is there before they are.
        var told = await services.GetRequiredService<IGrainFactory>().GetGrain<ITenantDirectoryGrain>(TenantKey.System).Suspensions();
        Known before;
        do
        {
            before = known;
            if (told.Version <= before.Version)
                return;
        }
        while (Interlocked.CompareExchange(ref known, new Known(told.Version, told.Tenants.ToDictionary(one => one.Tenant)), before) != before);
        foreach (var ended in told.Tenants.Where(one => one.Ended && !(before.Tenants.TryGetValue(one.Tenant, out var was) && was.Ended)))
            foreach (var copy in services.GetServices<ITenantCopies>())
                copy.Forget(ended.Tenant);
        foreach (var tenant in TenantRules.ToForget(told, before.Version))
            foreach (var copy in services.GetServices<ITenantCopies>().Where(copy => copy.HoldsRecords))
                copy.Forget(tenant);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var _ = host.ApplicationStarted.Register(() => started.TrySetResult());
            await using var stopped = stoppingToken.Register(() => started.TrySetCanceled(stoppingToken));
            await started.Task;
            using var timer = new PeriodicTimer(LookEvery, time);
            do
                await Look();
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task Look()
    {
        try
        {
            await Refresh();
            if (isBlind)
                LogSees();
            isBlind = false;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            if (!isBlind)
                LogBlind(failure.Message);
            isBlind = true;
        }
    }

    private sealed record Known(long Version, IReadOnlyDictionary<TenantId, TenantSuspension> Tenants);

    [LoggerMessage(4021, LogLevel.Warning, "Which tenants are suspended cannot be found out; what was known counts on, and is asked for every 2 s: {Reason}")]
    private partial void LogBlind(string reason);

    [LoggerMessage(4022, LogLevel.Information, "Which tenants are suspended is known again")]
    private partial void LogSees();
}
