namespace Sophia.Pipelines;

/// <summary>A file under a source's root, or a link in it that leads out.</summary>
internal readonly record struct WalkedFile(string Path, FileInfo Info, string? Refused);

/// <summary>Walks a folder in ordinal order of relative paths. Links are never followed; hidden files and folders (a leading dot) are passed over.</summary>
internal static class FolderWalk
{
    public static IEnumerable<WalkedFile> Files(string root, Func<string, bool> wanted, CancellationToken cancellation)
    {
        if (File.Exists(root))
            return [new WalkedFile(Path.GetFileName(root), new FileInfo(root), null)];
        return Folder(new DirectoryInfo(root), "", root, wanted, cancellation);
    }

    /// <summary>A path with every link in it resolved.</summary>
    /// <exception cref="IOException">A link leads nowhere or in a circle.</exception>
    public static string Real(string path)
    {
        var real = Path.GetPathRoot(Path.GetFullPath(path))!;
        foreach (var part in Path.GetFullPath(path)[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(real, part);
            var target = new FileInfo(next).ResolveLinkTarget(returnFinalTarget: true);
            real = target is null ? next : Real(target.FullName);
        }
        return real;
    }

    /// <summary>Whether a resolved path is the root or lies in it.</summary>
    public static bool IsWithin(string path, string root)
    {
        var relative = Path.GetRelativePath(root, path);
        return relative == "." || (relative != ".." && !relative.StartsWith(".." + Path.DirectorySeparatorChar, StringComparison.Ordinal) && !Path.IsPathRooted(relative));
    }

    private static IEnumerable<WalkedFile> Folder(DirectoryInfo folder, string prefix, string root, Func<string, bool> wanted, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        FileSystemInfo[] entries;
        try
        {
            entries = folder.GetFileSystemInfos();
        }
        catch (DirectoryNotFoundException)
        {
            yield break;
        }
        catch (UnauthorizedAccessException)
        {
            entries = [];
            if (prefix.Length == 0)
                throw;
        }
        Array.Sort(entries, (a, b) => string.CompareOrdinal(Sortable(a), Sortable(b)));
        foreach (var entry in entries)
        {
            if (entry.Name.StartsWith('.'))
                continue;
            var path = prefix + entry.Name;
            if (entry.LinkTarget is not null)
            {
                if (wanted(path) && LeadsOut(entry, root) is { } why)
                    yield return new WalkedFile(path, new FileInfo(entry.FullName), why);
            }
            else if (entry is DirectoryInfo inner)
            {
                foreach (var file in Folder(inner, path + "/", root, wanted, cancellation))
                    yield return file;
            }
            else if (wanted(path))
                yield return new WalkedFile(path, (FileInfo)entry, null);
        }
    }

    private static string Sortable(FileSystemInfo entry) => entry is DirectoryInfo && entry.LinkTarget is null ? entry.Name + "/" : entry.Name;

    /// <summary>Null for a link within the root: what it names is read where it lies.</summary>
    private static string? LeadsOut(FileSystemInfo link, string root)
    {
        try
        {
            var target = link.ResolveLinkTarget(returnFinalTarget: true);
            if (target is not { Exists: true })
                return "a link that leads nowhere";
            return IsWithin(Real(target.FullName), root) ? null : "a link that leads out of the folder";
        }
        catch (IOException)
        {
            return "a link that leads nowhere";
        }
    }
}
