namespace Sophia.Tenants;

/// <summary>How far the deletion of one tenant is; once it is over, the tombstone.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.TenantEndState")]
public sealed record TenantEndState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>Null where no deletion is wanted.</summary>
    [Id(1)]
    public TenantEndPhase? Phase { get; init; }

    [Id(2)]
    public DateTimeOffset RequestedAt { get; init; }

    [Id(3)]
    public DateTimeOffset DeletesAt { get; init; }

    [Id(4)]
    public string By { get; init; } = "";

    /// <summary>When the doors began to close.</summary>
    [Id(5)]
    public DateTimeOffset? ClosedAt { get; init; }

    [Id(6)]
    public IReadOnlyList<TenantEndCount> Counts { get; init; } = [];

    /// <summary>The places that were emptied since the last check, in order.</summary>
    [Id(7)]
    public IReadOnlyList<string> Erased { get; init; } = [];

    [Id(8)]
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Tombstones of tenants that had the name before, oldest first.</summary>
    [Id(9)]
    public IReadOnlyList<TenantEndView> Earlier { get; init; } = [];

    /// <summary>The tenant's suspension may name a deletion that is not wanted here: whoever wanted it, or took it back, may have died in between. Taking it back goes on with it.</summary>
    [Id(10)]
    public bool IsUnsaid { get; init; }
}
