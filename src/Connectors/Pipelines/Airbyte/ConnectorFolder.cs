using System.Text;

namespace Sophia.Pipelines;

/// <summary>The private folder of one connector's process: its configuration, catalog and state. Nobody but Sophia's user can enter it, and it is gone when the process is.</summary>
/// <remarks>The lock file is held while the folder is in use, so that what a machine's sudden end left behind is found and removed.</remarks>
internal sealed class ConnectorFolder : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream held;
    private readonly bool shared;

    private ConnectorFolder(string path, FileStream held, bool shared) => (Path, this.held, this.shared) = (path, held, shared);

    public string Path { get; }

    /// <summary>The folder of the files, which an image sees.</summary>
    public string Files => System.IO.Path.Combine(Path, "files");

    /// <param name="shared">The files are mounted into a container, whose user is another one: they are readable to whoever comes past the folder itself, which nobody does.</param>
    public static ConnectorFolder Make(string root, bool shared)
    {
        MakePrivate(root);
        RemoveLeft(root);
        var path = System.IO.Path.Combine(root, System.IO.Path.GetRandomFileName());
        MakePrivate(path);
        var held = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        var folder = new ConnectorFolder(path, held, shared);
        Directory.CreateDirectory(folder.Files);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.Files, shared ? Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute : Private);
        return folder;
    }

    /// <summary>Writes a file that only Sophia's user can read (or a container that mounts it); answers its path.</summary>
    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Files, name);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(path, options))
            file.Write(Encoding.UTF8.GetBytes(text));
        if (shared && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return path;
    }

    public void Dispose()
    {
        held.Dispose();
        Remove(Path);
    }

    private static void MakePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, Private);
    }

    private static void RemoveLeft(string root)
    {
        foreach (var folder in Directory.GetDirectories(root))
            try
            {
                using (new FileStream(System.IO.Path.Combine(folder, "lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
                Remove(folder);
            }
            catch (Exception held) when (held is IOException or UnauthorizedAccessException)
            {
                // In use, or just being made.
            }
    }

    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // The process's own keeper was faster, or another one removes it.
        }
    }
}
