namespace Sophia.Resilience;

/// <summary>The processes that keep copies of one grain's truth: for a grain, whose turns it relies on. What it knows comes again with each exchange, so none of it is kept.</summary>
internal sealed class ReplicaSubscribers(string kind, string key, TimeProvider time)
{
    private readonly Dictionary<string, (ReplicaExchange Last, DateTimeOffset At)> processes = new(StringComparer.Ordinal);

    /// <summary>How long a process is told of changes without an exchange: 30 s, six exchanges.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    /// <summary>Process and name of those that asked lately, by process.</summary>
    public IReadOnlyList<(string Process, string Name)> Living
    {
        get
        {
            var now = time.GetUtcNow();
            foreach (var process in processes.Where(one => now - one.Value.At > Lifetime).Select(one => one.Key).ToList())
                processes.Remove(process);
            return [.. processes.Values.Select(one => (one.Last.Process, one.Last.Name)).OrderBy(one => one.Process, StringComparer.Ordinal)];
        }
    }

    /// <summary>When the process asked last; never: the beginning of time.</summary>
    public DateTimeOffset HeardAt(string process) => processes.TryGetValue(process, out var known) ? known.At : default;

    /// <summary>Subscribes the process. True where its report is one that was not counted yet.</summary>
    public bool Subscribe(ReplicaExchange exchange)
    {
        var isNew = exchange.Report is not null && (!processes.TryGetValue(exchange.Process, out var known) || exchange.ReportNumber > known.Last.ReportNumber);
        processes[exchange.Process] = (exchange, time.GetUtcNow());
        return isNew;
    }

    /// <summary>Sends each process its copy. Nobody is waited for: who does not hear it learns it at its next exchange.</summary>
    public async Task Push(Func<string, ReplicaCopy> copyFor, Func<string, bool> to)
    {
        using var _ = Security.CallerContext.ForSystem("push of a change");
        foreach (var (process, _) in Living)
            if (to(process))
                await processes[process].Last.Observer.Changed(kind, key, copyFor(process));
    }
}
