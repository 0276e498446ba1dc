using Sophia.Operations;

namespace Sophia.Pipelines;

/// <summary>The inbox on the store's own terms for what survives a power loss.</summary>
internal sealed class InboxDisk : IInboxDisk
{
    private readonly FolderDisk folders = new();

    public void CreateFolder(string path) => folders.CreateFolder(path);

    public void Flush(FileStream file) => file.Flush(flushToDisk: true);

    public void Place(string partial, string target)
    {
        File.Move(partial, target, overwrite: true);
        folders.SyncFolder(Path.GetDirectoryName(target)!);
    }
}
