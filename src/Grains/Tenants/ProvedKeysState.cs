namespace Sophia.Tenants;

/// <summary>Which keys of a tenant were right at least once. Fast state: where it is lost, a key that is used again is in it again. No member is ever changed in place.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ProvedKeysState")]
public sealed record ProvedKeysState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>Ids of keys, no more than a tenant has live ones.</summary>
    [Id(1)]
    public IReadOnlyList<string> Keys { get; init; } = [];
}
