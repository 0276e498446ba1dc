using Sophia.Queues;

namespace Sophia.Pages;

/// <summary>What states and causes of work are called on pages and in the terminal, and what may help.</summary>
public static class QueueWords
{
    public static string Word(this WorkState state) => state.ToString().ToLowerInvariant();

    public static string Word(this WorkCause cause) => cause switch
    {
        WorkCause.Failed => "every attempt failed",
        WorkCause.Rejected => "its worker says that it never can",
        WorkCause.NoHandler => "nobody does work of this kind",
        WorkCause.Lapsed => "its workers went away or hung",
        WorkCause.Expired => "it was not begun before its deadline",
        _ => "a person decided so",
    };

    /// <summary>What somebody who reads it may do.</summary>
    public static string Hint(this WorkCause cause) => cause switch
    {
        WorkCause.Failed => "When what it needs is back, replay it.",
        WorkCause.Rejected => "Mend the payload, or what it names, and bring it back.",
        WorkCause.NoHandler => "Bring it back once a program that does such work is there.",
        WorkCause.Lapsed => "It may be what ends its workers: bring back one alone, and look.",
        WorkCause.Expired => "Brought back, it has no deadline any more.",
        _ => "Bring it back when the reason is gone.",
    };

    public static string Word(this DeadReplayPhase phase) => phase switch
    {
        DeadReplayPhase.DryRun => "dry run",
        DeadReplayPhase.StoppedItself => "stopped by itself",
        DeadReplayPhase.StoppedByHand => "stopped",
        _ => phase.ToString().ToLowerInvariant(),
    };

    /// <summary>What Sophia's own workers do of a queue.</summary>
    public static string Work(string queue) => queue == WorkLimits.RunsQueue ? "runs of pipelines" : "short work";

    /// <summary>A queue's name for people.</summary>
    public static string Name(string queue) => queue.Length == 0 ? "all queues" : queue;
}
