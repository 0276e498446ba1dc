using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>A queue that Sophia's own workers serve: who grants its work, and how much of it is done at a time.</summary>
/// <param name="Dispatcher">The key of its dispatcher.</param>
internal sealed record ServedQueue(string Name, string Dispatcher)
{
    public static readonly ServedQueue Work = new(WorkLimits.OwnQueue, TenantKey.System);
    public static readonly ServedQueue Runs = new(WorkLimits.RunsQueue, $"{TenantKey.System}/runs");
    public static readonly IReadOnlyList<ServedQueue> All = [Work, Runs];

    /// <summary>Items that a process does at a time, of all tenants.</summary>
    public int Places(QueueOptions options) => this == Runs ? options.RunPlaces : options.Places;

    /// <summary>Items of one tenant that workers have at a time, in any queue.</summary>
    public static int Cap(string queue, QueueOptions options) => queue == WorkLimits.RunsQueue ? options.MaxRuns : options.MaxLeased;
}
