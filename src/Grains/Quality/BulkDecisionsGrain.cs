using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>Decisions on many held items of one tenant; the key is the tenant.</summary>
/// <remarks>
/// The order lies in this grain's state, its turn is an item of the tenant's queue, which is put in first: an item whose order never came to be is done when it is handed out, and an order whose item was lost asks
/// for another. Which items are decided on next is on the disk before they are, and an item is decided on only while it is held (an edit: only once under its key), so that a step that was interrupted is taken to its end, and counted once.
/// </remarks>
[InTenantPool]
internal sealed partial class BulkDecisionsGrain(
    [PersistentState("bulk-decisions", Stores.Durable)] IPersistentState<BulkState> stored,
    IQuarantineStore held, IQueueStore queue, IWorkIntake intake, ILogStore log, TimeProvider time, ILogger<BulkDecisionsGrain> logger) : Grain, IBulkDecisionsGrain, IRemindable
{
    private const string LookReminder = "decisions";

    /// <summary>How often it is looked whether an order that goes still has its item in the queue.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(5);

    /// <summary>When to come again where too many go.</summary>
    private static readonly TimeSpan ComeAgainIn = TimeSpan.FromSeconds(30);

    private TenantId tenant;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        return Task.CompletedTask;
    }

    public async Task<BulkOrderView> Begin(BulkDecision decision, string by)
    {
        decision = BulkRules.Ordered(decision);
        await Mend();
        var now = time.GetUtcNow();
        if (Going.Count() >= BulkRules.MostGoing)
            throw new RefusedException(RefusalCode.Busy, $"{BulkRules.MostGoing} decisions on many items go already: wait until one has ended, or stop one.", retryAt: now + ComeAgainIn);
        var newest = await held.List(tenant, new QuarantineQuery(decision.Pipeline, decision.Stream, Limit: 1), default);
        var order = await Chosen(new BulkOrder
        {
            Id = stored.State.Number + 1, Decision = decision, By = by, At = now, AtMost = BulkRules.AtMost(decision, newest), Before = newest.Items.Count == 0 ? null : newest.Items[0].Id + 1,
        });
        if (order.EndedAt is null)
        {
            await Remind();
            order = order with { Item = await intake.Take(tenant, BulkHandler.Of(order), CancellationToken.None) };
        }
        await Audit(order, "begun", by, decision.Reason);
        await Save(stored.State with { Number = order.Id, Orders = BulkRules.Kept([.. stored.State.Orders, order]) });
        LogBegun(tenant.Value, order.Id, decision.Kind, order.AtMost, by);
        return await View(order, null);
    }

    public async Task<IReadOnlyList<BulkOrderView>> List()
    {
        var why = Going.Any() ? await HeldBecause() : null;
        var views = new List<BulkOrderView>();
        foreach (var order in stored.State.Orders.Reverse())
            views.Add(await View(order, why));
        return views;
    }

    public async Task<BulkOrderView?> Get(long id) => Find(id) is { } order ? await View(order, order.EndedAt is null ? await HeldBecause() : null) : null;

    public async Task<BulkOrderView?> Stop(long id, string by)
    {
        if (Find(id) is not { } order)
            return null;
        if (order.EndedAt is null)
        {
            await Audit(order, "stopped", by, null);
            await Save(Ended(order, by));
            // Where it is stuck it would lie among the dead letters for ever; where it waits it ends with its next turn.
            await queue.Change(tenant, [order.Item], new WorkDecision.Purge(), time.GetUtcNow(), CancellationToken.None);
        }
        return await View(Find(id)!, null);
    }

    public async Task<bool> Step(long id, string once)
    {
        if (Find(id) is not { EndedAt: null } order || order.Once != once)
            return false;
        if (order.StartedAt is null)
            order = order with { StartedAt = time.GetUtcNow() };
        var outcomes = order.Next.Count == 0 ? [] : await GrainFactory.GetGrain<IQuarantineGrain>(TenantKey.Of(tenant)).Some(order.Decision, order.Next, order.Once, order.By);
        order = await Chosen(BulkRules.Counted(order, outcomes));
        await Save(order);
        if (order.EndedAt is not null)
            LogEnded(tenant.Value, order.Id, order.Released, order.Discarded, order.StillHeld);
        return order.EndedAt is null;
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (Going.Any())
            await Mend();
        else if (await this.GetReminder(LookReminder) is { } known)
            await this.UnregisterReminder(known);
    }

    private IEnumerable<BulkOrder> Going => stored.State.Orders.Where(order => order.EndedAt is null);

    private BulkOrder? Find(long id) => stored.State.Orders.FirstOrDefault(order => order.Id == id);

    /// <summary>The order with the items that it decides on next; ended where there are none.</summary>
    private async Task<BulkOrder> Chosen(BulkOrder order)
    {
        var (next, looked, before) = (new List<long>(), 0, order.Before);
        while (before is not null && next.Count < BulkRules.StepItems && looked < BulkRules.MostLooked)
        {
            var page = (await held.List(tenant, new QuarantineQuery(order.Decision.Pipeline, order.Decision.Stream, null, QuarantineState.Held, before, BulkRules.PageItems), default)).Items;
            foreach (var item in page.TakeWhile(_ => next.Count < BulkRules.StepItems))
            {
                (before, looked) = (item.Id, looked + 1);
                if (BulkRules.Takes(order.Decision, item))
                    next.Add(item.Id);
            }
            if (page.Count < BulkRules.PageItems && (page.Count == 0 || before == page[^1].Id))
                before = null;
        }
        order = order with { Next = next, Before = before };
        return next.Count == 0 && before is null ? BulkRules.Ended(order, time.GetUtcNow(), null) : order;
    }

    /// <summary>An order whose item was lost asks for another; one whose item was purged is over.</summary>
    private async Task Mend()
    {
        foreach (var order in Going.ToList())
            switch (await queue.Find(tenant, order.Item, CancellationToken.None))
            {
                case null:
                    LogLost(tenant.Value, order.Id, order.Item);
                    await Save(order with { Item = await intake.Take(tenant, BulkHandler.Of(order), CancellationToken.None) });
                    break;
                case { State: WorkState.Done }:
                    await Save(Purged(order));
                    break;
            }
    }

    /// <summary>The order as it stands; one whose item was purged is over also before that is kept.</summary>
    private async Task<BulkOrderView> View(BulkOrder order, string? heldBecause)
    {
        var item = order.EndedAt is null ? await queue.Find(tenant, order.Item, CancellationToken.None) : null;
        return (item?.State == WorkState.Done ? Purged(order) : order).View(item, heldBecause);
    }

    private async Task<string?> HeldBecause() =>
        (await queue.Queues(tenant, CancellationToken.None)).FirstOrDefault(one => one.Queue is "" or WorkLimits.OwnQueue && one.HeldBecause is not null)?.HeldBecause;

    private BulkOrder Purged(BulkOrder order) => Ended(order, $"the purge of item {order.Item.ToString(CultureInfo.InvariantCulture)} of the queue");

    private BulkOrder Ended(BulkOrder order, string by) => BulkRules.Ended(order, time.GetUtcNow(), by);

    private Task Audit(BulkOrder order, string what, string by, string? why) => new AuditEntry(OwnStreams.Audit, "decisions/audit", $"The quarantine of {tenant}").Write(
        log, tenant, string.Create(CultureInfo.InvariantCulture, $"quarantine/decision/{order.Id}"), BulkRules.Said(order, what, by, why), time.GetUtcNow(), time, $"{order.Once}/{what}");

    private async Task Remind()
    {
        if (await this.GetReminder(LookReminder) is null)
            await this.RegisterOrUpdateReminder(LookReminder, LookEvery, LookEvery);
    }

    private Task Save(BulkOrder order) => Save(stored.State with { Orders = BulkRules.Kept([.. stored.State.Orders.Select(known => known.Id == order.Id ? order : known)]) });

    private Task Save(BulkState after) => stored.CommitAsync(after, onFailure: DeactivateOnIdle);

    [LoggerMessage(4102, LogLevel.Information, "Tenant {Tenant}: decision {Order} ({Kind}) on at most {Count} quarantined items begins, said {By}")]
    private partial void LogBegun(string tenant, long order, BulkKind kind, long count, string by);

    [LoggerMessage(4103, LogLevel.Information, "Tenant {Tenant}: decision {Order} is through: {Released} released, {Discarded} discarded, {Held} still held")]
    private partial void LogEnded(string tenant, long order, long released, long discarded, long held);

    [LoggerMessage(4104, LogLevel.Warning, "Tenant {Tenant}: decision {Order} asks for its turn again, its item {Item} of the queue was lost")]
    private partial void LogLost(string tenant, long order, long item);
}
