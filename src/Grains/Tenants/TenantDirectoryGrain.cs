using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Keeps the list of tenants; the key is "system".</summary>
/// <remarks>Who is suspended is durable before any process is told, and the version of it is the stored state's, so it never began anew: there is one epoch.</remarks>
internal sealed class TenantDirectoryGrain([PersistentState("tenants", Stores.Durable)] IPersistentState<TenantDirectoryState> stored, TimeProvider time)
    : Grain, ITenantDirectoryGrain
{
    private const long Epoch = 1;

    private readonly ReplicaSubscribers subscribers = new(TenantsKind.Kind, TenantKey.System, time);

    public async Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation)
    {
        SystemCall.MustBe();
        subscribers.Subscribe(exchange);
        await Change(TenantRules.After(stored.State, exchange.KnownVersion));
        return new ReplicaAnswer((exchange.KnownEpoch, exchange.KnownVersion) == (Epoch, stored.State.Suspensions) ? null : Copy(), ITenantGate.CountsFor);
    }

    public Task<IReadOnlyList<TenantId>> List() => Task.FromResult<IReadOnlyList<TenantId>>(stored.State.Tenants.Select(TenantId.Parse).ToArray());

    public async Task Add(TenantId tenant)
    {
        if (stored.State.Suspended.Any(one => one.Tenant == tenant && one.Ended))
            throw new RefusedException(RefusalCode.Conflict, "A deleted tenant had this name.");
        if (!stored.State.Tenants.Contains(tenant.Value))
            await stored.CommitAsync(stored.State with { Tenants = [.. stored.State.Tenants, tenant.Value] }, onFailure: DeactivateOnIdle);
    }

    public Task<TenantSuspensions> Suspensions() => Task.FromResult(Told());

    public Task Suspend(TenantId tenant, string? because) => Change(TenantRules.Suspend(stored.State, tenant, because));

    public Task Close(TenantId tenant) => Change(TenantRules.Close(stored.State, tenant));

    public Task Bury(TenantTombstone tombstone) => Change(TenantRules.Bury(stored.State, tombstone));

    public Task Free(TenantId tenant) => Change(TenantRules.Free(stored.State, tenant));

    public Task Forget(TenantId tenant) => Change(TenantRules.Forget(stored.State, tenant));

    public Task<IReadOnlyList<TenantTombstone>> Tombstones() => Task.FromResult(stored.State.Tombstones);

    private async Task Change(TenantDirectoryState after)
    {
        if (ReferenceEquals(after, stored.State))
            return;
        var before = stored.State.Suspensions;
        await stored.CommitAsync(after, onFailure: DeactivateOnIdle);
        if (after.Suspensions != before)
            await subscribers.Push(_ => Copy(), static _ => true);
    }

    private TenantSuspensions Told() => new(stored.State.Suspensions, stored.State.Suspended, stored.State.Forgotten);

    private ReplicaCopy Copy() => new(Epoch, stored.State.Suspensions, TenantsKind.Write(Told()));
}
