namespace Sophia.Continuity;

/// <summary>Everything that was done to a disk, in order, and what of it survives a power loss at any moment.</summary>
internal sealed class DiskTape
{
    private readonly Lock gate = new();
    private readonly List<DiskEvent> events = [];
    private readonly Dictionary<string, int> open = [];
    private int files;

    public IReadOnlyList<DiskEvent> Events
    {
        get
        {
            lock (gate)
                return [.. events];
        }
    }

    public void Created(string path)
    {
        lock (gate)
        {
            open[path] = ++files;
            events.Add(new DiskEvent.Created(path, files));
        }
    }

    /// <summary>A file that was written and synced under another name and then took this one.</summary>
    public void Replaced(string path, byte[] bytes)
    {
        lock (gate)
        {
            events.AddRange(new DiskEvent.Written(++files, 0, bytes), new DiskEvent.Synced(files), new DiskEvent.Created(path, files));
            open[path] = files;
        }
    }

    public void Written(string path, long offset, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        lock (gate)
            events.Add(new DiskEvent.Written(open[path], offset, copy));
    }

    public void Truncated(string path, long size)
    {
        lock (gate)
            events.Add(new DiskEvent.Truncated(open[path], size));
    }

    public void Synced(string path)
    {
        lock (gate)
            events.Add(new DiskEvent.Synced(open[path]));
    }

    public void Deleted(string path, bool synced)
    {
        lock (gate)
        {
            events.Add(new DiskEvent.Deleted(path));
            open.Remove(path);
            if (synced)
                events.Add(new DiskEvent.FolderSynced(Path.GetDirectoryName(path)!));
        }
    }

    public void FolderCreated(string path) => Add(new DiskEvent.FolderCreated(path));

    public void FolderSynced(string path) => Add(new DiskEvent.FolderSynced(path));

    /// <summary>Somebody was told that this is safe.</summary>
    public void Acknowledged(string what) => Add(new DiskEvent.Acknowledged(what));

    private void Add(DiskEvent happened)
    {
        lock (gate)
            events.Add(happened);
    }
}

/// <summary>One thing done to the disk. Files are numbered, because a name may be given again.</summary>
internal abstract record DiskEvent
{
    private DiskEvent() { }

    internal sealed record FolderCreated(string Path) : DiskEvent;

    internal sealed record FolderSynced(string Path) : DiskEvent;

    internal sealed record Created(string Path, int File) : DiskEvent;

    internal sealed record Deleted(string Path) : DiskEvent;

    internal sealed record Written(int File, long Offset, byte[] Bytes) : DiskEvent;

    internal sealed record Truncated(int File, long Size) : DiskEvent;

    internal sealed record Synced(int File) : DiskEvent;

    internal sealed record Acknowledged(string What) : DiskEvent;
}
