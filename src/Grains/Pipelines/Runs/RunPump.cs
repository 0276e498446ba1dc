namespace Sophia.Pipelines;

/// <summary>A lane as the pump sees it.</summary>
internal interface ILane
{
    Task<LaneAnswer> Step(LaneWork work, CancellationToken cancellation);

    Task<LaneAnswer> Sweep(LaneWork work, bool vanished, CancellationToken cancellation);

    Task Release();
}

/// <summary>What the pump tells while it goes. Calls come on the grain's own scheduler, one at a time.</summary>
internal interface IRunListener
{
    /// <summary>The sources have been looked at; the run's row is to be written with these before anything is read.</summary>
    Task Planned(RunPlan plan, CancellationToken cancellation);

    /// <summary>Partitions that could not be read; to be written durably.</summary>
    Task Unreadable(IReadOnlyList<UnreadableView> partitions, CancellationToken cancellation);

    void Stepped(LaneAnswer answer);

    /// <summary>A partition is read to its end.</summary>
    void PartitionDone();

    /// <summary>The whole was read and found right; it counts towards what is usual.</summary>
    void FullRead(long records);

    /// <summary>The run waits, for this reason, and goes on by itself; null: it goes on.</summary>
    void Waits(string? reason);
}

/// <summary>What a run needs to know.</summary>
internal sealed record RunOrder(string RunId, int DefinitionVersion, string DefinitionText, ReadingPlan Reading, bool DryRun, bool FullRefresh, IReadOnlyList<long> Usual, IReadOnlySet<string> Reported, int Lanes);

/// <summary>
/// Drives one run over its lanes: look at the sources, read what changed, see whether the whole is believable, then let vanished keys go.
/// Each lane has one batch in flight, so memory is bounded by lanes and batch size, and a slow store slows the reading.
/// </summary>
/// <remarks>Stopping (pause, cancel, shutdown) lets the steps in flight end. Going on is the same as starting: checkpoints say what is done.</remarks>
internal sealed class RunPump(RunOrder order, RunPlanner planner, IReadOnlyList<ILane> lanes, IRunListener listener, TimeProvider time, Func<string?>? obstacle = null)
{
    /// <summary>How often a partition or a lane is tried again before it counts as failed, where no policy says when.</summary>
    public const int MaxTries = 4;

    /// <summary>The pause before the first new try; each further one is twice as long.</summary>
    public static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(500);

    /// <summary>How often a run that waits looks whether it may go on.</summary>
    public static readonly TimeSpan LookedForEvery = TimeSpan.FromSeconds(1);

    /// <summary>How long a partition waits for a source that fails or is not to be asked (its pauses, its breaker, its budget) without getting any further: 10 minutes. A breaker that opens again and again looks six times within that.</summary>
    public static readonly TimeSpan LongestSourceWait = TimeSpan.FromMinutes(10);

    /// <summary>Whoever waits for a source looks at least so often whether it may be asked: somebody may have reset its breaker.</summary>
    public static readonly TimeSpan SourceLookedForEvery = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<string, int> readBy = new(StringComparer.Ordinal);
    private long steps = time.GetUtcNow().UtcTicks; // A run that goes on counts from elsewhere: a lane that missed its release must not take a new step for one it knows.
    private long recordsRead;
    private RunEvent.Fail? failure;
    private string? firstUnreadable;
    private string? firstUnread;
    private int waiting;

    /// <summary>Lets the steps in flight end and starts no others.</summary>
    public void Stop() => stopping.Cancel();

    public bool IsStopping => stopping.IsCancellationRequested;

    /// <summary>Goes to the end; answers how the run ended, or null where it was stopped.</summary>
    public async Task<RunEvent?> Go(CancellationToken cancellation)
    {
        try
        {
            return await GoToTheEnd(cancellation);
        }
        finally
        {
            foreach (var lane in lanes)
                await Release(lane);
        }
    }

    private static async Task Release(ILane lane)
    {
        try
        {
            await lane.Release();
        }
        catch (Exception missed) when (missed is OrleansException or TimeoutException)
        {
            // How the run went does not hang on it: what a lane has open is closed by its next run, or as its grain ends.
        }
    }

