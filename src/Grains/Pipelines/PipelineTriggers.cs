namespace Sophia.Pipelines;

/// <summary>When a pipeline runs by itself: as its watched sources change, and by its schedule.</summary>
/// <param name="grain">Whose timer and reminders these are.</param>
/// <param name="start">Starts a run for a reason.</param>
/// <param name="keepNext">Keeps when the schedule fires next.</param>
internal sealed class PipelineTriggers(
    Grain grain,
    Func<PipelineDefinition?> definition,
    Func<bool> isGoing,
    Func<string, Task> start,
    Func<DateTimeOffset, Task> keepNext,
    RunPlanner planner,
    IBatchJudges judges,
    TimeProvider time)
{
    public const string WakeReminder = "wake";
    public const string ScheduleReminder = "schedule";
    private static readonly TimeSpan WakeEvery = TimeSpan.FromMinutes(5);

    private const string Changed = "changed", Scheduled = "schedule";

    private IGrainTimer? watch;
    private ulong? watchedHash;

    /// <summary>Whether a run of this reason was begun by a pipeline itself, and nobody waits for it.</summary>
    public static bool IsOwnReason(string reason) => reason is Changed or Scheduled;

    /// <summary>Looks at watched sources from now on as the definition says.</summary>
    public void Watch()
    {
        watch?.Dispose();
        watch = null;
        watchedHash = null;
        if (definition() is { } stated && PipelineSources.WatchEvery(stated) is { } every)
            watch = grain.RegisterGrainTimer(Look, new GrainTimerCreationOptions(every, every) { KeepAlive = true });
    }

    private async Task Look(CancellationToken cancellation)
    {
        if (definition() is not { } stated || isGoing() || await planner.WatchedHash(stated, cancellation) is var hash && hash == watchedHash)
            return;
        if (watchedHash is not null || await IsBehind(stated, cancellation))
            await start(Changed);
        watchedHash = hash; // Last: where the start failed, the next look tries again.
    }

    private async Task<bool> IsBehind(PipelineDefinition stated, CancellationToken cancellation)
    {
        var plan = await planner.Plan(new ReadingPlan(stated, judges.For(stated)), null, false, new HashSet<string>(), cancellation);
        return plan.ToRead.Count > 0 || plan.Vanished.Count > 0;
    }

    /// <summary>Sets the reminders that the definition needs, and takes back the others.</summary>
    public async Task Remind()
    {
        var stated = definition();
        if (stated is not null && PipelineSources.IsRead(stated))
            await grain.RegisterOrUpdateReminder(WakeReminder, WakeEvery, WakeEvery);
        else
            await Forget(WakeReminder);
        if (stated?.Schedule is { } text && PipelineSchedule.Parse(text) is { } schedule)
            await Schedule(schedule, time.GetUtcNow());
        else
            await Forget(ScheduleReminder);
    }

    /// <summary>The schedule's reminder came; it may be early.</summary>
    public async Task Due(DateTimeOffset? nextAt)
    {
        if (definition()?.Schedule is not { } text || PipelineSchedule.Parse(text) is not { } schedule)
            return;
        var now = time.GetUtcNow();
        if (nextAt is { } due && now + TimeSpan.FromSeconds(1) < due)
            return;
        if (!isGoing())
            await start(Scheduled);
        await Schedule(schedule, now);
    }

    private async Task Schedule(PipelineSchedule schedule, DateTimeOffset now)
    {
        if (schedule.After(now) is not { } next)
        {
            await Forget(ScheduleReminder);
            return;
        }
        await keepNext(next);
        var period = schedule is PipelineSchedule.Every every ? every.Interval : PipelineSchedule.Shortest;
        await grain.RegisterOrUpdateReminder(ScheduleReminder, next - now, period);
    }

    private async Task Forget(string reminder)
    {
        if (await grain.GetReminder(reminder) is { } known)
            await grain.UnregisterReminder(known);
    }
}
