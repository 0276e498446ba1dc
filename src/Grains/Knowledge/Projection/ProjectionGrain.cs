using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Queues;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Keeps one of a tenant's projections up to date; the key is "tenant/projection", whose name says which feed it is.</summary>
/// <remarks>
/// It is told when there is more to do, looks by itself at start and every few minutes, and follows until it has caught up. The cursor lies with what the
/// feed makes and moves in the same transaction, so two of them (as may be for a moment in a cluster) cannot both do the same step. Only the one task
/// that follows changes anything. Reentrant, because who waits must not stand in the way of who makes it go on.
/// </remarks>
[Reentrant, InTenantPool]
internal sealed partial class ProjectionGrain(
    [PersistentState("projection", Stores.Durable)] IPersistentState<ProjectionState> stored,
    ProjectionFeeds feeds, IOptions<ProjectionOptions> options, TimeProvider time, ILogger<ProjectionGrain> logger, IWorkIntake? intake = null, IHealth? health = null) : Grain, IProjectionGrain, IRemindable
{
    private const string SweepReminder = "sweep";

    /// <summary>How long it stays in memory after a step, at least.</summary>
    private static readonly TimeSpan KeepAwake = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource lifetime = new();
    private readonly Queue<(ProjectionDeadLetter Letter, TaskCompletionSource<string?> Told)> again = new();
    private TenantId tenant;
    private IProjectionFeed feed = null!;
    private IndexCursor cursor = new(0, 0);
    private DateTimeOffset? caughtUpAt, behindSince;
    private string? lastError;
    private long hints, knownHead, behind;
    private TaskCompletionSource? rebuilding;
    private Task following = Task.CompletedTask;
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = TenantKey.Parse(this.GetPrimaryKeyString());
        tenant = key.Tenant;
        feed = feeds.Open(key, PutAside);
        cursor = await feed.Cursor(cancellationToken);
        if (await this.GetReminder(SweepReminder) is null)
            await this.RegisterOrUpdateReminder(SweepReminder, options.Value.SweepEvery, options.Value.SweepEvery);
        Follow();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await lifetime.CancelAsync();
        await following;
        while (again.TryDequeue(out var asked))
            asked.Told.TrySetCanceled(CancellationToken.None);
        KnowledgeMeter.BehindBy(feed.Name, -behind);
        lifetime.Dispose();
    }

    public Task Hint(long head)
    {
        Measure(Math.Max(knownHead, head));
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
        var head = await feed.Head(cursor, lifetime.Token);
        Measure(head);
        if (cursor.Position < head)
            Follow();
        return new ProjectionView(feed.Name, cursor.Version, cursor.Position, Math.Max(head, cursor.Position), caughtUpAt, stored.State.DeadLetters, lastError);
    }

    public async Task<ProjectionView> WaitFor(long position, TimeSpan patience, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (cursor.Position < position)
        {
            Follow();
            var left = patience - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                throw new RefusedException(RefusalCode.Busy, $"The {feed.Name} projection has come to {cursor.Position}, not yet to {position}.{(lastError is null ? "" : " " + lastError)}");
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
        var asked = rebuilding ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Follow();
        await asked.Task;
        return await View();
    }

    public Task<string?> Redo(long position, string stream, string key, CancellationToken cancellation)
    {
        var told = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        again.Enqueue((new ProjectionDeadLetter(position, stream, key, "", time.GetUtcNow()), told));
        Follow();
        return told.Task.WaitAsync(cancellation);
    }

    public async Task Forget(IReadOnlyList<Log.RecordKey> records)
    {
        var erased = records.ToHashSet();
        if (stored.State.Kept.Any(IsErased))
            await stored.CommitAsync(stored.State with { Kept = [.. stored.State.Kept.Where(letter => !IsErased(letter))] }, DeactivateOnIdle);
        lastError = null;

        bool IsErased(ProjectionDeadLetter letter) => erased.Contains(new Log.RecordKey(letter.Stream, letter.Key));
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
                await RedoAsked();
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
                lastError = $"The {feed.Name} projection cannot go on at {cursor.Position}: {failure.Message}";
                LogStuck(feed.Name, tenant.Value, cursor.Position, wait, failure);
                KnowledgeMeter.Failed(feed.Name);
                TellAge(isBehind: true);
                if (!await Paused(wait))
                    return;
                wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, options.Value.RetryAtMost.Ticks));
            }
    }

    /// <summary>Starts again where somebody asked for it, or where what is there was made in another way.</summary>
    private async Task Restart()
    {
        if (rebuilding is null && !feed.IsOutdated(cursor))
            return;
        var asked = rebuilding;
        try
        {
            await feed.Restart(lifetime.Token);
        }
        catch (RefusedException refused) when (asked is not null)
        {
            rebuilding = null;
            asked.SetException(refused);
            return;
        }
        LogRebuilt(feed.Name, tenant.Value, cursor.Version);
        await stored.CommitAsync(new ProjectionState(), DeactivateOnIdle);
        cursor = await feed.Cursor(lifetime.Token);
        asked?.SetResult();
        rebuilding = null;
    }

    private async Task RedoAsked()
    {
        while (again.TryDequeue(out var asked))
            try
            {
                var why = await feed.Redo(asked.Letter, cursor, lifetime.Token);
                if (why is null && stored.State.Without(asked.Letter.Position) is var after && after != stored.State)
                    await stored.CommitAsync(after, DeactivateOnIdle);
                asked.Told.SetResult(why);
            }
            catch (Exception wrong)
            {
                asked.Told.SetException(wrong);
            }
    }

    /// <summary>Whether there was anything to do.</summary>
    private async Task<bool> Step()
    {
        var step = await feed.Step(cursor, lifetime.Token);
        if (step.Overtaken)
            LogOvertaken(feed.Name, tenant.Value, cursor.Position, step.Cursor.Position);
        cursor = step.Cursor;
        lastError = null;
        Measure(step.Moved ? knownHead : cursor.Position);
        TellAge(step.Moved);
        await HintFollowers();
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

    // Only of the index: the others come after it.
    private void TellAge(bool isBehind)
    {
        behindSince = isBehind ? behindSince ?? time.GetUtcNow() : null;
        if (feed.Name == Projections.Index)
            health?.Measured(tenant, HealthSignal.QueueAge, behindSince is { } since ? (time.GetUtcNow() - since).TotalSeconds : 0);
    }

    private void Measure(long head)
    {
        knownHead = head;
        var now = Math.Max(0, knownHead - cursor.Position);
        KnowledgeMeter.BehindBy(feed.Name, now - behind);
        behind = now;
    }

    private async Task HintFollowers()
    {
        using (CallerContext.For(tenant))
            foreach (var follower in feed.Followers)
                await GrainFactory.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, follower)).Hint(0);
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
        LogPutAside(feed.Name, tenant.Value, letter.Stream, letter.Key, letter.Position, letter.Reason);
        KnowledgeMeter.DeadLetter(feed.Name);
        await stored.CommitAsync(stored.State.With(letter, options.Value.DeadLettersKept), DeactivateOnIdle);
        try
        {
            if (intake is not null)
                await intake.Take(tenant, ReindexHandler.Of(feed.Name, stored.State.Kept.FirstOrDefault(kept => kept.Position == letter.Position) ?? letter), lifetime.Token);
        }
        catch (RefusedException full)
        {
            // It stands in the list above all the same, and a rebuild tries it again.
            LogNotQueued(feed.Name, tenant.Value, letter.Stream, letter.Key, full.Message);
        }
    }

    [LoggerMessage(3101, LogLevel.Warning, "Projection {Name} of {Tenant}: stuck at {Position}, next attempt in {Wait}")]
    private partial void LogStuck(string name, string tenant, long position, TimeSpan wait, Exception failure);

    [LoggerMessage(3102, LogLevel.Information, "Projection {Name} of {Tenant}: building anew what version {Old} made")]
    private partial void LogRebuilt(string name, string tenant, int old);

    [LoggerMessage(3120, LogLevel.Warning, "Projection {Name} of {Tenant}: the step from {Position} was refused, somebody else took it and is at {Current}")]
    private partial void LogOvertaken(string name, string tenant, long position, long current);

    [LoggerMessage(3104, LogLevel.Warning, "Projection {Name} of {Tenant}: {Stream}/{Key} is not tried again by itself: {Reason}")]
    private partial void LogNotQueued(string name, string tenant, string stream, string key, string reason);

    [LoggerMessage(3103, LogLevel.Warning, "Projection {Name} of {Tenant}: {Stream}/{Key} at {Position} is put aside: {Reason}")]
    private partial void LogPutAside(string name, string tenant, string stream, string key, long position, string reason);
}
