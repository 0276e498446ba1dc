using Sophia.Operations;

namespace Sophia.Tenants;

/// <summary>The files that people of a tenant dropped.</summary>
/// <param name="root">The folder of all inboxes, which every process sees.</param>
public sealed class TenantInbox(string root) : ITenantMemory
{
    private readonly FolderDisk disk = new();

    public string Name => "files of the inbox";

    public Task<long> Count(TenantId tenant, CancellationToken cancellation) => Task.FromResult(TenantFolders.FilesBelow(Of(tenant)));

    public Task Erase(TenantId tenant, CancellationToken cancellation)
    {
        if (Directory.Exists(Of(tenant)))
        {
            Directory.Delete(Of(tenant), recursive: true);
            disk.SyncFolder(root);
        }
        return Task.CompletedTask;
    }

    private string Of(TenantId tenant) => Path.Combine(root, tenant.Value);
}
