using System.Text;
using Sophia.Operations;

namespace Sophia.Continuity;

/// <summary>The operating system's folders, with what is done to them on the tape.</summary>
internal sealed class RecordedFolders(DiskTape tape) : IFolderDisk
{
    private readonly FolderDisk disk = new();

    public void CreateFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        CreateFolder(Path.GetDirectoryName(path)!);
        disk.CreateFolder(path);
        tape.FolderCreated(path);
        tape.FolderSynced(Path.GetDirectoryName(path)!);
    }

    public void SyncFolder(string path)
    {
        disk.SyncFolder(path);
        tape.FolderSynced(path);
    }

    public void WriteFile(string path, string text)
    {
        disk.WriteFile(path, text);
        tape.Replaced(path, Encoding.UTF8.GetBytes(text));
        tape.FolderSynced(Path.GetDirectoryName(path)!);
    }
}