    private async Task<RunEvent?> GoToTheEnd(CancellationToken cancellation)
    {
        var plan = await planner.Plan(order.Reading, order.RunId, order.FullRefresh, order.Reported, cancellation);
        await listener.Planned(plan, cancellation);
        firstUnreadable = plan.Unreadable.Count > 0 ? $"{plan.Unreadable[0].Path}: {plan.Unreadable[0].Reason}" : null;
        await Spread(plan.ToRead, (lane, partition) => Read(lane, partition, cancellation));
        if (IsOver(out var how))
            return how;
        if (firstUnread is { } unread)
            return new RunEvent.Fail(unread, OfSource: true);
        var sources = order.Reading.Definition.Sources.Select(ReadingPlan.NameOf).ToArray();
        var (held, toSweep) = await planner.Holdings(plan.Listed, sources, cancellation);
        var total = order.DryRun ? held + recordsRead : held;
        if (plan.ListingFailure is { } unlisted)
            return new RunEvent.Fail($"A source could not be listed: {unlisted}", OfSource: true);
        if (FullReadRules.Objection(total, order.Usual, order.Reading.Definition.Gate, firstUnreadable) is { } objection)
            return plan.Settling > 0 ? new RunEvent.Finish() : new RunEvent.Fail(objection);
        listener.FullRead(total);
        await Spread(plan.Vanished, (lane, partition) => Sweep(lane, partition, vanished: true, cancellation));
        await Spread(order.DryRun ? plan.ToRead : toSweep, (lane, partition) => Sweep(lane, partition, vanished: false, cancellation));
        return IsOver(out how) ? how : new RunEvent.Finish();
    }

    private bool IsOver(out RunEvent? how)
    {
        how = failure;
        return failure is not null || IsStopping;
    }

    // Lanes take partitions one by one; a partition that a lane read before goes back to it, because it may still know the keys.
    private async Task Spread(IReadOnlyList<PlannedPartition> partitions, Func<int, PlannedPartition, Task> work)
    {
        var queues = new Queue<PlannedPartition>[lanes.Count];
        for (var i = 0; i < queues.Length; i++)
            queues[i] = new Queue<PlannedPartition>();
        var open = new Queue<PlannedPartition>();
        foreach (var partition in partitions)
            (readBy.TryGetValue(partition.Name, out var lane) ? queues[lane] : open).Enqueue(partition);
        var loops = new Task[lanes.Count];
        for (var lane = 0; lane < loops.Length; lane++)
            loops[lane] = Loop(lane);
        await Task.WhenAll(loops);

        async Task Loop(int lane)
        {
            while (failure is null && !IsStopping && (queues[lane].TryDequeue(out var partition) || open.TryDequeue(out partition)))
                await work(lane, partition);
        }
    }

    private async Task Read(int lane, PlannedPartition partition, CancellationToken cancellation)
    {
        readBy[partition.Name] = lane;
        var answer = await Until(lane, partition, (to, work) => to.Step(work, cancellation), cancellation);
        if (answer?.Outcome == LaneOutcome.Done)
            listener.PartitionDone();
        else if (answer?.Outcome is LaneOutcome.SourceBusy or LaneOutcome.SourceFailed && partition.Essential)
            firstUnread ??= $"{partition.Source}: {answer.Reason ?? "it could not be read."}";
        else if (answer?.Outcome is LaneOutcome.SourceBusy or LaneOutcome.SourceFailed)
        {
            firstUnreadable ??= $"{partition.Id}: {answer.Reason}";
            await listener.Unreadable([new UnreadableView(partition.Id, answer.Reason ?? "It could not be read.", partition.Bytes)], cancellation);
        }
    }

    private async Task Sweep(int lane, PlannedPartition partition, bool vanished, CancellationToken cancellation)
    {
        var answer = await Until(lane, partition, (to, work) => to.Sweep(work, vanished, cancellation), cancellation);
        if (answer?.Outcome is LaneOutcome.SourceBusy or LaneOutcome.SourceFailed)
            await listener.Unreadable([new UnreadableView(partition.Id, $"Deleted records could not be looked for: {answer.Reason}", partition.Bytes)], cancellation);
    }

