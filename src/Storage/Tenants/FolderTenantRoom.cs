using Sophia.Operations;

namespace Sophia.Tenants;

/// <summary>All files of a tenant's folder: log, index, state, what is being written ahead.</summary>
internal sealed class FolderTenantRoom(DataFolder folder) : ITenantRoom
{
    public ValueTask<TenantRoom> Of(TenantId tenant, CancellationToken cancellation)
    {
        var path = new DirectoryInfo(folder.FolderOf(tenant));
        return new(new TenantRoom(path.Exists ? path.EnumerateFiles("*", SearchOption.AllDirectories).Sum(Length) : 0, IsEstimate: false));
    }

    // A file of the write-ahead log may go between being listed and being looked at.
    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }
}
