using System.Globalization;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>The tenants' queue of runs, as pipelines use it: asks for a turn, and says how far it is.</summary>
internal sealed class RunTurns(IWorkIntake intake, IQueueStore store, TimeProvider time)
{
    private const int Counted = 500;

    /// <summary>Asks for a run's turn. Asking twice does no harm: a run begins once, and whoever has a place for a run that never came to be gives it back.</summary>
    /// <exception cref="RefusedException">Busy: too many wait already.</exception>
    public async Task<KeptRun> Wait(TenantKey pipeline, KeptRun run, string reason, CancellationToken cancellation) =>
        run with { WaitsSince = time.GetUtcNow(), Item = await Ask(pipeline, run.RunId, reason, cancellation) };

    /// <summary>What a run waits for, for people; where its place in the queue was lost, it has another. Null: that cannot be said now.</summary>
    public async Task<(KeptRun Run, string? Said)?> Look(TenantKey pipeline, KeptRun run, string reason, CancellationToken cancellation)
    {
        try
        {
            var said = await Where(pipeline.Tenant, run.Item, run.WaitsSince!.Value, cancellation);
            return (said is null ? run with { Item = await Ask(pipeline, run.RunId, reason, cancellation) } : run, said);
        }
        catch (Exception notNow) when (notNow is StorageException or RefusedException or TimeoutException)
        {
            return null;
        }
    }

    private Task<long> Ask(TenantKey pipeline, string runId, string reason, CancellationToken cancellation) =>
        intake.Take(pipeline.Tenant, RunHandler.Of(pipeline.Name!, runId, !PipelineTriggers.IsOwnReason(reason)), cancellation);

    private async Task<string?> Where(TenantId tenant, long item, DateTimeOffset since, CancellationToken cancellation)
    {
        var found = await store.Find(tenant, item, cancellation);
        if (found is not { State: WorkState.Pending or WorkState.Leased or WorkState.Quarantined })
            return null;
        var waits = string.Create(CultureInfo.InvariantCulture, $"in the queue since {since:HH:mm:ss} UTC");
        if (found.State == WorkState.Quarantined)
            return $"{waits}, held back there as item {item}: {found.Error}";
        if (found.State == WorkState.Leased)
            return $"{waits}, its turn has come";
        var held = (await store.Queues(tenant, cancellation)).FirstOrDefault(queue => queue.Queue is "" or WorkLimits.RunsQueue && queue.HeldBecause is not null);
        var others = (await store.List(tenant, new WorkQuery(WorkLimits.RunsQueue, State: WorkState.Pending, Limit: Counted), withPayload: false, cancellation)).Items;
        var place = others.Count(other => other.Id != item && IsBefore(other, found)) + 1;
        return string.Create(CultureInfo.InvariantCulture, $"{waits}, place {place} of {Math.Max(place, others.Count)}{(held is null ? "" : $"; the queue is held: {held.HeldBecause}")}");
    }

    private static bool IsBefore(WorkItem one, WorkItem other) =>
        (WorkRules.Rank(one.DueAt, one.Priority), one.Id).CompareTo((WorkRules.Rank(other.DueAt, other.Priority), other.Id)) < 0;
}
