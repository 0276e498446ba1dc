using System.Globalization;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>The tenants' queue of runs, as pipelines use it: asks for a turn, and says how far it is.</summary>
internal sealed class RunTurns(IWorkIntake intake, IQueueStore store, IOptions<QueueOptions> options, TimeProvider time)
{
    private const int Counted = 500;

    /// <summary>Asks for a run's turn. Asking twice does no harm: a run begins once, and whoever has a place for a run that never came to be gives it back.</summary>
    /// <exception cref="RefusedException">Busy: too many wait already.</exception>
    public async Task<KeptRun> Wait(TenantKey pipeline, KeptRun run, string reason, CancellationToken cancellation) =>
        run with { WaitsSince = time.GetUtcNow(), Item = await Ask(pipeline, run.RunId, reason, cancellation) };

    /// <summary>What a run waits for, for people; where its place in the queue was lost, it has another. Null: that cannot be said now.</summary>
    public async Task<(KeptRun Run, RunWait? Said)?> Look(TenantKey pipeline, KeptRun run, string reason, CancellationToken cancellation)
    {
        try
        {
            var said = await Where(pipeline.Tenant, run.Item, run.WaitsSince!.Value, cancellation);
            return (said is null ? run with { Item = await Ask(pipeline, run.RunId, reason, cancellation) } : run, said);
        }
        catch (Exception notNow) when (notNow is StorageException or RefusedException or TimeoutException or OrleansException)
        {
            return null;
        }
    }

    /// <summary>What is known of a run that waits before its place was looked at.</summary>
    public static RunWait Unseen(KeptRun run) => new(Since(run.WaitsSince!.Value), run.WaitsSince);

    private static string Since(DateTimeOffset since) => string.Create(CultureInfo.InvariantCulture, $"in the queue since {since:HH:mm:ss} UTC");

    private async Task<long> Ask(TenantKey pipeline, string runId, string reason, CancellationToken cancellation)
    {
        var turn = RunHandler.Of(pipeline.Name!, runId, !PipelineTriggers.IsOwnReason(reason));
        try
        {
            return await intake.Take(pipeline.Tenant, turn, cancellation);
        }
        catch (SiloUnavailableException)
        {
            return await intake.Take(pipeline.Tenant, turn, cancellation); // The queue is on another silo now.
        }
    }

    private async Task<RunWait?> Where(TenantId tenant, long item, DateTimeOffset since, CancellationToken cancellation)
    {
        var found = await store.Find(tenant, item, cancellation);
        if (found is not { State: WorkState.Pending or WorkState.Leased or WorkState.Quarantined })
            return null;
        var waits = Since(since);
        if (found.State == WorkState.Quarantined)
            return new RunWait($"{waits}, held back there as item {item}: {found.Error}", since);
        if (found.State == WorkState.Leased)
            return new RunWait($"{waits}, its turn has come", since);
        var queues = await store.Queues(tenant, cancellation);
        var others = (await store.List(tenant, new WorkQuery(WorkLimits.RunsQueue, State: WorkState.Pending, Limit: Counted), withPayload: false, cancellation)).Items;
        var place = others.Count(other => other.Id != item && IsBefore(other, found)) + 1;
        var of = Math.Max(place, others.Count);
        return new RunWait(string.Create(CultureInfo.InvariantCulture, $"{waits}, place {place} of {of}; {Why(queues)}"), since, place, of);
    }

    private string Why(IReadOnlyList<QueueView> queues) =>
        queues.FirstOrDefault(queue => queue.Queue is "" or WorkLimits.RunsQueue && queue.HeldBecause is not null) is { } held ? $"the queue is held: {held.HeldBecause}"
        : queues.FirstOrDefault(queue => queue.Queue == WorkLimits.RunsQueue) is { } runs && runs.Leased >= options.Value.MaxRuns ? string.Create(CultureInfo.InvariantCulture, $"as many runs go as may at a time ({options.Value.MaxRuns})")
        : "it begins when a worker has a place for it";

    private static bool IsBefore(WorkItem one, WorkItem other) =>
        (WorkRules.Rank(one.DueAt, one.Priority), one.Id).CompareTo((WorkRules.Rank(other.DueAt, other.Priority), other.Id)) < 0;
}
