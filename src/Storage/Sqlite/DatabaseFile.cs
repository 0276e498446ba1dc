using Sophia.Operations;

namespace Sophia.Sqlite;

/// <summary>One open database file: its writer and its readers.</summary>
internal sealed class DatabaseFile(WriterSettings settings, StorageThreads writers, StorageThreads readers) : IAsyncDisposable
{
    private readonly WriteLane lane = new(settings, writers);
    private readonly ReaderPool pool = new(settings.Path, settings.Vfs, settings.Options);
    private readonly SemaphoreSlim reading = new(settings.Options.MaxQueuedReads);
    private Task? ready;

    public Task<T> Write<T>(Func<DatabaseConnection, T> work, Durability durability, int bytes, CancellationToken cancellation) =>
        lane.Enqueue(work, durability, bytes, cancellation);

    public async Task<T> Read<T>(Func<DatabaseConnection, T> work, CancellationToken cancellation)
    {
        await Ready(cancellation);
        await reading.WaitAsync(cancellation);
        try
        {
            var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            readers.Post(() => Run(work, done, cancellation));
            return await done.Task;
        }
        finally
        {
            reading.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        pool.Dispose();
        await lane.DisposeAsync();
        reading.Dispose();
    }

    /// <summary>Before the first read the writer must have checked and migrated the file.</summary>
    private Task Ready(CancellationToken cancellation)
    {
        var begun = Volatile.Read(ref ready);
        if (begun is { IsCompletedSuccessfully: true })
            return begun;
        if (begun is null || begun.IsFaulted || begun.IsCanceled)
            Volatile.Write(ref ready, begun = lane.Enqueue(static _ => 0, Durability.Normal, 0, CancellationToken.None));
        return begun.WaitAsync(cancellation);
    }

    private void Run<T>(Func<DatabaseConnection, T> work, TaskCompletionSource<T> done, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            done.SetCanceled(cancellation);
            return;
        }
        try
        {
            done.SetResult(pool.Read(work));
        }
        catch (Exception failure)
        {
            done.SetException(failure);
        }
    }
}
