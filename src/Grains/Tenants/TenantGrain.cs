using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Guards one tenant's keys and sign-in codes; the key is the tenant.</summary>
/// <remarks>A key or code is issued, revoked or redeemed once the disk has it. Secrets leave in the answer of the call that made them and are kept as hashes only. That a key was right is kept after the answer, and best-effort.</remarks>
[InTenantPool]
internal sealed partial class TenantGrain(
    [PersistentState("tenant", Stores.Durable)] IPersistentState<TenantState> stored,
    [PersistentState("proved", Stores.Fast)] IPersistentState<ProvedKeysState> proved,
    ISecretSource secrets,
    ILogStore log,
    TimeProvider time,
    ILogger<TenantGrain> logger) : Grain, ITenantGrain
{
    private TenantAudit? audit;
    private IGrainTimer? proving;

    private TenantId Tenant => TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => proving is null ? Task.CompletedTask : KeepProof(cancellationToken);

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
        SystemCall.MustBe();
        if (stored.State.Keys.Count > 0)
            throw new RefusedException(RefusalCode.Conflict, $"There is such a tenant already. Where the key of its owner was lost, \"{SophiaCommand.Name} tenants key {Tenant}\" issues another one.");
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

    public Task<Caller?> Authenticate(string secretHash)
    {
        if (TenantRules.FindKey(stored.State, secretHash) is not { } key)
            return Task.FromResult<Caller?>(null);
        var after = TenantRules.Prove(proved.State, stored.State, key.KeyId);
        if (!ReferenceEquals(after, proved.State))
        {
            proved.State = after;
            proving ??= this.RegisterGrainTimer(KeepProof, new GrainTimerCreationOptions(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        }
        return Task.FromResult<Caller?>(new Caller(Tenant, key.KeyId, key.Label, key.Role));
    }

    public Task<IReadOnlyList<string>> Proved()
    {
        SystemCall.MustBe();
        return Task.FromResult(TenantRules.Marks(proved.State, stored.State));
    }

    public async Task<IssuedKey> Recover(string label, TenantRole role, string by)
    {
        SystemCall.MustBe();
        MustExist();
        await Audit().Write("issue-key", by, $"{role} \"{label}\"");
        return await IssueKey(label, role);
    }

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
        SystemCall.MustBe();
        MustExist();
        if (stored.State.SuspendedBecause != because)
            await Audit().Write("suspend", by, because);
        await Change(TenantRules.Suspend(stored.State, because, time.GetUtcNow()));
        return await Told(because);
    }

    public async Task<TenantView> Resume(string by)
    {
        SystemCall.MustBe();
        MustExist();
        if (stored.State.SuspendedAt is not null)
            await Audit().Write("resume", by, null);
        await Change(TenantRules.Resume(stored.State));
        return await Told(null);
    }

    // What only memory has is better than nothing: nobody is kept out because of it.
    // Also where the grain is about to end: it is one short write, and what is not kept is asked for again by a slower way.
    private async Task KeepProof(CancellationToken _)
    {
        proving?.Dispose();
        proving = null;
        try
        {
            await proved.WriteStateAsync(CancellationToken.None);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogUnproved(Tenant.Value, failure);
        }
    }

    // Always: an earlier call may have ended between the grain's own state and the list.
    private async Task<TenantView> Told(string? because)
    {
        await GrainFactory.GetGrain<ITenantDirectoryGrain>(TenantKey.System).Suspend(Tenant, because);
        return Shown(stored.State);
    }

    private TenantAudit Audit() => audit ??= new TenantAudit(log, Tenant, time);

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

    [LoggerMessage(4005, LogLevel.Warning, "Which keys of {Tenant} were right could not be written; memory knows it")]
    private partial void LogUnproved(string tenant, Exception failure);
}
