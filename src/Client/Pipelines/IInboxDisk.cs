namespace Sophia.Pipelines;

/// <summary>What the inbox asks of the disk. A file is acknowledged after all of it is on the disk: folder, content, and name.</summary>
public interface IInboxDisk
{
    /// <summary>Creates a folder and the missing ones above it, durably.</summary>
    void CreateFolder(string path);

    /// <summary>Returns when the content is on the disk.</summary>
    void Flush(FileStream file);

    /// <summary>Gives a flushed file its place in the same folder, over an older one, durably.</summary>
    void Place(string partial, string target);
}
