using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Sophia.Security;

/// <summary>Who presented which key, remembered for a short while so that most requests ask no grain.</summary>
/// <remarks>A made-up tenant never wakes a grain: the list of tenants is consulted first, and asked for anew at most once a second. A key that was right here
/// before is no guess: it does not pass the throttle, whatever else comes from its address; one that was right elsewhere, or before a restart, is checked there too.</remarks>
internal sealed class CallerReplica(IGrainFactory grains, SignInThrottle throttle, ProvedKeys proved, TimeProvider time) : ITenantCopies
{
    private readonly ConcurrentDictionary<string, (Caller Caller, DateTimeOffset Until)> remembered = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private HashSet<TenantId> tenants = [];
    private Task<HashSet<TenantId>>? reading;
    private DateTimeOffset tenantsReadAt;

    /// <summary>Whose key this is, or null. The key has the form <c>sophia.{tenant}.{secret}</c>.</summary>
    /// <exception cref="RefusedException">Busy: too many wrong ones came from the address.</exception>
    public async Task<Caller?> Find(string key, IPAddress? from)
    {
        var parts = key.Split('.');
        if (parts is not ["sophia", var name, { Length: > 0 }] || key.Length > 256 || !TenantId.TryParse(name, out var tenant))
            return null;
        var hash = HashOf(key);
        var wasRight = remembered.TryGetValue(hash, out var known);
        if (wasRight && known.Until > time.GetUtcNow())
            return known.Caller;
        if (!wasRight)
            await Enter(tenant, hash, from);
        var exists = await Exists(tenant);
        var caller = exists ? await Ask(tenant, hash) : null;
        if (caller is not null)
            Remember(hash, caller);
        else
        {
            remembered.TryRemove(hash, out _);
            await throttle.Wrong(from, exists ? tenant : null);
        }
        return caller;
    }

    private async Task Enter(TenantId tenant, string hash, IPAddress? from)
    {
        try
        {
            await throttle.Enter(from);
        }
        catch (RefusedException)
        {
            if (!await Exists(tenant) || !await proved.Has(tenant, hash))
                throw;
        }
    }

    /// <summary>Whether somebody created this tenant.</summary>
    public async Task<bool> Exists(TenantId tenant)
    {
        if (tenants.Contains(tenant))
            return true;
        Task<HashSet<TenantId>> asked;
        lock (gate)
        {
            // Whoever comes while it is read waits for it too: by the list of before, a right key would be a wrong one. One that failed says nothing.
            var now = time.GetUtcNow();
            if (reading is null || (reading.IsCompleted && (!reading.IsCompletedSuccessfully || now - tenantsReadAt >= TimeSpan.FromSeconds(1))))
                (reading, tenantsReadAt) = (List(), now);
            asked = reading;
        }
        return (await asked).Contains(tenant);
    }

    private async Task<HashSet<TenantId>> List()
    {
        using var _ = CallerContext.ForSystem("list of tenants");
        return tenants = [.. await grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).List()];
    }

    public bool HoldsRecords => false;

    /// <summary>Forgets what is remembered of a tenant, because its keys changed or it ended.</summary>
    public void Forget(TenantId tenant)
    {
        tenants = [.. tenants.Where(known => known != tenant)];
        foreach (var (hash, entry) in remembered)
            if (entry.Caller.Tenant == tenant)
                remembered.TryUpdate(hash, (entry.Caller, DateTimeOffset.MinValue), entry);
        lock (gate)
            reading = null;
    }

    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private async Task<Caller?> Ask(TenantId tenant, string hash)
    {
        using var _ = CallerContext.ForSystem("authentication");
        return await grains.GetGrain<ITenantGrain>(TenantKey.Of(tenant)).Authenticate(hash);
    }

    private void Remember(string hash, Caller caller)
    {
        if (remembered.Count >= EdgeLimits.CallersRemembered)
            remembered.Clear();
        remembered[hash] = (caller, time.GetUtcNow() + EdgeLimits.CallerBelievedFor);
    }
}
