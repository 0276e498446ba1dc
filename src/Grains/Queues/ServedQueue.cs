namespace Sophia.Queues;

/// <summary>A queue that Sophia's own workers serve: who grants its work, and how much of it is done at a time.</summary>
/// <param name="Dispatcher">The key of its dispatcher.</param>
internal sealed record ServedQueue(string Name, string Dispatcher)
{
    public static readonly ServedQueue Work = new(WorkLimits.OwnQueue, WorkLimits.OwnDispatcher);
    public static readonly ServedQueue Runs = new(WorkLimits.RunsQueue, WorkLimits.RunsDispatcher);
    public static readonly IReadOnlyList<ServedQueue> All = [Work, Runs];

    /// <summary>The queue whose work a dispatcher grants.</summary>
    public static ServedQueue Of(string dispatcher) => dispatcher == Runs.Dispatcher ? Runs : Work;

    /// <summary>Items in hand from which a tenant may be noisy: a cap that is lower is all that it can have.</summary>
    public int NoisyFrom(QueueOptions options) => Math.Min(NoiseRules.LeastInHand, Cap(Name, options));

    /// <summary>Items that a process does at a time, of all tenants.</summary>
    public int Places(QueueOptions options) => this == Runs ? options.RunPlaces : options.Places;

    /// <summary>Items of one tenant that workers have at a time, in any queue.</summary>
    public static int Cap(string queue, QueueOptions options) => queue == WorkLimits.RunsQueue ? options.MaxRuns : options.MaxLeased;
}
