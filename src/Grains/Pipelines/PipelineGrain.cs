using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>One pipeline of one tenant; the key is "tenant/pipeline".</summary>
/// <remarks>
/// A run that was told to have started goes on until it ends, whatever dies in between: its row and its checkpoints are in the log, and whoever
/// wakes this grain (a reminder, the sweeper at start, a page) finds them and goes on. What a run may do is decided in <see cref="RunRules"/>;
/// the reading itself is a loop of <see cref="RunPump"/> that runs on this grain's scheduler between its calls.
/// </remarks>
[InTenantPool]
internal sealed partial class PipelineGrain(
    [PersistentState("pipeline", Stores.Durable)] IPersistentState<PipelineState> stored,
    ILogStore log,
    IRunStore runs,
    IEnumerable<ISourceKind> kinds,
    IBatchJudges judges,
    ISecretResolver secrets,
    ISecretSource random,
    IOptions<PipelineOptions> options,
    IStorageRoom room,
    ITenantGate gate,
    TimeProvider time,
    ILogger<PipelineGrain> logger,
    ISecretBox? box = null,
    IFeatures? features = null,
    IHealth? health = null,
    RunTurns? turns = null) : Grain, IPipelineGrain, IRemindable
{
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource lifetime = new();
    private TenantKey key;
    private DefinitionChecks checks = null!;
    private RunKeeper keeper = null!;
    private RunPlanner planner = null!;
    private WebhookDesk desk = null!;
    private WebhookSecret secret = null!;
    private RunSearches searches = null!;
    private PipelineTriggers triggers = null!;
    private RunPump? pump;
    private Task pumping = Task.CompletedTask;
    private IGrainTimer? beat;
    private bool storeFailed;
    private PipelineDefinition? definition;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TenantKey.Parse(this.GetPrimaryKeyString());
        keeper = new RunKeeper(key.Tenant, key.Name!, log, runs, time, lost: DeactivateOnIdle);
        checks = new DefinitionChecks(key, kinds, secrets, log);
        planner = new RunPlanner(key.Tenant, key.Name!, log, kinds);
        desk = new WebhookDesk(key.Tenant, key.Name!, log, judges, time, lost: DeactivateOnIdle, maskKey: box is null ? null : () => box.Derive(MaskStep.Purpose(key.Tenant)));
        secret = new WebhookSecret(key, secrets, logger);
        searches = new RunSearches(Index(), () => stored.State, Save, time, lifetime.Token);
        triggers = new PipelineTriggers(this, () => definition, () => keeper.IsGoing, reason => Start(new StartRun(Reason: reason)),
            next => Save(stored.State with { NextAt = next }), planner, judges, time);
        Reread();
        await keeper.Load(cancellationToken);
        if (keeper.IsGoing)
            await GoOn(cancellationToken);
        else if (keeper.Row is { } ended && searches.IsDue(ended))
            See();
        triggers.Watch();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        pump?.Stop();
        await lifetime.CancelAsync();
        await Task.WhenAll(pumping, searches.End()).WaitAsync(cancellationToken);
    }

    public async Task<PipelineView> Define(string definitionText, string fileName)
    {
        var known = stored.State.Definition;
        if (known?.Text == definitionText && definition is not null)
            return await Changed(known.Version, []);
        var (read, reference) = checks.Checked(definitionText, fileName);
        var version = stored.State.LastVersion + 1;
        await GrainFactory.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(key.Tenant)).Add(key.Name!);
        await Save(stored.State with
        {
            Definition = new KeptDefinition(definitionText, fileName, version, time.GetUtcNow()),
            LastVersion = version,
            GeneratedSecret = reference is SecretReference.Generated ? stored.State.GeneratedSecret ?? Secrets.Make(random) : null,
            NextAt = null,
        });
        Reread();
        await triggers.Remind();
        triggers.Watch();
        if (read.Streams.Values.Any(stream => stream.Retention is not null))
            await GrainFactory.GetGrain<IRetentionGrain>(TenantKey.Of(key.Tenant)).Wake();
        return await Changed(known?.Version ?? 0, known is null ? [] : DefinitionDifference.Between(known.Text, definitionText));
    }

    public Task<IReadOnlyList<string>> Warnings(string definitionText, string fileName) => checks.Warnings(checks.Checked(definitionText, fileName).Definition, lifetime.Token);

    private async Task<PipelineView> Changed(int replaced, IReadOnlyList<string> lines) =>
        (await View())! with { Change = new DefinitionChange(replaced, lines, await checks.Warnings(definition!, lifetime.Token)) };

    public async Task<PipelineView?> View()
    {
        if (stored.State.Definition is not { } kept || definition is null)
            return null;
        var recent = await runs.Recent(key.Tenant, key.Name!, 2, lifetime.Token);
        var ended = recent.FirstOrDefault(row => row.RunId != keeper.Row?.RunId);
        return new PipelineView(key.Name!, kept.Version, kept.Text, kept.At, PipelineSources.Views(key.Tenant.Value, definition, kinds, await TroubleOfWebhook()), definition.Schedule,
            keeper.IsGoing ? Current() : null,
            keeper.IsGoing ? ended is null ? null : Ended(ended) : Current(),
            PipelineSources.Webhook(definition) is null ? null : await desk.Tally(lifetime.Token));
    }

    public async Task<RunView> Start(StartRun request)
    {
        if (stored.State.Definition is not { } kept || definition is null)
            throw new RefusedException(RefusalCode.NotFound, $"There is no pipeline \"{key.Name}\".");
        if (gate.Because(key.Tenant) is { } because)
            throw new RefusedException(RefusalCode.Forbidden, because);
        if (!PipelineSources.IsRead(definition))
            throw new RefusedException(RefusalCode.Invalid, $"Pipeline \"{key.Name}\" is fed by deliveries; there is nothing for a run to read.");
        var now = time.GetUtcNow();
        var runId = request.OperationId is { } operation ? RunIds.Of(key, operation) : RunIds.New(key.Name!, now, stored.State.RunNumber + 1);
        if (request.OperationId is not null && await Run(runId) is { } same)
            return same;
        await keeper.SaveAgain(lifetime.Token);
        var fresh = new RunRow(runId, key.Name!, kept.Version, request.DryRun, RunState.Running, request.Reason, now, now, null, TimeSpan.Zero, new RunCounts(), 0, 0, null, null, 0);
        if (RunRules.Decide(keeper.Row, new RunEvent.Start(fresh), now) is RunDecision.Refuse refused)
            throw new RefusedException(refused.Code, refused.Reason);
        await Save(stored.State with { RunNumber = stored.State.RunNumber + 1, Run = await Queued(new KeptRun(runId, kept.Text, kept.Version, request.FullRefresh), request.Reason) });
        if (!await keeper.Apply(new RunEvent.Start(fresh), lifetime.Token, request.OperationId is null ? null : $"run/{runId}"))
            return (await Run(runId))!;
        LogStarted(key.ToString(), runId, request.Reason);
        PipelineMeter.RunStarted();
        Launch();
        return Current()!;
    }

    public async Task<RunView> Pause() => await Halt(new RunEvent.Pause());

    public async Task<RunView> Cancel() => await Halt(new RunEvent.Cancel());

    public async Task<RunView> Resume()
    {
        await pumping;
        var row = keeper.Row;
        if (row is not null && stored.State.Run?.RunId != row.RunId)
            throw new RefusedException(RefusalCode.Conflict, $"Run {row.RunId} cannot go on; start a new one.");
        if (RunRules.Decide(row, new RunEvent.Resume(), time.GetUtcNow()) is RunDecision.Change)
            await Save(stored.State with { Run = await Queued(stored.State.Run!, "resumed") });
        await keeper.Apply(new RunEvent.Resume(), lifetime.Token);
        Launch();
        return Current()!;
    }

    public async Task<bool> Turn(string runId)
    {
        if (keeper.Row is not { State: RunState.Running } row || row.RunId != runId)
            return false;
        if (Waiting is not { } waiting)
            return true;
        await Save(stored.State with { Run = waiting with { WaitsSince = null } });
        keeper.Stands(null);
        Launch();
        return true;
    }

    public async Task<RunView?> Run(string runId) =>
        keeper.Row?.RunId == runId ? Current()
        : await runs.Find(key.Tenant, runId, lifetime.Token) is { } row && row.Pipeline == key.Name ? Ended(row) : null;

    public async Task<IReadOnlyList<RunView>> Runs(int limit)
    {
        var rows = await runs.Recent(key.Tenant, key.Name, Math.Clamp(limit, 1, 1_000), lifetime.Token);
        return rows.Select(row => row.RunId == keeper.Row?.RunId ? Current()! : Ended(row)).ToArray();
    }

    public Task<IReadOnlyList<UnreadableView>> Unreadable(string runId, int limit) => runs.Unreadable(key.Tenant, runId, Math.Clamp(limit, 1, 1_000), lifetime.Token);

    public async Task<IReadOnlyList<RunStreamView>> Streams(string runId) =>
        await runs.Find(key.Tenant, runId, lifetime.Token) is { } run && run.Pipeline == key.Name ? await runs.Streams(key.Tenant, run, lifetime.Token) : [];

    public async Task<DeliveryResult?> Proves(WebhookDelivery delivery) =>
        definition is null || PipelineSources.Webhook(definition) is not { } source ? NoWebhook() : WebhookDesk.Refusal(source, await SecretOf(source), delivery, time.GetUtcNow());

    public async Task<DeliveryResult> Deliver(WebhookDelivery delivery)
    {
        if (definition is null || PipelineSources.Webhook(definition) is not { } source)
            return NoWebhook();
        var (result, position) = await desk.Take(definition, stored.State.Definition!.Version, source, await SecretOf(source), delivery, lifetime.Token);
        PipelineMeter.Delivered(result.Outcome);
        if (position > 0)
            await Index().Hint(position);
        return result;
    }

    public Task<string?> WebhookSecret() => Task.FromResult(stored.State.GeneratedSecret);

    public async Task Remove()
    {
        pump?.Stop();
        if (!pumping.IsCompleted)
            await pumping; // A run that ends just now ends first.
        if (keeper.IsGoing)
            await Cancel();
        await Save(stored.State with { Definition = null, GeneratedSecret = null, NextAt = null });
        Reread();
        triggers.Watch();
        await triggers.Remind();
        await GrainFactory.GetGrain<IConnectorGrain>(TenantKey.Of(key.Tenant, key.Name!)).Forget();
        await GrainFactory.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(key.Tenant)).Remove(key.Name!);
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (reminderName == PipelineTriggers.WakeReminder && storeFailed && keeper.Row is { State: RunState.Failed, DryRun: false } failed && stored.State.Run?.RunId == failed.RunId)
        {
            LogTriesAgain(key.ToString(), failed.RunId);
            await Resume();
        }
        if (reminderName == PipelineTriggers.ScheduleReminder)
            await triggers.Due(stored.State.NextAt);
    }

    private DeliveryResult NoWebhook() => new(DeliveryOutcome.NoSuchWebhook, $"Pipeline \"{key.Name}\" takes no deliveries.", null);

    private ValueTask<string> SecretOf(SourceDefinition source) => secret.Of(source, stored.State.GeneratedSecret, lifetime.Token);

    private ValueTask<string?> TroubleOfWebhook() => PipelineSources.Webhook(definition!) is { } source ? secret.Trouble(source, stored.State.GeneratedSecret, lifetime.Token) : default;

    private RunView? Current() => keeper.View(keeper.Row is { } row ? searches.At(row.RunId) : null) is not { } view ? null : WithWait(view.Transforms is null ? WithTransforms(view) : view);

    // Before the first look at its place, and after a restart.
    private RunView WithWait(RunView view) => view.Waits is null && Waiting is { } waiting ? view with { Waits = RunTurns.Unseen(waiting) } : view;

    private RunView Ended(RunRow row) => WithTransforms(RunKeeper.ViewOf(row, time.GetUtcNow(), searches.At(row.RunId)));

    private RunView WithTransforms(RunView view) =>
        stored.State.Transforms.FirstOrDefault(kept => kept.RunId == view.RunId) is { } kept ? view with { Transforms = kept.Streams, TransformsSince = kept.Since } : view;

    private IProjectionGrain Index() => GrainFactory.GetGrain<IProjectionGrain>(TenantKey.Of(key.Tenant, Projections.Index));

    private void Reread() =>
        definition = stored.State.Definition is { } kept ? PipelineDefinitionReader.Read(kept.Text, kept.FileName, key.Name).Definition : null;

    // The steps in flight end first: only then do the log's counts stand still.
    private async Task<RunView> Halt(RunEvent wanted)
    {
        if (RunRules.Decide(keeper.Row, wanted, time.GetUtcNow()) is RunDecision.Refuse refused)
            throw new RefusedException(refused.Code, refused.Reason);
        pump?.Stop();
        await pumping;
        await keeper.Apply(wanted, lifetime.Token);
        await SaveEnd();
        return Current()!;
    }

    private async Task GoOn(CancellationToken cancellation)
    {
        await keeper.Apply(new RunEvent.Wake(), cancellation);
        if (keeper.Row!.State != RunState.Running)
            return;
        if (stored.State.Run?.RunId != keeper.Row.RunId)
            await keeper.Apply(new RunEvent.Fail("The definition that the run went by is lost; start a new one."), cancellation);
        else
            Launch();
    }

    private Task<KeptRun> Queued(KeptRun run, string reason) => turns?.Wait(key, run, reason, lifetime.Token) ?? Task.FromResult(run);

    private void Launch()
    {
        if (keeper.Row?.State != RunState.Running || !pumping.IsCompleted)
            return;
        if (Waiting is null)
            pumping = Pump(stored.State.Run!);
        See();
    }

    /// <summary>The run that waits for its turn in the queue, or null.</summary>
    private KeptRun? Waiting => turns is not null && keeper.Row?.State == RunState.Running && stored.State.Run is { WaitsSince: not null } run && run.RunId == keeper.Row.RunId ? run : null;

    private void See() => beat ??= this.RegisterGrainTimer(Beat, new GrainTimerCreationOptions(BeatEvery, BeatEvery) { KeepAlive = true });

    private async Task Pump(KeptRun run)
    {
        try
        {
            if (PipelineDefinitionReader.Read(run.DefinitionText, key.Name!, key.Name).Definition is not { } stated)
            {
                await keeper.Apply(new RunEvent.Fail("The definition that the run goes by cannot be read any more; start a new one."), lifetime.Token);
                return;
            }
            var reported = await runs.Unreadable(key.Tenant, run.RunId, RunPlan.MaxPartitions, lifetime.Token);
            var order = new RunOrder(run.RunId, run.DefinitionVersion, run.DefinitionText, new ReadingPlan(stated, judges.For(stated)), keeper.Row!.DryRun, run.FullRefresh,
                stored.State.Usual, reported.Select(view => view.Path).ToHashSet(StringComparer.Ordinal), stated.Parallelism > 0 ? stated.Parallelism : options.Value.Parallelism);
            keeper.GoesOn(stored.State.Transforms.FirstOrDefault(kept => kept.RunId == run.RunId));
            keeper.GoLive();
            pump = new RunPump(order, planner, Lanes(order.Lanes), keeper, time, () => gate.Because(key.Tenant) ?? (order.DryRun ? null : room.RefusesRecords ?? RunOffers.Withheld(features?.Of(key.Tenant), stated, keeper.Row!.Reason)));
            if (await pump.Go(lifetime.Token) is { } ended)
                await End(ended);
        }
        catch (OperationCanceledException) when (lifetime.IsCancellationRequested)
        {
            // Deactivating: the next activation goes on.
        }
        catch (RefusedException) when (keeper.IsLost)
        {
            // Another activation goes on with the run already.
        }
        catch (Exception wrong)
        {
            LogBroke(key.ToString(), run.RunId, wrong);
            await End(wrong is StorageException { Fault: StorageFault.Full } ? RunEvent.Fail.OfFullDisk(((StorageException)wrong).Plainly) : new RunEvent.Fail($"The run broke: {(wrong as StorageException)?.Plainly ?? wrong.Message}", OfStore: wrong is StorageException));
        }
    }

    private ILane[] Lanes(int count)
    {
        var lanes = new ILane[count];
        for (var n = 0; n < count; n++)
            lanes[n] = new GrainLane(GrainFactory.GetGrain<IPartitionLaneGrain>(TenantKey.Of(key.Tenant, key.Name!, $"lane-{n}")));
        return lanes;
    }

    private async Task End(RunEvent ended)
    {
        storeFailed = ended is RunEvent.Fail { OfStore: true };
        RunOffers.Tell(health, key.Tenant, key.Name!, definition, ended);
        await keeper.Apply(ended, lifetime.Token);
        var row = keeper.Row!;
        LogEnded(key.ToString(), row.RunId, row.State, row.Counts.In, row.Counts.Stored, row.Counts.Quarantined, row.Error is null ? "" : $": {row.Error}");
        await SaveEnd(row is { State: RunState.Succeeded, DryRun: false } && keeper.Held is { } held ? FullReadRules.Remember(stored.State.Usual, held) : null);
        if (searches.IsDue(row))
            searches.Begin(row);
    }

    private Task SaveEnd(IReadOnlyList<long>? usual = null) => usual is null && keeper.Transforms is null ? Task.CompletedTask : Save(stored.State.After(usual, keeper.Transforms));

    // Keeps the activation while there is something to see to: a run, a row that could not be written, a run that is not searchable yet.
    private async Task Beat(CancellationToken cancellation)
    {
        await keeper.SaveAgain(cancellation);
        if (Waiting is { } waiting && await turns!.Look(key, waiting, keeper.Row!.Reason, cancellation) is { } look)
        {
            if (look.Run != waiting)
                await Save(stored.State with { Run = look.Run });
            keeper.Stands(look.Said);
        }
        if (keeper.Row is not { } row || row.State == RunState.Running || keeper.Unsaved is not null)
            return;
        if (searches.IsDue(row))
        {
            searches.Begin(row);
            return;
        }
        beat?.Dispose();
        beat = null;
    }

    private Task Save(PipelineState after) => stored.CommitAsync(after, onFailure: DeactivateOnIdle);

    [LoggerMessage(2101, LogLevel.Information, "Pipeline {Pipeline}: run {Run} started ({Reason})")]
    private partial void LogStarted(string pipeline, string run, string reason);

    [LoggerMessage(2102, LogLevel.Information, "Pipeline {Pipeline}: run {Run} {State}: {Read} read, {Stored} stored, {Quarantined} quarantined{Error}")]
    private partial void LogEnded(string pipeline, string run, RunState state, long read, long stored, long quarantined, string error);

    [LoggerMessage(2104, LogLevel.Information, "Pipeline {Pipeline}: run {Run} failed because of the store and is tried again")]
    private partial void LogTriesAgain(string pipeline, string run);

    [LoggerMessage(2103, LogLevel.Error, "Pipeline {Pipeline}: run {Run} broke")]
    private partial void LogBroke(string pipeline, string run, Exception wrong);
}
