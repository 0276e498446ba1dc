namespace Sophia.Sqlite;

/// <summary>One open database file: its writer and its readers.</summary>
internal sealed class DatabaseFile : IAsyncDisposable
{
    private readonly WriteLane lane;
    private readonly ReaderPool pool;
    private readonly StorageThreads readers;
    private readonly SemaphoreSlim reading;
    private readonly string owner;
    private Task? ready;

    public DatabaseFile(WriterSettings settings, StorageThreads writers, StorageThreads readers)
    {
        (this.readers, owner) = (readers, Path.GetDirectoryName(settings.Path)!);
        pool = new ReaderPool(settings.Path, settings.Vfs, settings.Options);
        lane = new WriteLane(settings, writers, onSetAside: BeginAnew);
        reading = new SemaphoreSlim(settings.Options.MaxQueuedReads);
    }

    public Task<T> Write<T>(Func<DatabaseConnection, T> work, Durability durability, int bytes, CancellationToken cancellation) =>
        lane.Enqueue(work, durability, bytes, cancellation);

    public async Task<T> Read<T>(Func<DatabaseConnection, T> work, CancellationToken cancellation)
    {
        await Ready(cancellation);
        await reading.WaitAsync(cancellation);
        try
        {
            var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            readers.Post(owner, () => Run(work, done, cancellation));
            return await done.Task;
        }
        finally
        {
            reading.Release();
        }
    }

    /// <summary>Does work by itself and outside of a transaction.</summary>
    public Task<T> WriteAlone<T>(Func<DatabaseConnection, T> work, CancellationToken cancellation) => lane.Enqueue(work, Durability.Full, 0, cancellation, alone: true);

    /// <summary>Empties the writer's cache and closes readers that nobody uses.</summary>
    public Task Rest(CancellationToken cancellation)
    {
        pool.CloseIdle();
        return lane.Enqueue(static connection =>
        {
            connection.Execute("PRAGMA shrink_memory");
            return 0;
        }, Durability.Normal, 0, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        pool.Dispose();
        await lane.DisposeAsync();
        reading.Dispose();
    }

    /// <summary>The file was set aside: nobody reads the old one any more, and the next read waits for a new one.</summary>
    private void BeginAnew()
    {
        Volatile.Write(ref ready, null);
        pool.Renew();
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
