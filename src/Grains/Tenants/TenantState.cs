namespace Sophia.Tenants;

/// <summary>What a tenant's grain keeps. No member is ever changed in place.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.TenantState")]
public sealed record TenantState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>Null where nobody created the tenant.</summary>
    [Id(1)]
    public DateTimeOffset? CreatedAt { get; init; }

    [Id(2)]
    public string DisplayName { get; init; } = "";

    [Id(3)]
    public IReadOnlyList<KeyState> Keys { get; init; } = [];

    [Id(4)]
    public IReadOnlyList<SignInState> SignIns { get; init; } = [];

    /// <summary>Null where the tenant is not suspended.</summary>
    [Id(5)]
    public DateTimeOffset? SuspendedAt { get; init; }

    [Id(6)]
    public string? SuspendedBecause { get; init; }
}

/// <summary>An API key. Hash is the SHA-256 of the whole key in lower hex.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.KeyState")]
public sealed record KeyState(
    [property: Id(0)] string KeyId,
    [property: Id(1)] string Hash,
    [property: Id(2)] string Label,
    [property: Id(3)] TenantRole Role,
    [property: Id(4)] DateTimeOffset CreatedAt,
    [property: Id(5)] DateTimeOffset? RevokedAt);

/// <summary>A sign-in code that nobody has used yet. KeyId is the key that it signs in under.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.SignInState")]
public sealed record SignInState(
    [property: Id(0)] string Hash, [property: Id(1)] TenantRole Role, [property: Id(2)] DateTimeOffset ExpiresAt, [property: Id(3)] string? KeyId = null);

/// <summary>What the directory keeps.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.TenantDirectoryState")]
public sealed record TenantDirectoryState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>In the order of creation.</summary>
    [Id(1)]
    public IReadOnlyList<string> Tenants { get; init; } = [];

    [Id(2)]
    public IReadOnlyList<TenantSuspension> Suspended { get; init; } = [];

    /// <summary>The version of what processes keep copies of: rises whenever a suspension is told or lifted, or an erasure told.</summary>
    [Id(3)]
    public long Suspensions { get; init; }

    /// <summary>Names of tenants that were deleted, in that order.</summary>
    [Id(4)]
    public IReadOnlyList<TenantTombstone> Tombstones { get; init; } = [];

    /// <summary>Tenants of which records were erased, each once.</summary>
    [Id(5)]
    public IReadOnlyList<TenantForgotten> Forgotten { get; init; } = [];
}
