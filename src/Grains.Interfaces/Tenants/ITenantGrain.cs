namespace Sophia.Tenants;

/// <summary>One tenant: its API keys, sign-in links and settings. The key is the tenant.</summary>
[Alias("Sophia.ITenantGrain")]
public interface ITenantGrain : IGrainWithStringKey
{
    /// <summary>Creates the tenant where it is not there yet; idempotent.</summary>
    [Alias("Create")]
    Task<TenantView> Create(string displayName);

    /// <summary>Creates the tenant and issues its owner's key, in one step that only one of several callers gets through. Only the system may. One that was interrupted before the key was issued is done again.</summary>
    /// <exception cref="Operations.RefusedException">Conflict: a key of it was issued already, or a deleted tenant had the name.</exception>
    [Alias("Open")]
    Task<IssuedKey> Open(string displayName);

    /// <summary>The tenant, or null where nobody created it.</summary>
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<TenantView?> View();

    /// <summary>Issues an API key. The secret is in the answer and nowhere else: only its hash is kept.</summary>
    [Alias("IssueKey")]
    Task<IssuedKey> IssueKey(string label, TenantRole role);

    /// <summary>Revokes a key and the sign-in codes that it issued. False where no live key has this id.</summary>
    [Alias("RevokeKey")]
    Task<bool> RevokeKey(string keyId);

    /// <summary>Whose key this is, or null. <paramref name="secretHash"/> is the SHA-256 of the whole key as presented, in lower hex.</summary>
    [Alias("Authenticate"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<Caller?> Authenticate(string secretHash);

    /// <summary>The marks of live keys that were right before, however long ago: <see cref="KeyMark"/>. Only the system may. What a crash takes is marked again at the key's next use.</summary>
    [Alias("Proved"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<string>> Proved();

    /// <summary>Issues an API key where nobody of the tenant has one any more; its audit keeps who did. Only the system may. The secret is in the answer and nowhere else.</summary>
    /// <exception cref="Operations.RefusedException">NotFound: no such tenant. Conflict: it has as many keys as it may.</exception>
    [Alias("Recover")]
    Task<IssuedKey> Recover(string label, TenantRole role, string by);

    /// <summary>Issues a one-time code that signs a browser in under a key of the tenant; it expires after <see cref="SignInCode.Lifetime"/>, and with the key.</summary>
    /// <exception cref="Operations.RefusedException">NotFound: no such tenant, or no live key of this id.</exception>
    [Alias("IssueSignIn")]
    Task<SignInCode> IssueSignIn(string keyId);

    /// <summary>Redeems a sign-in code, once; null where it is unknown, used or expired. The caller is the key that issued it.</summary>
    [Alias("RedeemSignIn")]
    Task<Caller?> RedeemSignIn(string codeHash);

    /// <summary>Suspends the tenant: its requests are refused with the reason and its runs wait, everywhere within <see cref="ITenantGate.HoldsWithin"/>; nothing of it is lost. Only the system may. Idempotent, and
    /// after an unknown outcome to be asked again.</summary>
    /// <param name="because">What its people are told.</param>
    /// <param name="by">Who does it; the tenant's audit keeps it.</param>
    [Alias("Suspend")]
    Task<TenantView> Suspend(string because, string by);

    /// <summary>Lifts the suspension; runs that waited go on. Only the system may. Idempotent.</summary>
    [Alias("Resume")]
    Task<TenantView> Resume(string by);
}

/// <summary>Which tenants there are, and the truth of which each process keeps a copy: who of them is suspended or deleted. One grain; the key is "system".</summary>
[Alias("Sophia.ITenantDirectoryGrain")]
public interface ITenantDirectoryGrain : Resilience.IReplicatedGrain
{
    [Alias("List"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<TenantId>> List();

    [Alias("Add"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Add(TenantId tenant);

    /// <summary>Which tenants are suspended, and why.</summary>
    [Alias("Suspensions"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<TenantSuspensions> Suspensions();

    /// <summary>Told by the tenant's grain. Null: it is suspended no more.</summary>
    [Alias("Suspend"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Suspend(TenantId tenant, string? because);

    /// <summary>The tenant is being deleted: it leaves the list, and every process closes all doors to it within <see cref="ITenantGate.HoldsWithin"/>, also those between its own grains and to its stores.</summary>
    [Alias("Close"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Close(TenantId tenant);

    /// <summary>Nothing of the tenant is left. Its name stays taken.</summary>
    [Alias("Bury"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Bury(TenantTombstone tombstone);

    /// <summary>The name of a deleted tenant may be taken again.</summary>
    [Alias("Free"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Free(TenantId tenant);

    /// <summary>Records of the tenant were erased: every process forgets what it remembers of them within <see cref="ITenantGate.HoldsWithin"/>.</summary>
    [Alias("Forget"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Forget(TenantId tenant);

    /// <summary>Whose names are taken by tenants that were deleted.</summary>
    [Alias("Tombstones"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<TenantTombstone>> Tombstones();
}

/// <summary>Version rises with each change, so that a late answer does not take the place of a newer one.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.TenantSuspensions")]
public sealed record TenantSuspensions([property: Id(0)] long Version, [property: Id(1)] IReadOnlyList<TenantSuspension> Tenants, [property: Id(2)] IReadOnlyList<TenantForgotten>? Forgotten = null);

/// <summary>A tenant of which records were erased, and the version at which the last of them were.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.TenantForgotten")]
public sealed record TenantForgotten([property: Id(0)] TenantId Tenant, [property: Id(1)] long Version);

/// <param name="Ended">It is being deleted, or was: nothing of it is reached any more, by anybody.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TenantSuspension")]
public sealed record TenantSuspension([property: Id(0)] TenantId Tenant, [property: Id(1)] string Because, [property: Id(2)] bool Ended = false);

/// <summary>What a caller may do, from least to most.</summary>
public enum TenantRole
{
    Viewer = 1,
    Analyst = 2,
    Operator = 3,
    Admin = 4,
    Owner = 5,
}

[GenerateSerializer, Immutable, Alias("Sophia.TenantView")]
public sealed record TenantView(
    [property: Id(0)] TenantId Tenant,
    [property: Id(1)] string DisplayName,
    [property: Id(2)] DateTimeOffset CreatedAt,
    [property: Id(3)] IReadOnlyList<ApiKeyView> Keys,
    [property: Id(4)] DateTimeOffset? SuspendedAt = null,
    [property: Id(5)] string? SuspendedBecause = null);

[GenerateSerializer, Immutable, Alias("Sophia.ApiKeyView")]
public sealed record ApiKeyView(
    [property: Id(0)] string KeyId,
    [property: Id(1)] string Label,
    [property: Id(2)] TenantRole Role,
    [property: Id(3)] DateTimeOffset CreatedAt,
    [property: Id(4)] DateTimeOffset? RevokedAt);

/// <summary>A new API key: <c>sophia.{tenant}.{43 characters of base64url}</c>.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.IssuedKey")]
public sealed record IssuedKey([property: Id(0)] string KeyId, [property: Id(1)] string Secret, [property: Id(2)] TenantRole Role);

[GenerateSerializer, Immutable, Alias("Sophia.SignInCode")]
public sealed record SignInCode([property: Id(0)] string Code, [property: Id(1)] DateTimeOffset ExpiresAt)
{
    /// <summary>How long a code is good for.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);
}

/// <summary>Somebody who proved who they are.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.Caller")]
public sealed record Caller([property: Id(0)] TenantId Tenant, [property: Id(1)] string KeyId, [property: Id(2)] string Label, [property: Id(3)] TenantRole Role);
