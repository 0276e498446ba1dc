using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Sqlite;

/// <summary>The open files of a data folder, least recently used closed first.</summary>
/// <remarks>A file in use is never closed, so more than <see cref="StorageOptions.OpenFiles"/> are open while more are at work.</remarks>
internal sealed class DatabaseFiles(DataFolder folder, StorageOptions options, string? vfs = null) : IAsyncDisposable
{
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
        Exists(tenant, kind) ? Use(tenant, kind, file => file.Read(work, cancellation)) : Task.FromResult(absent);

    /// <summary>Runs the work in a transaction, together with what else waits for the file, and completes once it is committed. Creates the file.</summary>
    /// <param name="work">May run more than once; see <see cref="WriteLane"/>.</param>
    /// <param name="bytes">About how much it writes.</param>
    /// <exception cref="Sophia.Log.StorageException">The disk failed.</exception>
    public Task<T> Write<T>(TenantId? tenant, DatabaseKind kind, Func<DatabaseConnection, T> work, CancellationToken cancellation, Durability durability = Durability.Full, int bytes = 0) =>
        Use(tenant, kind, file => file.Write(work, durability, bytes, cancellation));

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

    private async Task<T> Use<T>(TenantId? tenant, DatabaseKind kind, Func<DatabaseFile, Task<T>> work)
    {
        var entry = await Take(folder.PathOf(tenant, kind.FileName), kind);
        try
        {
            return await work(entry.File);
        }
        finally
        {
            Return(entry);
        }
    }

    private async Task<Entry> Take(string path, DatabaseKind kind)
    {
        while (true)
        {
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
            CloseIdle();
        }
    }

    private void CloseIdle()
    {
        for (var place = byUse.Last; place is not null && open.Count - closing > options.OpenFiles; place = place.Previous)
            if (place.Value is { Users: 0, Closing: null } idle)
            {
                closing++;
                idle.Closing = Close(idle);
            }
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
    }

    private sealed class Entry
    {
        public Entry(string path, DatabaseFile file) => (Path, File, Place) = (path, file, new LinkedListNode<Entry>(this));

        public string Path { get; }

        public DatabaseFile File { get; }

        public LinkedListNode<Entry> Place { get; }

        public int Users { get; set; }

        public Task? Closing { get; set; }
    }
}
