using Sophia.Hosting;

namespace Sophia.Tenants;

/// <summary>The key of a tenant that its maker had kept in the data folder for commands.</summary>
internal sealed class KeptKeys(HomeFolder folder) : ITenantMemory
{
    public string Name => "kept keys for commands";

    public Task<long> Count(TenantId tenant, CancellationToken cancellation) => Task.FromResult(HomeFolder.KeptKey(folder.Path, tenant) is null ? 0L : 1);

    public Task Erase(TenantId tenant, CancellationToken cancellation)
    {
        folder.RemoveKeptKey(tenant);
        return Task.CompletedTask;
    }
}
