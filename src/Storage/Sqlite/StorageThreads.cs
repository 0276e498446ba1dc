using Sophia.Resilience;

namespace Sophia.Sqlite;

/// <summary>A few threads on which disk work waits, so that no grain's turn and no thread of the shared pool does. Owners of work take turns, and one has at most half of the threads: another finds one free.</summary>
internal sealed class StorageThreads : IDisposable
{
    private readonly object gate = new(); // Waited on, which a Lock is not made for.
    private readonly FairLine<string, Action> line;
    private readonly Thread[] threads;
    private bool closing;

    public StorageThreads(string name, int count)
    {
        line = new FairLine<string, Action>(Math.Max(1, count / 2));
        threads = [.. Enumerable.Range(0, count).Select(i => new Thread(Run) { Name = $"{name} {i}", IsBackground = true })];
        foreach (var thread in threads)
            thread.Start();
    }

    /// <summary>Runs the action on one of the threads. It must not throw.</summary>
    /// <param name="owner">Whose turn it takes.</param>
    public void Post(string owner, Action action)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closing, this);
            line.Add(owner, action);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Lets what waits finish.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closing = true;
            Monitor.PulseAll(gate);
        }
        foreach (var thread in threads)
            thread.Join();
    }

    private void Run()
    {
        while (Next() is var (owner, action))
        {
            action();
            lock (gate)
                line.Done(owner);
        }
    }

    // Whoever ends something looks himself for what his owner was held back for, so nobody has to be woken for it.
    private (string Owner, Action Action)? Next()
    {
        lock (gate)
        {
            string? owner;
            Action? action;
            while (!line.TryTake(out owner, out action))
            {
                if (closing && line.Count == 0)
                    return null;
                Monitor.Wait(gate);
            }
            if (closing)
                Monitor.PulseAll(gate);
            return (owner, action);
        }
    }
}