    /// <summary>Asks a lane again and again until the partition is through, cannot be read, or the run stops (null).</summary>
    private async Task<LaneAnswer?> Until(int lane, PlannedPartition partition, Func<ILane, LaneWork, Task<LaneAnswer>> ask, CancellationToken cancellation)
    {
        var tries = 0;
        DateTimeOffset? waitsUntil = null;
        while (failure is null && !IsStopping)
        {
            if (!await IsClear(cancellation))
                return null;
            var answer = await Ask(lane, partition, ask);
            listener.Stepped(answer);
            recordsRead += answer.Counts.In;
            if (answer is { Outcome: LaneOutcome.SourceBusy, NotBefore: { } notBefore })
            {
                waitsUntil ??= time.GetUtcNow() + LongestSourceWait;
                if (time.GetUtcNow() >= waitsUntil)
                    return answer with { Reason = $"{answer.Reason} It was waited for for {LongestSourceWait.TotalMinutes:0} minutes." };
                await WaitFor($"{answer.Reason} It is asked again by itself, until {waitsUntil:HH:mm:ss} UTC at most", notBefore, cancellation);
                continue;
            }
            if (answer.Counts.In > 0 || answer.LastPosition > 0)
                waitsUntil = null;
            switch (answer.Outcome)
            {
                case LaneOutcome.More:
                    tries = answer.Counts.In > 0 || answer.LastPosition > 0 ? 0 : tries; // A source that says nothing and fails again and again gets no further.
                    continue;
                case LaneOutcome.Done:
                case LaneOutcome.SourceFailed:
                    return answer;
                case LaneOutcome.StorageFull when obstacle?.Invoke() is not null:
                    continue;
                case LaneOutcome.StorageFull:
                    failure ??= RunEvent.Fail.OfFullDisk(answer.Reason);
                    return null;
            }
            if (++tries == MaxTries && answer.Outcome == LaneOutcome.SourceBusy)
                return answer;
            if (tries == MaxTries)
                failure ??= new RunEvent.Fail($"The store does not take records: {answer.Reason ?? "the lane lost its place again and again."} Nothing that was read is lost: the run goes on by itself within 5 minutes of the store's return, or when it is resumed.", OfStore: true);
            else if (answer.Outcome != LaneOutcome.Again || tries > 1)
                await Backoff(tries, cancellation);
        }
        return null;
    }

    private async Task<LaneAnswer> Ask(int lane, PlannedPartition partition, Func<ILane, LaneWork, Task<LaneAnswer>> ask)
    {
        var work = new LaneWork(order.RunId, order.DefinitionVersion, order.DefinitionText, partition.Source, partition.Id, partition.Fingerprint, partition.Bytes, order.DryRun, order.FullRefresh, ++steps);
        for (var tries = 1; ; tries++)
            try
            {
                return await ask(lanes[lane], work);
            }
            catch (TimeoutException) when (tries < MaxTries)
            {
                // The outcome is unknown, and the step carries its number: asked again, it is done once.
            }
            catch (OrleansException wrong)
            {
                return new LaneAnswer(LaneOutcome.Again, new RunCounts(), Reason: wrong.Message);
            }
            catch (TimeoutException wrong)
            {
                return new LaneAnswer(LaneOutcome.StorageFailed, new RunCounts(), Reason: wrong.Message);
            }
            catch (Exception wrong) when (wrong is not OperationCanceledException)
            {
                return new LaneAnswer(LaneOutcome.SourceFailed, new RunCounts(), Reason: wrong.Message);
            }
    }

    /// <summary>Waits while no records are taken, for want of room or because the tenant is suspended: nothing is read that could not be stored. False where the run was stopped meanwhile.</summary>
    private async Task<bool> IsClear(CancellationToken cancellation)
    {
        if (obstacle?.Invoke() is null)
            return true;
        while (!IsStopping && obstacle() is { } reason)
        {
            listener.Waits(reason);
            await Pause(LookedForEvery, cancellation);
        }
        if (waiting == 0)
            listener.Waits(null);
        return !IsStopping;
    }

    /// <summary>Waits until a source may be asked again. The run says so as long as anybody waits.</summary>
    private async Task WaitFor(string reason, DateTimeOffset notBefore, CancellationToken cancellation)
    {
        var pause = notBefore - time.GetUtcNow();
        waiting++;
        listener.Waits(reason);
        try
        {
            await Pause(pause < FirstBackoff ? FirstBackoff : pause > SourceLookedForEvery ? SourceLookedForEvery : pause, cancellation);
        }
        finally
        {
            if (--waiting == 0)
                listener.Waits(null);
        }
    }

    private Task Backoff(int tries, CancellationToken cancellation) => Pause(FirstBackoff * (1 << (tries - 1)), cancellation);

    private async Task Pause(TimeSpan pause, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, cancellation);
        try
        {
            await Task.Delay(pause, time, either.Token);
        }
        catch (OperationCanceledException) when (IsStopping)
        {
            // Stopped while waiting: the caller's loop sees it.
        }
    }
}
