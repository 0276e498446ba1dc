using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Chooses whose work is done next; the key is "system", or "system/runs".</summary>
/// <remarks>Who is next is decided in <see cref="FairRing"/>, which is pure. It keeps nothing: after its loss tenants offer their work again. Reentrant, because workers wait here for offers.</remarks>
[Reentrant]
internal sealed partial class WorkDispatcherGrain(IOptions<QueueOptions> options, TimeProvider time, ILogger<WorkDispatcherGrain> logger) : Grain, IWorkDispatcherGrain
{
    private const int MostShown = 100;

    /// <summary>Longest patience that a worker is waited with; under the runtime's 30 s.</summary>
    private static readonly TimeSpan MostPatience = TimeSpan.FromSeconds(20);

    private readonly HashSet<TenantId> noisy = [];
    private ServedQueue served = ServedQueue.Work;
    private int least;
    private FairRing ring = null!;
    private WorkersAtWork workers = null!;
    private TaskCompletionSource offered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        served = ServedQueue.Of(this.GetPrimaryKeyString());
        least = served.NoisyFrom(options.Value);
        ring = new FairRing(options.Value.Quantum);
        workers = new WorkersAtWork(time);
        return Task.CompletedTask;
    }

    public Task Offer(WorkOffer offer)
    {
        ring.Offer(offer);
        WakeWorkers();
        return Task.CompletedTask;
    }

    public async Task<IReadOnlyList<WorkGrant>> Next(WorkerReport report, CancellationToken cancellation)
    {
        Hear(report);
        if (report.Places <= 0)
            return [];
        var began = time.GetTimestamp();
        while (true)
        {
            var grants = ring.Grant(Math.Min(report.Places, WorkLimits.MaxAtOnce));
            if (grants.Count > 0)
            {
                workers.Granted(report.Worker, grants);
                return grants;
            }
            var left = (report.Patience < MostPatience ? report.Patience : MostPatience) - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                return [];
            try
            {
                await offered.Task.WaitAsync(left, time, cancellation);
            }
            catch (Exception over) when (over is TimeoutException or OperationCanceledException)
            {
                return [];
            }
        }
    }

    public Task<FairnessView> View()
    {
        Bury();
        var shares = FairShares.Of(ring.Tenants, workers.InHand(), workers.Busy(), least);
        return Task.FromResult(new FairnessView(workers.Count, ring.Granted, [.. shares.OrderByDescending(share => share.InHand).ThenBy(share => share.Tenant.Value, StringComparer.Ordinal).Take(MostShown)]) { Queue = served.Name });
    }

    private void Hear(WorkerReport report)
    {
        Bury();
        workers.Seen(report);
        foreach (var outcome in report.Outcomes)
            ring.Settle(outcome);
        if (report.Outcomes.Any(outcome => outcome.Left > 0))
            WakeWorkers();
        Listen(report.Efforts.Select(effort => effort.Tenant));
    }

    /// <summary>Says once that a tenant has become noisy, and once that it is no more.</summary>
    private void Listen(IEnumerable<TenantId> heard)
    {
        // By what is in hand alone: time spent moves with each report. Few have so much, and only for them are all tenants gone through.
        var hands = workers.InHand();
        var loud = heard.Where(tenant => hands.GetValueOrDefault(tenant) >= least).Concat(noisy).Distinct().ToList();
        if (loud.Count == 0)
            return;
        var shares = FairShares.Of(ring.Tenants, hands, workers.Busy().ToDictionary(one => one.Key, static _ => TimeSpan.Zero), least).ToDictionary(share => share.Tenant);
        foreach (var tenant in loud)
            if (shares.TryGetValue(tenant, out var share) && share.IsNoisy)
            {
                if (noisy.Add(tenant))
                    LogNoisy(tenant.Value, share.InHand, hands.Values.Sum());
            }
            else if (noisy.Remove(tenant))
                LogQuiet(tenant.Value);
    }

    /// <summary>Grants of workers that are gone came to nothing that is known here; the tenants' leases lapse.</summary>
    private void Bury()
    {
        foreach (var lost in workers.Bury())
            ring.Settle(new GrantOutcome(lost, 0, 0, 0, 1, 1));
    }

    private void WakeWorkers()
    {
        if (!ring.HasReady)
            return;
        var waiting = offered;
        offered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.SetResult();
    }

    [LoggerMessage(2410, LogLevel.Information, "Tenant {Tenant} is noisy: {InHand} of {All} items in hand are its own. Its share stays what it is.")]
    private partial void LogNoisy(string tenant, int inHand, int all);

    [LoggerMessage(2411, LogLevel.Information, "Tenant {Tenant} is noisy no more")]
    private partial void LogQuiet(string tenant);
}
