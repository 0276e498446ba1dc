using Sophia.Operations;

namespace Sophia.Tenants;

/// <summary>Keeps the list of tenants; the key is "system".</summary>
internal sealed class TenantDirectoryGrain([PersistentState("tenants", Stores.Durable)] IPersistentState<TenantDirectoryState> stored)
    : Grain, ITenantDirectoryGrain
{
    public Task<IReadOnlyList<TenantId>> List() => Task.FromResult<IReadOnlyList<TenantId>>(stored.State.Tenants.Select(TenantId.Parse).ToArray());

    public async Task Add(TenantId tenant)
    {
        if (!stored.State.Tenants.Contains(tenant.Value))
            await stored.CommitAsync(stored.State with { Tenants = [.. stored.State.Tenants, tenant.Value] }, onFailure: DeactivateOnIdle);
    }

    public Task<TenantSuspensions> Suspensions() => Task.FromResult(new TenantSuspensions(stored.State.Suspensions, stored.State.Suspended));

    public async Task Suspend(TenantId tenant, string? because)
    {
        var after = TenantRules.Suspend(stored.State, tenant, because);
        if (!ReferenceEquals(after, stored.State))
            await stored.CommitAsync(after, onFailure: DeactivateOnIdle);
    }
}
