using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Keeps a tenant's index where its log is; the key is "tenant/index".</summary>
/// <remarks>
/// It is told when the log grows, looks by itself at start and every few minutes, and follows until it has caught up. The cursor lies in the index
/// and moves in the transaction that indexes, so two of them (as may be for a moment in a cluster) cannot both do the same step.
/// Reentrant, because who waits must not stand in the way of who hints; only the one that follows changes anything.
/// </remarks>
[Reentrant]
internal sealed partial class ProjectionGrain(
    [PersistentState("projection", Stores.Durable)] IPersistentState<ProjectionState> stored,
    ILogStore log, IIndexStore index, IOptions<ProjectionOptions> options, TimeProvider time, ILogger<ProjectionGrain> logger) : Grain, IProjectionGrain, IRemindable
{
    private const string SweepReminder = "sweep";

    /// <summary>How long it stays in memory after a step, at least.</summary>
    private static readonly TimeSpan KeepAwake = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource lifetime = new();
    private TenantId tenant;
    private IndexFeed feed = null!;
    private IndexCursor cursor = new(0, 0);
    private DateTimeOffset? caughtUpAt;
    private string? lastError;
    private long hints, knownHead, behind;
    private TaskCompletionSource? rebuilding;
    private Task following = Task.CompletedTask;
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = TenantKey.Parse(this.GetPrimaryKeyString());
        if (key is not { Name: Projections.Index, Part: null })
            throw new RefusedException(RefusalCode.NotFound, $"There is no projection \"{key.Name}\".");
        tenant = key.Tenant;
        feed = new IndexFeed(tenant, log, index, options.Value, time, PutAside);
        cursor = await index.Cursor(tenant, cancellationToken);
        if (await this.GetReminder(SweepReminder) is null)
            await this.RegisterOrUpdateReminder(SweepReminder, options.Value.SweepEvery, options.Value.SweepEvery);
        Follow();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await lifetime.CancelAsync();
        await following;
        KnowledgeMeter.BehindBy(Projections.Index, -behind);
        lifetime.Dispose();
    }

    public Task Hint(long head)
    {
        Measure(head);
        Follow();
        return Task.CompletedTask;
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Follow();
        return Task.CompletedTask;
    }

    public async Task<ProjectionView> View()
    {
        var head = await IndexLag.Head(log, tenant, cursor.Position, lifetime.Token);
        Measure(head);
        if (cursor.Position < head)
            Follow();
        return new ProjectionView(Projections.Index, cursor.Version, cursor.Position, Math.Max(head, cursor.Position), caughtUpAt, stored.State.DeadLetters, lastError);
    }

    public async Task<ProjectionView> WaitFor(long position, TimeSpan patience, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (cursor.Position < position)
        {
            Follow();
            var left = patience - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                throw new RefusedException(RefusalCode.Busy, $"The index has come to {cursor.Position}, not yet to {position}.{(lastError is null ? "" : " " + lastError)}");
            try
            {
                await moved.Task.WaitAsync(left, time, cancellation);
            }
            catch (TimeoutException)
            {
                continue;
            }
        }
        return await View();
    }

    public async Task<ProjectionView> Rebuild()
    {
        rebuilding ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Follow();
        await rebuilding.Task;
        return await View();
    }

    public Task<IReadOnlyList<ProjectionDeadLetter>> DeadLetters(int limit) =>
        Task.FromResult<IReadOnlyList<ProjectionDeadLetter>>(stored.State.Kept.Reverse().Take(Math.Max(0, limit)).ToArray());

    private void Follow()
    {
        hints++;
        if (following.IsCompleted && !lifetime.IsCancellationRequested)
            following = FollowToTheEnd();
    }

    private async Task FollowToTheEnd()
    {
        var wait = options.Value.RetryAfter;
        while (!lifetime.IsCancellationRequested)
            try
            {
                DelayDeactivation(KeepAwake);
                await Restart();
                var known = hints;
                if (!await Step() && known == hints)
                    return;
                wait = options.Value.RetryAfter;
            }
            catch (OperationCanceledException) when (lifetime.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                lastError = $"The index cannot go on at {cursor.Position}: {failure.Message}";
                LogStuck(tenant.Value, cursor.Position, wait, failure);
                KnowledgeMeter.Failed(Projections.Index);
                if (!await Paused(wait))
                    return;
                wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, options.Value.RetryAtMost.Ticks));
            }
    }

    /// <summary>Empties the index where somebody asked for it, or another chunker made it.</summary>
    private async Task Restart()
    {
        if (rebuilding is null && (cursor.Version == RecordChunker.Version || cursor.Position == 0))
            return;
        LogRebuilt(tenant.Value, cursor.Version, RecordChunker.Version);
        await index.Reset(tenant, RecordChunker.Version, lifetime.Token);
        await stored.CommitAsync(new ProjectionState(), DeactivateOnIdle);
        cursor = await index.Cursor(tenant, lifetime.Token);
        rebuilding?.SetResult();
        rebuilding = null;
    }

    /// <summary>Whether there was anything to do.</summary>
    private async Task<bool> Step()
    {
        var step = await feed.Step(cursor, lifetime.Token);
        if (step.Overtaken)
            LogOvertaken(tenant.Value, cursor.Position, step.Cursor.Position);
        cursor = step.Cursor;
        lastError = null;
        Measure(knownHead);
        if (!step.Moved)
        {
            caughtUpAt = time.GetUtcNow();
            return false;
        }
        var waiting = moved;
        moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.SetResult();
        return true;
    }

    private void Measure(long head)
    {
        knownHead = Math.Max(knownHead, head);
        var now = Math.Max(0, knownHead - cursor.Position);
        KnowledgeMeter.BehindBy(Projections.Index, now - behind);
        behind = now;
    }

    private async Task<bool> Paused(TimeSpan wait)
    {
        try
        {
            await Task.Delay(wait, time, lifetime.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task PutAside(ProjectionDeadLetter letter)
    {
        LogPutAside(tenant.Value, letter.Stream, letter.Key, letter.Position, letter.Reason);
        KnowledgeMeter.DeadLetter(Projections.Index);
        await stored.CommitAsync(stored.State.With(letter, options.Value.DeadLettersKept), DeactivateOnIdle);
    }

    [LoggerMessage(3101, LogLevel.Warning, "Index of {Tenant}: stuck at position {Position}, next attempt in {Wait}")]
    private partial void LogStuck(string tenant, long position, TimeSpan wait, Exception failure);

    [LoggerMessage(3102, LogLevel.Information, "Index of {Tenant}: building anew (chunker version {Old}, now {New})")]
    private partial void LogRebuilt(string tenant, int old, int @new);

    [LoggerMessage(3120, LogLevel.Warning, "Index of {Tenant}: the step from position {Position} refused, somebody else took it and is at {Current}")]
    private partial void LogOvertaken(string tenant, long position, long current);

    [LoggerMessage(3103, LogLevel.Warning, "Index of {Tenant}: {Stream}/{Key} at {Position} cannot be indexed and is put aside: {Reason}")]
    private partial void LogPutAside(string tenant, string stream, string key, long position, string reason);
}
