namespace Sophia.Continuity;

/// <summary>What happens to writes that were not synced when the power goes.</summary>
internal enum Unsynced
{
    /// <summary>None of them reached the disk.</summary>
    Lost,

    /// <summary>All of them did, and names too.</summary>
    Kept,

    /// <summary>The first half did, and the one after it as far as a sector's end.</summary>
    Half,

    /// <summary>Any of them did, each whole or up to a sector's end, in no order.</summary>
    Scattered,
}

/// <summary>Rebuilds what a disk holds when the power goes after the first events of a tape.</summary>
/// <remarks>A file's content is safe up to its last sync. A name (or its removal) is safe once its folder was synced; whether an unsynced one is there follows the same fate as writes.</remarks>
internal sealed class PowerLoss(IReadOnlyList<DiskEvent> events, string root)
{
    private const int SectorBytes = 512;

    /// <summary>Writes the disk's content into a folder that stands for the root.</summary>
    public void Rebuild(int count, Unsynced fate, int seed, string into)
    {
        var random = new Random(seed);
        var names = Names(count, fate, random);
        foreach (var folder in names.Folders.Where(path => path.StartsWith(root, StringComparison.Ordinal)))
            Directory.CreateDirectory(Moved(folder, into));
        foreach (var (path, file) in names.Files)
            if (Directory.Exists(Path.GetDirectoryName(Moved(path, into))))
                File.WriteAllBytes(Moved(path, into), Content(file, count, fate, random));
    }

    /// <summary>What had been acknowledged by then.</summary>
    public IEnumerable<string> Acknowledged(int count) => events.Take(count).OfType<DiskEvent.Acknowledged>().Select(e => e.What);

    private string Moved(string path, string into) => into + path[root.Length..];

    private (IReadOnlyCollection<string> Folders, IReadOnlyDictionary<string, int> Files) Names(int count, Unsynced fate, Random random)
    {
        var folders = new HashSet<string>();
        var files = new Dictionary<string, int>();
        for (var i = 0; i < count; i++)
        {
            if (events[i] is not (DiskEvent.FolderCreated or DiskEvent.Created or DiskEvent.Deleted))
                continue;
            var path = events[i] switch { DiskEvent.FolderCreated made => made.Path, DiskEvent.Created made => made.Path, DiskEvent.Deleted gone => gone.Path, _ => "" };
            var above = Path.GetDirectoryName(path);
            var safe = Enumerable.Range(i + 1, count - i - 1).Any(later => events[later] is DiskEvent.FolderSynced synced && synced.Path == above);
            if (!safe && !Survives(fate, random))
                continue;
            if (events[i] is DiskEvent.FolderCreated)
                folders.Add(path);
            else if (events[i] is DiskEvent.Created made)
                files[path] = made.File;
            else
                files.Remove(path);
        }
        return (folders, files);
    }

    private static bool Survives(Unsynced fate, Random random) => fate == Unsynced.Kept || (fate is Unsynced.Half or Unsynced.Scattered && random.Next(2) == 0);

    private byte[] Content(int file, int count, Unsynced fate, Random random)
    {
        var content = new MemoryStream();
        var last = -1;
        for (var i = 0; i < count; i++)
            if (events[i] is DiskEvent.Synced synced && synced.File == file)
                last = i;
        var pending = new List<DiskEvent>();
        for (var i = 0; i < count; i++)
            if ((events[i] as DiskEvent.Written)?.File == file || (events[i] as DiskEvent.Truncated)?.File == file)
            {
                if (i < last)
                    Apply(content, events[i], int.MaxValue);
                else
                    pending.Add(events[i]);
            }
        for (var i = 0; i < pending.Count; i++)
            Apply(content, pending[i], Reached(fate, i, pending, random));
        return content.ToArray();
    }

    /// <summary>How many bytes of a pending write reached the disk; -1: nothing of it.</summary>
    private static int Reached(Unsynced fate, int index, List<DiskEvent> pending, Random random)
    {
        var torn = pending[index] is DiskEvent.Written write ? random.Next((write.Bytes.Length / SectorBytes) + 1) * SectorBytes : -1;
        return fate switch
        {
            Unsynced.Kept => int.MaxValue,
            Unsynced.Half => index < pending.Count / 2 ? int.MaxValue : index == pending.Count / 2 ? torn : -1,
            Unsynced.Scattered => random.Next(3) switch { 0 => -1, 1 => torn, _ => int.MaxValue },
            _ => -1,
        };
    }

    private static void Apply(MemoryStream content, DiskEvent change, int bytes)
    {
        if (bytes < 0)
            return;
        if (change is DiskEvent.Truncated cut)
        {
            content.SetLength(cut.Size);
            return;
        }
        var write = (DiskEvent.Written)change;
        content.Position = write.Offset;
        content.Write(write.Bytes.AsSpan(0, Math.Min(bytes, write.Bytes.Length)));
    }
}
