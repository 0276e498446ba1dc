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
    private Known known = new(-1, new Dictionary<TenantId, string>());

    public string? Because(TenantId tenant) => known.Reasons.TryGetValue(tenant, out var because) ? $"This tenant is suspended: {because}" : null;

    public async Task Refresh()
    {
        using var _ = CallerContext.ForSystem("list of suspended tenants");
        // Asked for here and not at construction: the filters before the grains ask this, so it is there before they are.
        var told = await services.GetRequiredService<IGrainFactory>().GetGrain<ITenantDirectoryGrain>(TenantKey.System).Suspensions();
        Known before;
        do
            before = known;
        while (told.Version > before.Version
            && Interlocked.CompareExchange(ref known, new Known(told.Version, told.Tenants.ToDictionary(one => one.Tenant, one => one.Because)), before) != before);
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

    private sealed record Known(long Version, IReadOnlyDictionary<TenantId, string> Reasons);

    [LoggerMessage(4021, LogLevel.Warning, "Which tenants are suspended cannot be found out; what was known counts on, and is asked for every 2 s: {Reason}")]
    private partial void LogBlind(string reason);

    [LoggerMessage(4022, LogLevel.Information, "Which tenants are suspended is known again")]
    private partial void LogSees();
}
