using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>What could not be done in one tenant; the key is the tenant.</summary>
/// <remarks>
/// A decision is written into the audit before it is taken. A replay's steps are decided in <see cref="DeadReplayRules"/>; where it is lies in this grain's state, which items it brought back lies with the items, so a step
/// that was interrupted is found again by them. One timer takes it on, and a reminder where the activation was lost.
/// </remarks>
[InTenantPool]
internal sealed partial class DeadLetterGrain(
    [PersistentState("dead-replay", Stores.Durable)] IPersistentState<DeadReplayState> stored,
    IQueueStore store, ILogStore log, TimeProvider time, ILogger<DeadLetterGrain> logger) : Grain, IDeadLetterGrain, IRemindable
{
    private const string GoOnReminder = "replay";
    private const int MaxListed = 500;
    private const int Sampled = 20;

    /// <summary>How often a replay looks whether its step is through.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RemindEvery = TimeSpan.FromMinutes(1);

    private TenantId tenant;
    private IGrainTimer? timer;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        if (stored.State.IsGoing)
            Arm();
        return Task.CompletedTask;
    }

    public Task<WorkPage> List(WorkQuery query) => Page(query, withPayload: false);

    public async Task<WorkPage> Export(WorkQuery query, string by)
    {
        if (query.Before is null)
            await Audit.Write("export", by, Said(new DeadReplayOrder(query.Queue, query.Kind, query.Cause, query.Error)), null);
        return await Page(query, withPayload: true);
    }

    public async Task<WorkItem?> Get(long id, bool withPayload) => await store.Find(tenant, id, CancellationToken.None) is { } item ? withPayload ? item : item with { Payload = null } : null;

    public async Task<WorkItem> Edit(long id, string payload, string because, string by)
    {
        WorkRules.Check([new NewWork(WorkLimits.OwnQueue, "edited", payload)]);
        await Audit.Write("edit", by, $"{id}", Reason(because));
        var change = (await store.Change(tenant, [id], new WorkDecision.Edit(payload), time.GetUtcNow(), CancellationToken.None))[0];
        if (change.State is null)
            throw new RefusedException(RefusalCode.NotFound, "There is no such item.");
        return change.Changed ? (await Get(id, withPayload: true))! : throw new RefusedException(RefusalCode.Conflict, $"It is {Word(change.State.Value)}: only what is dead or quarantined can be edited.");
    }

    public Task<IReadOnlyList<WorkChange>> Purge(IReadOnlyList<long> ids, string because, string by) => Change("purge", ids, new WorkDecision.Purge(), Reason(because), by);

    public Task<IReadOnlyList<WorkChange>> Quarantine(IReadOnlyList<long> ids, string because, string by) => Change("quarantine", ids, new WorkDecision.Quarantine(Reason(because)), because, by);

    public async Task<IReadOnlyList<WorkChange>> Revive(IReadOnlyList<long> ids, string because, string by)
    {
        var changes = await Change("revive", ids, new WorkDecision.Revive(), Reason(because), by);
        await GrainFactory.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant)).Wake();
        return changes;
    }

    public async Task<DeadReplayView> Replay(DeadReplayOrder order, string by)
    {
        DeadReplayRules.Check(order);
        WorkRules.CheckTexts(order.Queue, order.Kind, order.Error);
        if (!order.DryRun)
            WorkRules.CheckReason(order.Because);
        var filter = DeadReplayRules.Filter(order);
        var all = await store.Match(tenant, filter, 0, long.MaxValue, 1, CancellationToken.None);
        var now = time.GetUtcNow();
        if (order.DryRun)
            return new DeadReplayState { Phase = DeadReplayPhase.DryRun, Order = order, By = by, StartedAt = now, EndedAt = now, Taken = all.Count }.View((await store.List(tenant, filter with { Limit = Sampled }, false, CancellationToken.None)).Items);
        if (stored.State.IsGoing)
            throw new RefusedException(RefusalCode.Conflict, "A replay goes already: wait for its end, or stop it.");
        await Audit.Write("replay", by, Said(order), order.Because);
        var newest = (await store.List(tenant, filter with { Limit = 1 }, false, CancellationToken.None)).Items;
        await Save(new DeadReplayState
        {
            Number = stored.State.Number + 1, Phase = DeadReplayPhase.Canary, Order = order, By = by, StartedAt = now, Taken = all.Count, UpTo = newest.Count == 0 ? 0 : newest[0].Id,
        });
        await this.RegisterOrUpdateReminder(GoOnReminder, RemindEvery, RemindEvery);
        LogBegun(tenant.Value, stored.State.Number, all.Count, by);
        await GoOn();
        Arm();
        return stored.State.View([]);
    }

    public async Task<DeadReplayView?> Replaying()
    {
        if (stored.State.IsGoing)
            await GoOn();
        return stored.State.Number == 0 ? null : stored.State.View([]);
    }

    public async Task<DeadReplayView?> StopReplay(string because, string by)
    {
        WorkRules.CheckReason(because);
        if (stored.State.IsGoing)
        {
            await Audit.Write("stop-replay", by, $"{stored.State.Number}", because);
            await End(DeadReplayPhase.StoppedByHand, $"{by} stopped it: {because}", await store.Tally(tenant, stored.State.Number, CancellationToken.None));
        }
        return stored.State.Number == 0 ? null : stored.State.View([]);
    }

    public Task<IReadOnlyList<QueueDeed>> Deeds(int limit) => limit is >= 1 and <= MaxListed ? Audit.Newest(limit, CancellationToken.None)
        : throw new RefusedException(RefusalCode.Invalid, $"limit is 1 to {MaxListed}.");

    public Task ReceiveReminder(string reminderName, TickStatus status) => GoOn();

    private QueueAudit Audit => new(log, tenant, time);

    private Task<WorkPage> Page(WorkQuery query, bool withPayload)
    {
        WorkRules.CheckTexts(query.Queue, query.Kind, query.Error);
        return query.Limit is >= 1 and <= MaxListed ? store.List(tenant, query, withPayload, CancellationToken.None)
            : throw new RefusedException(RefusalCode.Invalid, $"limit is 1 to {MaxListed}.");
    }

    private void Arm() => timer ??= this.RegisterGrainTimer(static (self, _) => self.GoOn(), this, new GrainTimerCreationOptions(LookEvery, LookEvery) { KeepAlive = true });

    /// <summary>Takes the replay on as far as it goes now.</summary>
    private async Task GoOn()
    {
        var state = stored.State;
        if (!state.IsGoing)
        {
            await Rest();
            return;
        }
        var tally = await store.Tally(tenant, state.Number, CancellationToken.None);
        switch (DeadReplayRules.Next(state, tally))
        {
            case ReplayMove.Stop stop:
                await Audit.Write("replay-stopped", QueueAudit.Rules, $"{state.Number}", stop.Why);
                await End(DeadReplayPhase.StoppedItself, stop.Why, tally);
                break;
            case ReplayMove.Take take:
                await Take(state, take.Items, tally);
                break;
            default:
                if ((tally.Done, tally.Failed) != (state.Succeeded, state.Failed))
                    await Save(state with { Succeeded = tally.Done, Failed = tally.Failed });
                break;
        }
    }

    private async Task Take(DeadReplayState state, int items, ReplayTally tally)
    {
        var match = await store.Match(tenant, DeadReplayRules.Filter(state.Order), state.After, state.UpTo, items, CancellationToken.None);
        if (match.Ids.Count == 0)
        {
            await End(DeadReplayPhase.Done, null, tally);
            return;
        }
        // The items first: where this is interrupted they tell that they were brought back, and the step counts once.
        await store.Change(tenant, match.Ids, new WorkDecision.Revive(Attempts: 1, Replay: state.Number), time.GetUtcNow(), CancellationToken.None);
        await Save(state with
        {
            Phase = state.Step == 0 ? DeadReplayPhase.Canary : DeadReplayPhase.Ramp, Step = items, After = match.Ids[^1], Replayed = tally.Done + tally.Failed + match.Ids.Count, Succeeded = tally.Done, Failed = tally.Failed,
        });
        await GrainFactory.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant)).Wake();
    }

    private async Task End(DeadReplayPhase phase, string? why, ReplayTally tally)
    {
        await Save(stored.State with { Phase = phase, EndedAt = time.GetUtcNow(), Why = why, Succeeded = tally.Done, Failed = tally.Failed });
        LogEnded(tenant.Value, stored.State.Number, phase, tally.Done, tally.Failed);
        await Rest();
    }

    private async Task Rest()
    {
        timer?.Dispose();
        timer = null;
        if (await this.GetReminder(GoOnReminder) is { } known)
            await this.UnregisterReminder(known);
    }

    private async Task<IReadOnlyList<WorkChange>> Change(string what, IReadOnlyList<long> ids, WorkDecision decision, string because, string by)
    {
        if (ids.Count is < 1 or > WorkLimits.MaxAtOnce)
            throw new RefusedException(RefusalCode.Invalid, $"ids is a list of 1 to {WorkLimits.MaxAtOnce} item numbers.");
        await Audit.Write(what, by, string.Join(',', ids), because);
        return await store.Change(tenant, ids, decision, time.GetUtcNow(), CancellationToken.None);
    }

    private static string Reason(string because)
    {
        WorkRules.CheckReason(because);
        return because;
    }

    private static string Word(WorkState state) => state.ToString().ToLowerInvariant();

    private static string Said(DeadReplayOrder order) => $"queue {order.Queue ?? "*"}, kind {order.Kind ?? "*"}, cause {order.Cause?.ToString() ?? "*"}, error {order.Error ?? "*"}";

    private Task Save(DeadReplayState after) => stored.CommitAsync(after, onFailure: DeactivateOnIdle);

    [LoggerMessage(2440, LogLevel.Information, "Tenant {Tenant}: replay {Number} of {Count} dead letters begins, said {By}")]
    private partial void LogBegun(string tenant, long number, long count, string by);

    [LoggerMessage(2441, LogLevel.Information, "Tenant {Tenant}: replay {Number} ended as {Phase}: {Succeeded} done, {Failed} failed again")]
    private partial void LogEnded(string tenant, long number, DeadReplayPhase phase, long succeeded, long failed);
}
