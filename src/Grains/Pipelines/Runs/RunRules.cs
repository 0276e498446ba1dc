using Sophia.Operations;

namespace Sophia.Pipelines;

/// <summary>What can happen to a run.</summary>
internal abstract record RunEvent
{
    private RunEvent() { }

    /// <summary>Somebody wants a new run; Fresh is its row.</summary>
    public sealed record Start(RunRow Fresh) : RunEvent;

    public sealed record Pause : RunEvent;

    public sealed record Resume : RunEvent;

    public sealed record Cancel : RunEvent;

    /// <summary>Everything read is stored or quarantined.</summary>
    public sealed record Finish : RunEvent;

    /// <param name="OfStore">The store failed, not the source: once it is well again the run goes on by itself.</param>
    /// <param name="OfSource">A source gave no answer, or could not be read.</param>
    public sealed record Fail(string Reason, bool OfStore = false, bool OfSource = false) : RunEvent
    {
        public static Fail OfFullDisk(string? reason) =>
            new($"{reason ?? "The disk is full."} Make room: the run goes on by itself within 5 minutes, or when it is resumed. Nothing that was read is lost.", OfStore: true);
    }

    /// <summary>The grain woke up and found this run in the log.</summary>
    public sealed record Wake : RunEvent;
}

/// <summary>What an event makes of a run.</summary>
internal abstract record RunDecision
{
    private RunDecision() { }

    /// <summary>The row as it is to be written.</summary>
    public sealed record Change(RunRow After) : RunDecision;

    /// <summary>It is so already, or it came too late to matter.</summary>
    public sealed record Stay : RunDecision;

    public sealed record Refuse(RefusalCode Code, string Reason) : RunDecision;
}

/// <summary>
/// A pipeline's newest run as a state machine. Running and Paused may become each other and end; Succeeded and Cancelled are final;
/// a Failed run may be taken up again, because everything it did is behind a checkpoint. One run at a time.
/// </summary>
internal static class RunRules
{
    public static RunDecision Decide(RunRow? run, RunEvent happened, DateTimeOffset now) => happened switch
    {
        RunEvent.Start start => IsGoing(run) ? Conflict($"Run {run!.RunId} is {Word(run.State)}; one run of a pipeline goes at a time.") : new RunDecision.Change(start.Fresh),
        _ when run is null => new RunDecision.Refuse(RefusalCode.NotFound, "The pipeline has no run yet."),
        RunEvent.Pause => Pause(run, now),
        RunEvent.Resume => Resume(run, now),
        RunEvent.Cancel => Cancel(run, now),
        RunEvent.Finish => run.State == RunState.Running ? End(run, RunState.Succeeded, null, now) : new RunDecision.Stay(),
        RunEvent.Fail fail => IsGoing(run) ? End(run, RunState.Failed, fail.Reason, now) : new RunDecision.Stay(),
        _ => Wake(run, now),
    };

    public static bool IsGoing(RunRow? run) => run?.State is RunState.Running or RunState.Paused;

    private static RunDecision Pause(RunRow run, DateTimeOffset now) => run.State switch
    {
        RunState.Running => new RunDecision.Change(run with { State = RunState.Paused, UpdatedAt = now }),
        RunState.Paused => new RunDecision.Stay(),
        _ => Conflict($"Run {run.RunId} is {Word(run.State)}; only a running one can be paused."),
    };

    private static RunDecision Resume(RunRow run, DateTimeOffset now) => run.State switch
    {
        RunState.Running => new RunDecision.Stay(),
        RunState.Paused or RunState.Failed when !run.DryRun || run.State == RunState.Paused =>
            new RunDecision.Change(run with { State = RunState.Running, Error = null, EndedAt = null, PausedFor = run.PausedFor + Since(run.EndedAt ?? run.UpdatedAt, now), UpdatedAt = now }),
        _ => Conflict($"Run {run.RunId} is {Word(run.State)}; start a new one."),
    };

    private static RunDecision Cancel(RunRow run, DateTimeOffset now) => run.State switch
    {
        RunState.Running or RunState.Paused => End(run, RunState.Cancelled, null, now),
        RunState.Cancelled => new RunDecision.Stay(),
        _ => Conflict($"Run {run.RunId} is {Word(run.State)} already."),
    };

    // A dry run leaves no checkpoints to go on from, so it does not survive its process.
    private static RunDecision Wake(RunRow run, DateTimeOffset now) =>
        IsGoing(run) && run.DryRun ? End(run, RunState.Failed, "The dry run was interrupted by a restart; nothing was changed, start it again.", now) : new RunDecision.Stay();

    private static RunDecision.Change End(RunRow run, RunState state, string? error, DateTimeOffset now) =>
        new(run with { State = state, Error = error, EndedAt = now, UpdatedAt = now, PausedFor = run.PausedFor + (run.State == RunState.Paused ? Since(run.UpdatedAt, now) : default) });

    private static TimeSpan Since(DateTimeOffset moment, DateTimeOffset now) => now > moment ? now - moment : TimeSpan.Zero;

    private static RunDecision.Refuse Conflict(string reason) => new(RefusalCode.Conflict, reason);

    private static string Word(RunState state) => state.ToString().ToLowerInvariant();
}
