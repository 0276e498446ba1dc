using Sophia.Operations;
using Sophia.Sqlite;

namespace Sophia.Tenants;

/// <summary>A tenant's folder in the data folder: its log with grain state, its index with vectors, whichever of them lie there.</summary>
internal sealed class TenantFolders(DataFolder folder, DatabaseFiles files) : ITenantMemory
{
    public string Name => "files of the data folder";

    public Task<long> Count(TenantId tenant, CancellationToken cancellation) => Task.FromResult(FilesBelow(folder.FolderOf(tenant)));

    public Task Erase(TenantId tenant, CancellationToken cancellation) => files.Remove(tenant);

    /// <summary>Files below a folder, and one for a folder that is empty.</summary>
    public static long FilesBelow(string path) => Directory.Exists(path) ? Math.Max(1, Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).LongCount()) : 0;
}
