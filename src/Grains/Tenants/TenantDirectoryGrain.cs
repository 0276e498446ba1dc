using Sophia.Operations;

namespace Sophia.Tenants;

/// <summary>Keeps the list of tenants; the key is "system".</summary>
internal sealed class TenantDirectoryGrain([PersistentState("tenants", Stores.Durable)] IPersistentState<TenantDirectoryState> stored)
    : Grain, ITenantDirectoryGrain
{
    public Task<IReadOnlyList<TenantId>> List() => Task.FromResult<IReadOnlyList<TenantId>>(stored.State.Tenants.Select(TenantId.Parse).ToArray());

    public async Task Add(TenantId tenant)
    {
        if (stored.State.Suspended.Any(one => one.Tenant == tenant && one.Ended))
            throw new RefusedException(RefusalCode.Conflict, "A deleted tenant had this name.");
        if (!stored.State.Tenants.Contains(tenant.Value))
            await stored.CommitAsync(stored.State with { Tenants = [.. stored.State.Tenants, tenant.Value] }, onFailure: DeactivateOnIdle);
    }

    public Task<TenantSuspensions> Suspensions() => Task.FromResult(new TenantSuspensions(stored.State.Suspensions, stored.State.Suspended, stored.State.Forgotten));

    public Task Suspend(TenantId tenant, string? because) => Change(TenantRules.Suspend(stored.State, tenant, because));

    public Task Close(TenantId tenant) => Change(TenantRules.Close(stored.State, tenant));

    public Task Bury(TenantTombstone tombstone) => Change(TenantRules.Bury(stored.State, tombstone));

    public Task Free(TenantId tenant) => Change(TenantRules.Free(stored.State, tenant));

    public Task Forget(TenantId tenant) => Change(TenantRules.Forget(stored.State, tenant));

    public Task<IReadOnlyList<TenantTombstone>> Tombstones() => Task.FromResult(stored.State.Tombstones);

    private Task Change(TenantDirectoryState after) => ReferenceEquals(after, stored.State) ? Task.CompletedTask : stored.CommitAsync(after, onFailure: DeactivateOnIdle);
}
