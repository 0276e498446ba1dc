namespace Sophia.Pipelines;

/// <summary>A file under a source's root, or what is refused there: a link that leads out, a folder that may not be read.</summary>
internal readonly record struct WalkedFile(string Path, FileInfo Info, string? Refused);

/// <summary>Walks a folder in ordinal order of relative paths. Links are never followed; hidden files and folders (a leading dot) are passed over.</summary>
internal static class FolderWalk
{
    /// <summary>Said of a name whose bytes are no UTF-8: the runtime shows it with <see cref="UnknownCharacter"/> and cannot open it.</summary>
    public const string NameIsNotText = "its name is not UTF-8; rename it";

    public const char UnknownCharacter = '\uFFFD';

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
        var (entries, closed) = Entries(folder, isRoot: prefix.Length == 0);
        if (closed is not null)
            yield return new WalkedFile(prefix[..^1], new FileInfo(folder.FullName), closed);
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

    // A folder below that cannot be looked into is named, and the rest goes on; that it holds nothing is not known.
    private static (FileSystemInfo[] Entries, string? Closed) Entries(DirectoryInfo folder, bool isRoot)
    {
        try
        {
            return (folder.GetFileSystemInfos(), null);
        }
        catch (DirectoryNotFoundException)
        {
            return ([], folder.Name.Contains(UnknownCharacter) ? NameIsNotText : null);
        }
        catch (UnauthorizedAccessException) when (!isRoot)
        {
            return ([], "a folder that may not be read");
        }
        catch (IOException error) when (!isRoot)
        {
            return ([], $"a folder that cannot be read: {error.Message}");
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
