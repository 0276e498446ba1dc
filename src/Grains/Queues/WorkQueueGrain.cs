using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>The work of one tenant; the key is the tenant.</summary>
/// <remarks>
/// What an item becomes is decided in <see cref="WorkRules"/> and kept by the store, in one transaction; this grain adds when to look again and tells the
/// dispatcher that there is something to do. Reentrant, so that what comes in together is committed together; between two awaits it changes only
/// what it remembers about waking.
/// </remarks>
[Reentrant, InTenantPool]
internal sealed partial class WorkQueueGrain(IQueueStore store, ILogStore log, IOptions<QueueOptions> options, TimeProvider time, Random chance, ILogger<WorkQueueGrain> logger, ITenantGate? gate = null, IHealth? health = null)
    : Grain, IWorkQueueGrain, IRemindable
{
    private const string LookReminder = "work";

    /// <summary>How often a tenant with unfinished work is looked after, should its activation be lost.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private const int LapsesAtOnce = 200;

    private readonly EndRate rate = new();
    private TenantId tenant;
    private IntakeTogether intake = null!;
    private QueueWaker waker = null!;
    private IGrainTimer again = null!;
    private readonly Dictionary<string, Served> served = ServedQueue.All.ToDictionary(queue => queue.Name, queue => new Served(queue), StringComparer.Ordinal);
    private bool reminded, aged, offersAgain;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        intake = new IntakeTogether(items => store.Enqueue(tenant, items, options.Value.Bounds, time.GetUtcNow(), CancellationToken.None));
        waker = new QueueWaker(this.RegisterGrainTimer(static (self, _) => self.Turn(), this, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan)), time);
        again = this.RegisterGrainTimer(static (self, _) => self.OfferAgain(), this, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        reminded = await this.GetReminder(LookReminder) is not null;
        waker.At(time.GetUtcNow());
    }

    public async Task<IReadOnlyList<EnqueueAnswer>> Enqueue(IReadOnlyList<NewWork> items, CancellationToken cancellation)
    {
        WorkRules.Check(items);
        await Remind();
        var now = time.GetUtcNow();
        var answers = await intake.Take(items).WaitAsync(cancellation);
        await RemindAgain();
        var taken = 0;
        var ready = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < answers.Count; i++)
        {
            if (answers[i].State != EnqueueState.Accepted)
                continue;
            taken++;
            if (items[i].NotBefore is { } later && later > now)
                waker.At(later);
            else
                ready.Add(items[i].Queue);
        }
        QueueMeter.Accepted(taken);
        foreach (var own in served.Values)
            if (ready.Contains(own.Queue.Name) && !own.Offered)
                await Offer(own);
        return answers.Any(answer => answer.State == EnqueueState.Full)
            ? [.. answers.Select(answer => answer.State == EnqueueState.Full ? answer with { RetryAt = WorkRules.RetryAt(answer.Full?.Bound ?? options.Value.MaxDepth, rate.PerSecond(now), now) } : answer)]
            : answers;
    }

    public async Task<LeasedWork> Lease(LeaseRequest request, CancellationToken cancellation)
    {
        Check(request);
        if (gate?.IsOpen(tenant) == false)
            return new LeasedWork([], 0, 0, 1);
        var now = time.GetUtcNow();
        var until = now + (request.For ?? options.Value.LeaseFor);
        var rows = await store.Lease(tenant, new LeaseOrder(request.Queue, request.Items, request.Cost, ServedQueue.Cap(request.Queue, options.Value), request.Worker, until, now), cancellation);
        waker.At(until);
        if (served.TryGetValue(request.Queue, out var own))
            (own.Offered, own.Capped, own.Ready) = (rows.Left > 0 && own.Offered, rows.Capped, new WorkOffer(tenant, rows.Left, rows.NextCost, rows.Weight));
        QueueMeter.Leased(rows.Items.Count);
        return new LeasedWork(rows.Items, rows.Left, rows.NextCost, rows.Weight);
    }

    public Task<IReadOnlyList<bool>> Extend(string queue, IReadOnlyList<LeaseToken> leases, CancellationToken cancellation) => leases.Count <= WorkLimits.MaxAtOnce
        ? store.Extend(tenant, queue, leases, time.GetUtcNow() + options.Value.LeaseFor, cancellation)
        : throw new RefusedException(RefusalCode.Invalid, $"At most {WorkLimits.MaxAtOnce} leases at a time.");

    public Task<IReadOnlyList<FinishAnswer>> Finish(string queue, IReadOnlyList<WorkResult> results, CancellationToken cancellation)
    {
        if (results.Count > WorkLimits.MaxAtOnce)
            throw new RefusedException(RefusalCode.Invalid, $"At most {WorkLimits.MaxAtOnce} results at a time.");
        var now = time.GetUtcNow();
        return End([.. results.Select(result => (result, drawn: chance.NextDouble())).Select(one => new EndOrder(one.result.Token, held => WorkRules.After(one.result, held, options.Value, one.drawn, now), queue))], now, cancellation);
    }

    public Task<IReadOnlyList<QueueView>> View() => store.Queues(tenant, CancellationToken.None);

    public async Task Hold(string? queue, string because, string by)
    {
        if (queue is not null)
            WorkRules.CheckQueue(queue);
        WorkRules.CheckReason(because);
        await Audit.Write("hold", by, queue ?? "*", because);
        await store.Hold(tenant, queue ?? "", new Holding(because, by, time.GetUtcNow()), CancellationToken.None);
        LogHeld(tenant.Value, queue ?? "all queues", because, by);
    }

    public async Task LetGo(string? queue, string because, string by)
    {
        if (queue is not null)
            WorkRules.CheckQueue(queue);
        WorkRules.CheckReason(because);
        await Audit.Write("let-go", by, queue ?? "*", because);
        await store.Hold(tenant, queue ?? "", null, CancellationToken.None);
        LogLetGo(tenant.Value, queue ?? "all queues", by);
        await Turn();
    }

    public async Task Weigh(int weight, string because, string by)
    {
        SystemCall.MustBe();
        if (weight is < 1 or > WorkLimits.MaxWeight)
            throw new RefusedException(RefusalCode.Invalid, $"weight is 1 to {WorkLimits.MaxWeight}.");
        WorkRules.CheckReason(because);
        await Audit.Write("weigh", by, WorkLimits.OwnQueue, $"{weight}: {because}");
        await store.Weigh(tenant, weight, CancellationToken.None);
        await Turn();
    }

    public Task Wake() => Turn();

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        var queues = await store.Queues(tenant, CancellationToken.None);
        if (queues.All(queue => queue.Pending + queue.Leased == 0) && await this.GetReminder(LookReminder) is { } known)
        {
            reminded = false;
            await this.UnregisterReminder(known);
            // What came in meanwhile relied on it: it is either seen here, or sees this.
            reminded = false;
            if ((await store.Queues(tenant, CancellationToken.None)).Any(queue => queue.Pending + queue.Leased > 0))
                await Remind();
        }
        await Turn();
    }

    private QueueAudit Audit => new(log, tenant, time);

    private async Task<IReadOnlyList<FinishAnswer>> End(IReadOnlyList<EndOrder> ends, DateTimeOffset now, CancellationToken cancellation)
    {
        var rows = await store.End(tenant, ends, now, cancellation);
        foreach (var row in rows)
            QueueMeter.Ended(row.Answer);
        rate.Add(rows.Count(row => row.Answer is FinishAnswer.Done or FinishAnswer.Dead or FinishAnswer.Quarantined), now);
        if (rows.Any(row => row.Answer == FinishAnswer.Again))
            waker.At(now + options.Value.RetryAfter / 2);
        foreach (var own in served.Values)
            if (!own.Offered && rows.Any(row => row.Queue == own.Queue.Name && (row.Freed || own.Capped)))
                await Offer(own);
        return [.. rows.Select(row => row.Answer)];
    }

    /// <summary>Leases that ended without a word, items whose time has come, the offer to the dispatcher, and when to look again.</summary>
    private async Task Turn()
    {
        if (!waker.Begin())
            return;
        try
        {
            var now = time.GetUtcNow();
            for (var lapsed = await store.Lapsed(tenant, now, LapsesAtOnce, CancellationToken.None); lapsed.Count > 0; lapsed = await store.Lapsed(tenant, now, LapsesAtOnce, CancellationToken.None))
            {
                LogLapsed(tenant.Value, lapsed.Count);
                var ended = await End([.. lapsed.Select(token => (token, drawn: chance.NextDouble())).Select(one => new EndOrder(one.token, held => WorkRules.AfterLapse(held, options.Value, one.drawn, now)))], now, CancellationToken.None);
                var held = lapsed.Zip(ended).Where(one => one.Second == FinishAnswer.Quarantined).Select(one => one.First.Id).ToList();
                if (held.Count > 0)
                    await Audit.Write("quarantine", QueueAudit.Rules, string.Join(',', held), WorkRules.Lapsed);
            }
            var outlook = await Look(ServedQueue.Work);
            if (outlook.NextDue <= now || outlook.OldestDone + options.Value.DoneFor <= now)
            {
                while (await store.Ripen(tenant, now, now - options.Value.DoneFor, WorkLimits.MaxAtOnce, CancellationToken.None))
                {
                }
                outlook = await Look(ServedQueue.Work);
            }
            foreach (var own in served.Values)
                await Offer(own, own.Queue == ServedQueue.Work ? outlook : await Look(own.Queue));
            await TellAge(outlook.Ready > 0);
            waker.At(outlook.NextDue);
            waker.At(outlook.NextLapse);
            waker.At(outlook.OldestDone + options.Value.DoneFor);
        }
        catch (Exception failure)
        {
            waker.At(time.GetUtcNow() + options.Value.OfferEvery);
            LogStuck(tenant.Value, failure);
        }
        finally
        {
            waker.End();
        }
    }

    // Of runs nothing is told: that they wait for each other is what their cap is for, and what it would turn off are runs.
    private async Task TellAge(bool isReady)
    {
        if (health is null || (!isReady && !aged))
            return;
        aged = isReady && gate?.Because(tenant) is null;
        var oldest = aged ? (await store.Queues(tenant, CancellationToken.None)).FirstOrDefault(queue => queue.Queue == WorkLimits.OwnQueue)?.OldestDueAt : null;
        health.Measured(tenant, HealthSignal.QueueAge, oldest is { } since ? (time.GetUtcNow() - since).TotalSeconds : 0, "queue");
    }

    private Task<QueueOutlook> Look(ServedQueue queue) => store.Look(tenant, queue.Name, CancellationToken.None);

    private async Task Offer(Served own)
    {
        own.Offered = true;
        await Offer(own, await Look(own.Queue));
    }

    private Task Offer(Served own, QueueOutlook outlook)
    {
        own.Ready = new WorkOffer(tenant, outlook.Ready, outlook.NextCost, outlook.Weight);
        return Say(own);
    }

    // May be lost, and so may the dispatcher: said again for as long as there is something ready.
    private async Task Say(Served own)
    {
        own.Offered = own.Ready.Ready > 0 && gate?.IsOpen(tenant) != false;
        // Where it is not known whether the tenant is open, that is looked at again as what was emptied is.
        if (!own.Offered && (own.Ready.Ready == 0 || gate?.Because(tenant) is not null))
            return;
        own.Told = true;
        if (!offersAgain)
            again.Change(options.Value.OfferEvery, Timeout.InfiniteTimeSpan);
        offersAgain = true;
        if (!own.Offered)
            return;
        using var _ = CallerContext.ForSystem("offer work");
        await GrainFactory.GetGrain<IWorkDispatcherGrain>(own.Queue.Dispatcher).Offer(own.Ready);
    }

    // What was seen last is said, and nothing read for it: a thousand tenants that wait for their turn would keep the disk from those whose turn it is. What is true the lease finds.
    // A queue that was found empty is looked at once more: items may have come in beside the lease that emptied it.
    private async Task OfferAgain()
    {
        offersAgain = false;
        var emptied = false;
        foreach (var own in served.Values)
            if (own.Offered)
                await Say(own);
            else
                (emptied, own.Told) = (emptied || own.Told, false);
        if (emptied)
            await Turn();
    }

    private async Task Remind()
    {
        if (reminded)
            return;
        reminded = true;
        try
        {
            await this.RegisterOrUpdateReminder(LookReminder, LookEvery, LookEvery);
        }
        catch
        {
            reminded = false;
            throw;
        }
    }

    /// <summary>For items that are on the disk, of which nobody should hear that they are not.</summary>
    private async Task RemindAgain()
    {
        if (reminded)
            return;
        try
        {
            await Remind();
        }
        catch (Exception failure)
        {
            LogNotReminded(tenant.Value, failure);
        }
    }

    private static void Check(LeaseRequest request)
    {
        WorkRules.CheckQueue(request.Queue);
        WorkRules.CheckTexts(request.Worker);
        if (request.Items is < 1 or > WorkLimits.MaxAtOnce || request.Cost < 1 || string.IsNullOrWhiteSpace(request.Worker) || request.Worker.Length > WorkLimits.MaxKey
            || (request.For is { } span && (span < TimeSpan.FromSeconds(1) || span > TimeSpan.FromHours(1))))
            throw new RefusedException(RefusalCode.Invalid, $"A lease is of 1 to {WorkLimits.MaxAtOnce} items, by a worker whose name has 1 to {WorkLimits.MaxKey} characters, for 1 s to 1 h.");
    }

    /// <summary>What is remembered of a queue that Sophia's own workers serve.</summary>
    private sealed class Served(ServedQueue queue)
    {
        public ServedQueue Queue => queue;

        /// <summary>Whether the dispatcher was told that there is something ready.</summary>
        public bool Offered { get; set; }

        /// <summary>Whether it was since it was last found empty.</summary>
        public bool Told { get; set; }

        /// <summary>What was ready when it was last looked at or leased from.</summary>
        public WorkOffer Ready { get; set; }

        /// <summary>Whether the last lease was stopped by the cap.</summary>
        public bool Capped { get; set; }
    }

    [LoggerMessage(2401, LogLevel.Warning, "Tenant {Tenant}: {Count} leases ended without a word")]
    private partial void LogLapsed(string tenant, int count);

    [LoggerMessage(2402, LogLevel.Warning, "Tenant {Tenant}: its queues could not be looked after; tried again soon")]
    private partial void LogStuck(string tenant, Exception failure);

    [LoggerMessage(2405, LogLevel.Warning, "Tenant {Tenant}: its queues will not be looked after should its activation be lost before work comes in again")]
    private partial void LogNotReminded(string tenant, Exception failure);

    [LoggerMessage(2403, LogLevel.Warning, "Tenant {Tenant}: {Queue} is held by {By}: {Because}")]
    private partial void LogHeld(string tenant, string queue, string because, string by);

    [LoggerMessage(2404, LogLevel.Information, "Tenant {Tenant}: {Queue} goes on, said {By}")]
    private partial void LogLetGo(string tenant, string queue, string by);
}
