using System.Runtime.InteropServices;

namespace Sophia.Operations;

/// <summary>What the store asks of folders. A file's name survives a power loss only once its folder was synced.</summary>
public interface IFolderDisk
{
    /// <summary>Creates a folder and the missing ones above it, durably.</summary>
    void CreateFolder(string path);

    void SyncFolder(string path);

    /// <summary>Replaces a small file, all or nothing, durably.</summary>
    void WriteFile(string path, string text);
}

/// <summary>The operating system's folders.</summary>
public sealed partial class FolderDisk : IFolderDisk
{
    private const int OpenReadOnly = 0;

    public void CreateFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        var above = Path.GetDirectoryName(path);
        if (above is not null)
            CreateFolder(above);
        Directory.CreateDirectory(path);
        if (above is not null)
            SyncFolder(above);
    }

    public void SyncFolder(string path)
    {
        // Windows keeps folder entries in NTFS's own journal and offers no such call.
        if (OperatingSystem.IsWindows())
            return;
        var folder = Open(path, OpenReadOnly);
        if (folder < 0)
            throw new IOException($"Cannot open the folder {path} to sync it (errno {Marshal.GetLastPInvokeError()}).");
        var failed = Sync(folder) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(folder);
        if (failed)
            throw new IOException($"Cannot sync the folder {path} (errno {error}).");
    }

    public void WriteFile(string path, string text)
    {
        var fresh = path + ".new";
        using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(fresh, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
