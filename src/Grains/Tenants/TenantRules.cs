using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>What may happen to a tenant's keys and sign-in codes. Pure: state in, state out.</summary>
internal static class TenantRules
{
    /// <summary>Live keys of one tenant.</summary>
    public const int MostKeys = 200;

    /// <summary>Revoked keys that stay visible, the newest first.</summary>
    public const int MostRevokedKeys = 200;

    /// <summary>Sign-in codes waiting at once; the oldest gives way.</summary>
    public const int MostSignIns = 50;

    public static TenantState Create(TenantState state, string displayName, DateTimeOffset now) =>
        state.CreatedAt is not null ? state : state with { CreatedAt = now, DisplayName = displayName };

    /// <summary>The state with the reason; a tenant that is suspended already keeps when it was, and has the newer reason.</summary>
    public static TenantState Suspend(TenantState state, string because, DateTimeOffset now) =>
        state.SuspendedBecause == because ? state : state with { SuspendedAt = state.SuspendedAt ?? now, SuspendedBecause = because };

    public static TenantState Resume(TenantState state) => state.SuspendedAt is null ? state : state with { SuspendedAt = null, SuspendedBecause = null };

    public static TenantDirectoryState Suspend(TenantDirectoryState state, TenantId tenant, string? because)
    {
        var known = state.Suspended.FirstOrDefault(one => one.Tenant == tenant);
        if (known?.Because == because || known is { Ended: true })
            return state;
        var others = state.Suspended.Where(one => one.Tenant != tenant);
        return state with { Suspended = because is null ? [.. others] : [.. others, new TenantSuspension(tenant, because)], Suspensions = state.Suspensions + 1 };
    }

    /// <summary>The list without the tenant, whose doors close for good; the reason stays as it was.</summary>
    public static TenantDirectoryState Close(TenantDirectoryState state, TenantId tenant)
    {
        var known = state.Suspended.FirstOrDefault(one => one.Tenant == tenant);
        return known is { Ended: true } && !state.Tenants.Contains(tenant.Value) ? state : state with
        {
            Tenants = [.. state.Tenants.Where(name => name != tenant.Value)],
            Suspended = [.. state.Suspended.Where(one => one.Tenant != tenant), new TenantSuspension(tenant, known?.Because ?? "", Ended: true)],
            Forgotten = [.. state.Forgotten.Where(one => one.Tenant != tenant)],
            Suspensions = state.Suspensions + 1,
        };
    }

    /// <summary>Records of the tenant were erased, once more perhaps: whoever looks next sees it.</summary>
    public static TenantDirectoryState Forget(TenantDirectoryState state, TenantId tenant) =>
        state with { Forgotten = [.. state.Forgotten.Where(one => one.Tenant != tenant), new TenantForgotten(tenant, state.Suspensions + 1)], Suspensions = state.Suspensions + 1 };

    /// <summary>A list of which processes know more than it does itself has lost its memory, and goes on after what they know: so they follow it again.</summary>
    public static TenantDirectoryState After(TenantDirectoryState state, long known) => known > state.Suspensions ? state with { Suspensions = known + 1 } : state;

    /// <summary>Of which tenants a process that saw an earlier version has to forget what is made of records.</summary>
    public static IEnumerable<TenantId> ToForget(TenantSuspensions told, long seen) => (told.Forgotten ?? []).Where(one => one.Version > seen).Select(one => one.Tenant);

    public static TenantDirectoryState Bury(TenantDirectoryState state, TenantTombstone tombstone) =>
        state.Tombstones.Any(one => one.Tenant == tombstone.Tenant) ? state : state with { Tombstones = [.. state.Tombstones, tombstone] };

    public static TenantDirectoryState Free(TenantDirectoryState state, TenantId tenant) => !state.Tombstones.Any(one => one.Tenant == tenant) ? state : state with
    {
        Tombstones = [.. state.Tombstones.Where(one => one.Tenant != tenant)],
        Suspended = [.. state.Suspended.Where(one => one.Tenant != tenant)],
        Suspensions = state.Suspensions + 1,
    };

    public static TenantState AddKey(TenantState state, KeyState key) => state.Keys.Count(k => k.RevokedAt is null) >= MostKeys
        ? throw new RefusedException(RefusalCode.Conflict, $"A tenant has at most {MostKeys} keys: revoke one first.")
        : state with { Keys = [.. state.Keys, key] };

    /// <summary>The state without the key and the codes that it issued, or the same state where no live key has this id.</summary>
    public static TenantState RevokeKey(TenantState state, string keyId, DateTimeOffset now)
    {
        if (!state.Keys.Any(k => k.KeyId == keyId && k.RevokedAt is null))
            return state;
        var keys = state.Keys.Select(k => k.KeyId == keyId && k.RevokedAt is null ? k with { RevokedAt = now } : k).ToList();
        var forgotten = keys.Where(k => k.RevokedAt is not null).OrderByDescending(k => k.RevokedAt).Skip(MostRevokedKeys).ToHashSet();
        return state with { Keys = [.. keys.Where(k => !forgotten.Contains(k))], SignIns = [.. state.SignIns.Where(code => code.KeyId != keyId)] };
    }

    /// <summary>The live key of a hash. Every key is compared, so that the time says nothing about which one fits.</summary>
    public static KeyState? FindKey(TenantState state, string hash)
    {
        KeyState? found = null;
        foreach (var key in state.Keys)
            if (Secrets.Same(key.Hash, hash) && key.RevokedAt is null)
                found = key;
        return found;
    }

    /// <summary>With a key that was right; those that are no longer live go. The same state where it is known.</summary>
    public static ProvedKeysState Prove(ProvedKeysState proved, TenantState state, string keyId) =>
        proved.Keys.Contains(keyId) ? proved : proved with { Keys = [.. state.Keys.Where(key => key.RevokedAt is null && (key.KeyId == keyId || proved.Keys.Contains(key.KeyId))).Select(key => key.KeyId)] };

    /// <summary>The marks of live keys that were right.</summary>
    public static IReadOnlyList<string> Marks(ProvedKeysState proved, TenantState state) =>
        [.. state.Keys.Where(key => key.RevokedAt is null && proved.Keys.Contains(key.KeyId)).Select(key => KeyMark.Of(key.Hash))];

    public static TenantState AddSignIn(TenantState state, SignInState code, DateTimeOffset now) =>
        state with { SignIns = [.. Waiting(state, now).TakeLast(MostSignIns - 1), code] };

    /// <summary>The state without the code, and the code where it was there and still good. A code of no key, as older versions made them, is none.</summary>
    public static (TenantState After, SignInState? Redeemed) Redeem(TenantState state, string hash, DateTimeOffset now)
    {
        SignInState? found = null;
        foreach (var code in state.SignIns)
            if (Secrets.Same(code.Hash, hash) && code.ExpiresAt > now && code.KeyId is not null)
                found = code;
        return found is null ? (state, null) : (state with { SignIns = [.. Waiting(state, now).Where(code => code != found)] }, found);
    }

    private static IEnumerable<SignInState> Waiting(TenantState state, DateTimeOffset now) => state.SignIns.Where(code => code.ExpiresAt > now);
}
