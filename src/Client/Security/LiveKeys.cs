using System.Collections.Concurrent;

namespace Sophia.Security;

/// <summary>Which keys of a tenant still open doors, believed for a short while.</summary>
internal sealed class LiveKeys(IGrainFactory grains, TimeProvider time, ITenantGate? gate = null)
{
    private readonly ConcurrentDictionary<TenantId, (HashSet<string> Keys, DateTimeOffset Until)> remembered = new();

    /// <summary>Whether the key that a caller came with is not revoked. A tenant that is gone has no keys.</summary>
    public async ValueTask<bool> Has(Caller caller)
    {
        if (gate?.IsEnded(caller.Tenant) == true)
            return false;
        var asked = time.GetUtcNow();
        // A key that is not among those remembered may have been issued since.
        if (!remembered.TryGetValue(caller.Tenant, out var known) || known.Until <= asked || !known.Keys.Contains(caller.KeyId))
        {
            known = (await Ask(caller.Tenant), asked + EdgeLimits.CallerBelievedFor);
            if (remembered.Count >= EdgeLimits.CallersRemembered)
                remembered.Clear();
            remembered[caller.Tenant] = known;
        }
        return known.Keys.Contains(caller.KeyId);
    }

    /// <summary>Asks a tenant anew the next time.</summary>
    public void Forget(TenantId tenant) => remembered.TryRemove(tenant, out _);

    private async Task<HashSet<string>> Ask(TenantId tenant)
    {
        using var _ = CallerContext.ForSystem("authentication");
        var view = await grains.GetGrain<ITenantGrain>(TenantKey.Of(tenant)).View();
        return [.. (view?.Keys ?? []).Where(key => key.RevokedAt is null).Select(key => key.KeyId)];
    }
}
