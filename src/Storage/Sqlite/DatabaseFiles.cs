using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Sqlite;

/// <summary>The open files of a data folder, least recently used closed first.</summary>
/// <remarks>A file in use is never closed, so more than <see cref="StorageOptions.OpenFiles"/> are open while more are at work.</remarks>
/// <param name="isEnded">Whether a tenant is deleted, so that nobody opens its files any more.</param>
internal sealed class DatabaseFiles(DataFolder folder, StorageOptions options, string? vfs = null, Func<TenantId, bool>? isEnded = null) : IAsyncDisposable
{
    /// <summary>The largest file that is written anew by way of memory, in bytes; a larger one by way of a temporary file.</summary>
    private const long RewrittenInMemory = 64L * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Entry> open = [];
    private readonly LinkedList<Entry> byUse = new();
    private readonly StorageThreads writers = new("storage writer", options.WriterThreads);
    private readonly StorageThreads readers = new("storage reader", options.ReaderThreads);
    private int closing;
    private bool disposed;

    /// <summary>How many files are open now.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return open.Count;
        }
    }

    /// <summary>Whether the tenant has such a file; reads of one that is absent are answered without making it.</summary>
    public bool Exists(TenantId? tenant, DatabaseKind kind) => File.Exists(folder.PathOf(tenant, kind.FileName));

    /// <summary>Reads from one state of the file, or answers <paramref name="absent"/> where there is no file.</summary>
    public Task<T> Read<T>(TenantId? tenant, DatabaseKind kind, Func<DatabaseConnection, T> work, T absent, CancellationToken cancellation) =>
        IsEnded(tenant) is { } ended ? Task.FromException<T>(ended) : Exists(tenant, kind) ? Use(tenant, kind, file => file.Read(work, cancellation)) : Task.FromResult(absent);

    /// <summary>Runs the work in a transaction, together with what else waits for the file, and completes once it is committed. Creates the file.</summary>
    /// <param name="work">May run more than once; see <see cref="WriteLane"/>.</param>
    /// <param name="bytes">About how much it writes.</param>
    /// <exception cref="Sophia.Log.StorageException">The disk failed.</exception>
    public Task<T> Write<T>(TenantId? tenant, DatabaseKind kind, Func<DatabaseConnection, T> work, CancellationToken cancellation, Durability durability = Durability.Full, int bytes = 0) =>
        Use(tenant, kind, file => file.Write(work, durability, bytes, cancellation));

    /// <summary>Writes a file anew from what it holds, and empties its write-ahead log: freed pages and copies that split pages left behind are gone then. Its writers wait meanwhile, and it takes up to twice its size beside it.</summary>
    /// <param name="before">A statement to run first, or null.</param>
    /// <exception cref="StorageException">Locked: somebody read for so long that the log could not be emptied. Full: there is no room. It may be done again.</exception>
    public Task Rewrite(TenantId? tenant, DatabaseKind kind, string? before, CancellationToken cancellation) => !Exists(tenant, kind) ? Task.CompletedTask : Use(tenant, kind, file => file.WriteAlone(connection =>
    {
        if (before is not null)
            connection.Execute(before);
        Empty(connection);
        var large = connection.Scalar("PRAGMA page_count") * connection.Scalar("PRAGMA page_size") > RewrittenInMemory;
        try
        {
            connection.Execute(large ? "PRAGMA temp_store=FILE; VACUUM" : "VACUUM");
        }
        finally
        {
            connection.Execute("PRAGMA temp_store=MEMORY");
        }
        Empty(connection);
        return true;
    }, cancellation));

    private static void Empty(DatabaseConnection connection)
    {
        if (connection.Scalar("PRAGMA wal_checkpoint(TRUNCATE)") != 0)
            throw new StorageException(StorageFault.Locked, "A reader keeps the write-ahead log from being emptied.");
    }

    /// <summary>Empties the page caches of all open files; what is asked next fills them again.</summary>
    public async Task Rest(CancellationToken cancellation)
    {
        string[] paths;
        lock (gate)
            paths = [.. open.Keys];
        foreach (var path in paths)
            if (TakeOpen(path) is { } entry)
                try
                {
                    await entry.File.Rest(cancellation);
                }
                finally
                {
                    Return(entry);
                }
    }

    /// <summary>Closes a tenant's files once nobody uses them, and removes them with their folder. Nobody opens them any more, the tenant being deleted.</summary>
    public async Task Remove(TenantId tenant)
    {
        var home = folder.FolderOf(tenant);
        Task[] closed;
        lock (gate)
            closed = [.. open.Values.Where(entry => Path.GetDirectoryName(entry.Path) == home).Select(End)];
        await Task.WhenAll(closed);
        if (!Directory.Exists(home))
            return;
        Directory.Delete(home, recursive: true);
        folder.Disk.SyncFolder(Path.GetDirectoryName(home)!);
    }

    public async ValueTask DisposeAsync()
    {
        List<Entry> entries;
        lock (gate)
        {
            if (disposed)
                return;
            disposed = true;
            entries = [.. byUse];
            open.Clear();
            byUse.Clear();
        }
        foreach (var entry in entries)
            await entry.File.DisposeAsync();
        writers.Dispose();
        readers.Dispose();
    }

    private StorageException? IsEnded(TenantId? tenant) => tenant is { } named && isEnded?.Invoke(named) == true
        ? new StorageException(StorageFault.Unreachable, "This tenant is deleted.") { Told = "This tenant is deleted." } : null;

    private async Task<T> Use<T>(TenantId? tenant, DatabaseKind kind, Func<DatabaseFile, Task<T>> work)
    {
        var entry = await Take(tenant, folder.PathOf(tenant, kind.FileName), kind);
        try
        {
            return await work(entry.File);
        }
        finally
        {
            Return(entry);
        }
    }

    private async Task<Entry> Take(TenantId? tenant, string path, DatabaseKind kind)
    {
        while (true)
        {
            if (IsEnded(tenant) is { } ended)
                throw ended;
            Task closed;
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                if (!open.TryGetValue(path, out var entry))
                {
                    entry = new Entry(path, new DatabaseFile(new WriterSettings(path, kind, options, folder.Disk, vfs), writers, readers));
                    open[path] = entry;
                    byUse.AddFirst(entry.Place);
                }
                if (entry.Closing is null)
                {
                    entry.Users++;
                    byUse.Remove(entry.Place);
                    byUse.AddFirst(entry.Place);
                    CloseIdle();
                    return entry;
                }
                closed = entry.Closing;
            }
            await closed;
        }
    }

    private Entry? TakeOpen(string path)
    {
        lock (gate)
        {
            if (!open.TryGetValue(path, out var entry) || entry.Closing is not null)
                return null;
            entry.Users++;
            return entry;
        }
    }

    private void Return(Entry entry)
    {
        lock (gate)
        {
            entry.Users--;
            if (entry is { Users: 0, Closing: null, Ending: not null })
                Begin(entry);
            CloseIdle();
        }
    }

    private void CloseIdle()
    {
        for (var place = byUse.Last; place is not null && open.Count - closing > options.OpenFiles; place = place.Previous)
            if (place.Value is { Users: 0, Closing: null } idle)
                Begin(idle);
    }

    // Under the gate.
    private void Begin(Entry idle)
    {
        closing++;
        idle.Closing = Close(idle);
    }

    // Under the gate.
    private Task End(Entry entry)
    {
        if (entry.Closing is not null)
            return entry.Closing;
        entry.Ending ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (entry.Users == 0)
            Begin(entry);
        return entry.Ending.Task;
    }

    private async Task Close(Entry entry)
    {
        await Task.Yield();
        await entry.File.DisposeAsync();
        lock (gate)
        {
            closing--;
            if (open.Remove(entry.Path))
                byUse.Remove(entry.Place);
        }
        entry.Ending?.SetResult();
    }

    private sealed class Entry
    {
        public Entry(string path, DatabaseFile file) => (Path, File, Place) = (path, file, new LinkedListNode<Entry>(this));

        public string Path { get; }

        public DatabaseFile File { get; }

        public LinkedListNode<Entry> Place { get; }

        public int Users { get; set; }

        public Task? Closing { get; set; }

        /// <summary>Set where it is closed as soon as nobody uses it; completes when it is.</summary>
        public TaskCompletionSource? Ending { get; set; }
    }
}
