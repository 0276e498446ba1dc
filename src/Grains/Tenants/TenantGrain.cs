using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Guards one tenant's keys and sign-in codes; the key is the tenant.</summary>
/// <remarks>A key or code is issued, revoked or redeemed once the disk has it. Secrets leave in the answer of the call that made them and are kept as hashes only.</remarks>
[InTenantPool]
internal sealed class TenantGrain(
    [PersistentState("tenant", Stores.Durable)] IPersistentState<TenantState> stored,
    ISecretSource secrets,
    ILogStore log,
    TimeProvider time) : Grain, ITenantGrain
{
    private TenantAudit? audit;

    private TenantId Tenant => TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;

    public async Task<TenantView> Create(string displayName)
    {
        if (Tenant.Value == TenantKey.System)
            throw new RefusedException(RefusalCode.Invalid, $"\"{TenantKey.System}\" cannot be a tenant's name.");
        using var _ = CallerContext.ForSystem("list of tenants");
        var directory = GrainFactory.GetGrain<ITenantDirectoryGrain>(TenantKey.System);
        if ((await directory.Suspensions()).Tenants.Any(one => one.Tenant == Tenant && one.Ended))
            throw new RefusedException(RefusalCode.Conflict, "A deleted tenant had this name.");
        await Change(TenantRules.Create(stored.State, displayName, time.GetUtcNow()));
        await directory.Add(Tenant);
        return Shown(stored.State);
    }

    public async Task<IssuedKey> Open(string displayName)
    {
        MustBeSystem();
        if (stored.State.Keys.Count > 0)
            throw new RefusedException(RefusalCode.Conflict, "There is such a tenant already.");
        await Create(displayName);
        return await IssueKey("owner", TenantRole.Owner);
    }

    public Task<TenantView?> View() => Task.FromResult(stored.State.CreatedAt is null ? null : Shown(stored.State));

    public async Task<IssuedKey> IssueKey(string label, TenantRole role)
    {
        MustExist();
        var secret = $"sophia.{Tenant}.{Secrets.Make(secrets)}";
        var key = new KeyState(Secrets.MakeId(secrets), Secrets.HashOf(secret), label, role, time.GetUtcNow(), RevokedAt: null);
        await Change(TenantRules.AddKey(stored.State, key));
        return new(key.KeyId, secret, role);
    }

    public async Task<bool> RevokeKey(string keyId)
    {
        var after = TenantRules.RevokeKey(stored.State, keyId, time.GetUtcNow());
        var found = !ReferenceEquals(after, stored.State);
        await Change(after);
        return found;
    }

    public Task<Caller?> Authenticate(string secretHash) => Task.FromResult(
        TenantRules.FindKey(stored.State, secretHash) is { } key ? new Caller(Tenant, key.KeyId, key.Label, key.Role) : null);

    public async Task<SignInCode> IssueSignIn(string keyId)
    {
        MustExist();
        var key = stored.State.Keys.FirstOrDefault(k => k.KeyId == keyId && k.RevokedAt is null) ?? throw new RefusedException(RefusalCode.NotFound, "There is no such key.");
        var (code, now) = (Secrets.Make(secrets), time.GetUtcNow());
        var kept = new SignInState(Secrets.HashOf(code), key.Role, now + SignInCode.Lifetime, key.KeyId);
        await Change(TenantRules.AddSignIn(stored.State, kept, now));
        return new(code, kept.ExpiresAt);
    }

    public async Task<Caller?> RedeemSignIn(string codeHash)
    {
        var (after, redeemed) = TenantRules.Redeem(stored.State, codeHash, time.GetUtcNow());
        await Change(after);
        return redeemed is null ? null : new Caller(Tenant, redeemed.KeyId!, "browser", redeemed.Role);
    }

    public async Task<TenantView> Suspend(string because, string by)
    {
        MustBeSystem();
        MustExist();
        if (stored.State.SuspendedBecause != because)
            await Audit().Write("suspend", by, because);
        await Change(TenantRules.Suspend(stored.State, because, time.GetUtcNow()));
        return await Told(because);
    }

    public async Task<TenantView> Resume(string by)
    {
        MustBeSystem();
        MustExist();
        if (stored.State.SuspendedAt is not null)
            await Audit().Write("resume", by, null);
        await Change(TenantRules.Resume(stored.State));
        return await Told(null);
    }

    // Always: an earlier call may have ended between the grain's own state and the list.
    private async Task<TenantView> Told(string? because)
    {
        await GrainFactory.GetGrain<ITenantDirectoryGrain>(TenantKey.System).Suspend(Tenant, because);
        return Shown(stored.State);
    }

    private TenantAudit Audit() => audit ??= new TenantAudit(log, Tenant, time);

    private static void MustBeSystem()
    {
        if (CallerContext.SystemReason is null)
            throw new RefusedException(RefusalCode.Forbidden, "There is no such thing, or it is not yours.");
    }

    private async Task Change(TenantState after)
    {
        if (!ReferenceEquals(after, stored.State))
            await stored.CommitAsync(after, onFailure: DeactivateOnIdle);
    }

    private void MustExist()
    {
        if (stored.State.CreatedAt is null)
            throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.");
    }

    private TenantView Shown(TenantState state) => new(
        Tenant, state.DisplayName, state.CreatedAt ?? default,
        state.Keys.Select(key => new ApiKeyView(key.KeyId, key.Label, key.Role, key.CreatedAt, key.RevokedAt)).ToArray(),
        state.SuspendedAt, state.SuspendedBecause);
}
