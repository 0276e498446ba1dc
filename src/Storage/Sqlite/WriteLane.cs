using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Sqlite;

/// <summary>The one writer of one file, with group commit.</summary>
/// <remarks>
/// Everything that waits when the lane gets a thread goes into one transaction, and nobody is answered before its COMMIT has returned. Work
/// checks first and writes after, so a refusal has written nothing and costs its neighbours nothing. A surprise rolls the whole group
/// back; each member then runs again in a transaction of its own, so only the guilty one fails. Work may therefore run more than once
/// and must have no effect but on the connection. What asks for no sync goes in groups of its own, every other one where both wait, and so
/// is not kept by the syncs of the others. Writes that wait together have no order among each other.
/// </remarks>
/// <param name="onSetAside">Called after a damaged file was set aside.</param>
internal sealed class WriteLane(WriterSettings settings, StorageThreads threads, Action? onSetAside = null) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly string owner = Path.GetDirectoryName(settings.Path)!;
    private readonly Queue<WriteItem> waiting = new();
    private readonly Queue<WriteItem> unsynced = new();
    private readonly SemaphoreSlim room = new(settings.Options.MaxQueuedWrites);
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WriterConnection? writer;
    private bool scheduled;
    private bool turnOfSynced;
    private bool closing;

    /// <summary>Completes when the work's transaction is on the disk as far as <paramref name="durability"/> asks.</summary>
    /// <param name="bytes">About how much it writes; a group ends at <see cref="Operations.StorageOptions.MaxGroupBytes"/>.</param>
    /// <param name="alone">By itself and outside of a transaction.</param>
    public async Task<T> Enqueue<T>(Func<DatabaseConnection, T> work, Durability durability, int bytes, CancellationToken cancellation, bool alone = false)
    {
        await room.WaitAsync(cancellation);
        try
        {
            var item = new WriteItem<T>(work, durability, bytes, cancellation) { IsAlone = alone };
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(closing, this);
                (durability == Durability.Full || alone ? waiting : unsynced).Enqueue(item);
                Schedule();
            }
            return await item.Done;
        }
        finally
        {
            room.Release();
        }
    }

    /// <summary>Lets what waits finish, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            closing = true;
            Schedule();
        }
        await closed.Task;
    }

    private void Schedule()
    {
        if (scheduled || closed.Task.IsCompleted)
            return;
        scheduled = true;
        threads.Post(owner, Run);
    }

    private void Run()
    {
        var group = Take();
        if (group.Count > 0)
            Commit(group);
        lock (gate)
        {
            scheduled = false;
            if (waiting.Count + unsynced.Count > 0)
                Schedule();
            else if (closing)
                Close();
        }
    }

    private List<WriteItem> Take()
    {
        var group = new List<WriteItem>();
        var bytes = 0;
        lock (gate)
        {
            var from = unsynced.Count == 0 || (turnOfSynced && waiting.Count > 0) ? waiting : unsynced;
            turnOfSynced = from == unsynced;
            while (group.Count < settings.Options.MaxGroupWrites && bytes < settings.Options.MaxGroupBytes && from.TryDequeue(out var item))
            {
                if (item.Cancellation.IsCancellationRequested)
                {
                    item.Cancel();
                    continue;
                }
                group.Add(item);
                bytes += item.Bytes;
                if (item.IsAlone || (from.TryPeek(out var next) && next.IsAlone))
                    break;
            }
        }
        return group;
    }

    private void Commit(List<WriteItem> group)
    {
        var began = CommitMeter.Begin();
        try
        {
            writer ??= new WriterConnection(settings);
            writer.Commit(group);
            CommitMeter.Committed(settings.Kind.FileName, group.Count, began);
        }
        catch (Exception failure)
        {
            CommitMeter.Failed(settings.Kind.FileName);
            Recover(failure);
            if (group.Count == 1)
                group[0].Fail(failure);
            else
                foreach (var item in group)
                    Commit([item]);
            return;
        }
        foreach (var item in group)
            item.Succeed();
        try
        {
            writer.CheckpointIfDue();
        }
        catch (StorageException failure)
        {
            // What was acknowledged is in the write-ahead log; the checkpoint is tried again after the next commit.
            Recover(failure);
        }
    }

    private void Recover(Exception failure)
    {
        writer?.Rollback();
        if (failure is not StorageException { Fault: var fault } || SqliteFault.LeavesConnectionUsable(fault))
            return;
        writer?.Dispose();
        writer = null;
        if (fault == StorageFault.Corrupt && settings.Kind.Rebuildable)
            SetAside();
    }

    private void SetAside()
    {
        File.Move(settings.Path, settings.Path + ".damaged", overwrite: true);
        foreach (var companion in new[] { "-wal", "-shm" })
            File.Delete(settings.Path + companion);
        onSetAside?.Invoke();
    }

    private void Close()
    {
        try
        {
            writer?.Dispose();
        }
        finally
        {
            writer = null;
            closed.TrySetResult();
        }
    }
}
