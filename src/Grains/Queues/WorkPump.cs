using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>This process's workers: asks the dispatcher for as much work as it has places, leases it from the tenants, does it and says how it ended.</summary>
/// <remarks>It decides nothing about whose turn it is. What it has in hand when the process dies comes back when its leases end.</remarks>
internal sealed partial class WorkPump(
    ServedQueue queue, IGrainFactory grains, IEnumerable<IWorkHandler> handlers, ILocalSiloDetails silo, IHostApplicationLifetime host, IOptions<QueueOptions> options, TimeProvider time, ILogger<WorkPump> logger) : BackgroundService
{
    /// <summary>How long places are gathered before work for them is asked for.</summary>
    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(5);

    private readonly Dictionary<string, IWorkHandler> byKind = handlers.ToDictionary(handler => handler.Kind, StringComparer.Ordinal);
    private readonly int places = queue.Places(options.Value);
    private readonly WorkInHand hand = new(queue.Places(options.Value));
    private EndTeller ends = null!;
    private string worker = "";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (places == 0)
            return;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var _ = host.ApplicationStarted.Register(() => started.TrySetResult());
        await using var stopped = stoppingToken.Register(() => started.TrySetCanceled(stoppingToken));
        try
        {
            await started.Task;
            worker = silo.SiloAddress.ToString();
            ends = new EndTeller(Tell);
            var renewing = Renew(stoppingToken);
            await Pump(stoppingToken);
            await renewing;
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        await hand.Empty();
    }

    private async Task Pump(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await Room(stopping);
            try
            {
                using var _ = CallerContext.ForSystem("hand out work");
                foreach (var grant in await Dispatcher.Next(Report(hand.Free, options.Value.OfferEvery), stopping))
                {
                    hand.Reserve(grant.Items);
                    hand.Run(Serve(grant, stopping));
                }
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                // What was not heard is lost, and the dispatcher finds out: tenants offer again.
                LogUnheard(failure.Message);
                await Task.Delay(options.Value.OfferEvery, time, stopping);
            }
        }
    }

    /// <summary>Waits for a place, and a little longer for more of them: many that end together ask once.</summary>
    private async Task Room(CancellationToken stopping)
    {
        await hand.Room(1, stopping);
        var enough = Math.Max(1, places / 4);
        if (hand.Free >= enough)
            return;
        using var patience = new CancellationTokenSource(GatherFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        try
        {
            await hand.Room(enough, either.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
        }
    }

    private async Task<IReadOnlyList<FinishAnswer>> Tell(TenantId tenant, IReadOnlyList<WorkResult> results)
    {
        using var _ = CallerContext.ForSystem("end work");
        return await Queue(tenant).Finish(queue.Name, results, CancellationToken.None);
    }

    private async Task Serve(WorkGrant grant, CancellationToken stopping)
    {
        IReadOnlyList<Work> items = [];
        var more = false;
        try
        {
            using var _ = CallerContext.ForSystem("lease work");
            var leased = await Queue(grant.Tenant).Lease(new LeaseRequest(queue.Name, worker, grant.Items, grant.Cost), stopping);
            items = leased.Items;
            hand.Told(new GrantOutcome(grant, items.Count, items.Sum(item => item.Cost), leased.Left, leased.NextCost, leased.Weight));
            more = leased.Left > 0;
        }
        catch (Exception failure)
        {
            LogNotLeased(grant.Tenant.Value, failure.Message);
            hand.Told(new GrantOutcome(grant, 0, 0, 0, 1, 1));
        }
        hand.Release(grant.Items - items.Count);
        foreach (var work in items)
            hand.Run(Do(grant.Tenant, work, stopping));
        if (more)
            await TellMore(stopping);
    }

    // This process may be waiting for work already, and would say what is left only with its next question.
    private async Task TellMore(CancellationToken stopping)
    {
        try
        {
            using var _ = CallerContext.ForSystem("tell of work");
            await Dispatcher.Next(Report(0, TimeSpan.Zero), stopping);
        }
        catch (Exception failure)
        {
            LogUnheard(failure.Message);
        }
    }

    private async Task Do(TenantId tenant, Work work, CancellationToken stopping)
    {
        var began = time.GetTimestamp();
        using var lease = hand.Begin(tenant, work, stopping);
        try
        {
            var result = await Attempt(tenant, work, lease, stopping);
            QueueMeter.Worked(time.GetElapsedTime(began));
            if (await ends.End(tenant, result) == FinishAnswer.Late)
                LogLate(tenant.Value, work.Token.Id, work.Kind);
        }
        catch (Exception failure)
        {
            LogNotEnded(tenant.Value, work.Token.Id, work.Kind, failure.Message);
        }
        finally
        {
            hand.End(tenant, work, time.GetElapsedTime(began));
        }
    }

    private async Task<WorkResult> Attempt(TenantId tenant, Work work, WorkInHand.Lease lease, CancellationToken stopping)
    {
        if (!byKind.TryGetValue(work.Kind, out var handler))
            return new WorkResult(work.Token, WorkEnd.NoHandler, $"Nothing here does work of the kind \"{work.Kind}\".");
        var most = handler.AttemptFor ?? options.Value.AttemptFor;
        using var late = new CancellationTokenSource(most, time);
        using var overdue = late.Token.Register(() =>
        {
            LogTooLong(tenant.Value, work.Token.Id, work.Kind, most);
            lease.Lose();
        });
        try
        {
            using var _ = CallerContext.For(tenant);
            return await handler.Do(tenant, work, lease.Token) switch
            {
                WorkVerdict.Failed failed => new WorkResult(work.Token, WorkEnd.Failed, failed.Error),
                WorkVerdict.PartDone => new WorkResult(work.Token, WorkEnd.Continued),
                WorkVerdict.Rejected rejected => new WorkResult(work.Token, WorkEnd.Rejected, rejected.Error),
                _ => new WorkResult(work.Token, WorkEnd.Done),
            };
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return new WorkResult(work.Token, WorkEnd.GivenBack, "Its worker's process ended.");
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return new WorkResult(work.Token, WorkEnd.Failed, $"The attempt took longer than {most}.");
        }
        catch (Exception wrong)
        {
            LogFailed(tenant.Value, work.Token.Id, work.Kind, work.Attempt, wrong);
            return new WorkResult(work.Token, WorkEnd.Failed, $"{wrong.GetType().Name}: {wrong.Message}");
        }
    }

    private async Task Renew(CancellationToken stopping)
    {
        var going = new Dictionary<TenantId, Task>();
        using var timer = new PeriodicTimer(options.Value.LeaseFor / 3, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            foreach (var (tenant, _) in going.Where(one => one.Value.IsCompleted).ToList())
                going.Remove(tenant);
            foreach (var (tenant, tokens) in hand.Leases())
                if (!going.ContainsKey(tenant))
                    going[tenant] = Renew(tenant, tokens, stopping);
        }
    }

    // Waited for by nobody: a tenant whose queue does not answer, for longer than a lease may last, takes nobody else's leases along.
    private async Task Renew(TenantId tenant, IReadOnlyList<LeaseToken> tokens, CancellationToken stopping)
    {
        try
        {
            using var _ = CallerContext.ForSystem("renew leases");
            var held = await Queue(tenant).Extend(queue.Name, tokens, stopping);
            for (var i = 0; i < tokens.Count; i++)
                if (!held[i])
                    hand.Lost(tokens[i]);
        }
        catch (Exception failure)
        {
            if (!stopping.IsCancellationRequested)
                LogNotRenewed(tenant.Value, failure.Message);
        }
    }

    private WorkerReport Report(int free, TimeSpan patience) => new(worker, free, hand.Outcomes(), hand.Efforts(), patience);

    private IWorkDispatcherGrain Dispatcher => grains.GetGrain<IWorkDispatcherGrain>(queue.Dispatcher);

    private IWorkQueueGrain Queue(TenantId tenant) => grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant));

    [LoggerMessage(2420, LogLevel.Warning, "No work was handed out: {Reason} Asked again.")]
    private partial void LogUnheard(string reason);

    [LoggerMessage(2421, LogLevel.Warning, "Tenant {Tenant}: its work could not be leased: {Reason}")]
    private partial void LogNotLeased(string tenant, string reason);

    [LoggerMessage(2422, LogLevel.Warning, "Tenant {Tenant}: item {Item} ({Kind}) was done under a lease that had ended; its end does not count")]
    private partial void LogLate(string tenant, long item, string kind);

    [LoggerMessage(2423, LogLevel.Warning, "Tenant {Tenant}: how item {Item} ({Kind}) ended could not be said; its lease will end: {Reason}")]
    private partial void LogNotEnded(string tenant, long item, string kind, string reason);

    [LoggerMessage(2424, LogLevel.Warning, "Tenant {Tenant}: item {Item} ({Kind}) failed, attempt {Attempt}")]
    private partial void LogFailed(string tenant, long item, string kind, int attempt, Exception wrong);

    [LoggerMessage(2426, LogLevel.Warning, "Tenant {Tenant}: item {Item} ({Kind}) was at work for {Most}; it is told to stop, and its lease is renewed no more. Its place is free once it stops.")]
    private partial void LogTooLong(string tenant, long item, string kind, TimeSpan most);

    [LoggerMessage(2425, LogLevel.Warning, "Tenant {Tenant}: leases were not renewed: {Reason}")]
    private partial void LogNotRenewed(string tenant, string reason);
}
