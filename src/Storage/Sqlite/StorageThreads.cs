using System.Collections.Concurrent;

namespace Sophia.Sqlite;

/// <summary>A few threads on which disk work waits, so that no grain's turn and no thread of the shared pool does.</summary>
internal sealed class StorageThreads : IDisposable
{
    private readonly BlockingCollection<Action> work = [];
    private readonly Thread[] threads;

    public StorageThreads(string name, int count)
    {
        threads = [.. Enumerable.Range(0, count).Select(i => new Thread(Run) { Name = $"{name} {i}", IsBackground = true })];
        foreach (var thread in threads)
            thread.Start();
    }

    /// <summary>Runs the action on one of the threads. It must not throw.</summary>
    public void Post(Action action) => work.Add(action);

    public void Dispose()
    {
        work.CompleteAdding();
        foreach (var thread in threads)
            thread.Join();
        work.Dispose();
    }

    private void Run()
    {
        foreach (var action in work.GetConsumingEnumerable())
            action();
    }
}
