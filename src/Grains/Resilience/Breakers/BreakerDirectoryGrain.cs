using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>Remembers which dependencies of a tenant have breakers; the key is the tenant, or "system".</summary>
/// <remarks>Durable, and written once for each dependency there ever was: a breaker that is forgotten here would be seen by nobody.</remarks>
[InTenantPool]
internal sealed class BreakerDirectoryGrain([PersistentState("breakers", Stores.Durable)] IPersistentState<BreakerDirectoryState> stored) : Grain, IBreakerDirectoryGrain
{
    /// <summary>Breakers of one owner that are listed. More work as well, and are not seen in lists.</summary>
    private const int Most = 1_000;

    public Task<IReadOnlyList<string>> List() => Task.FromResult(stored.State.Dependencies);

    public async Task Add(string dependency)
    {
        if (stored.State.Dependencies.Contains(dependency) || stored.State.Dependencies.Count >= Most)
            return;
        await stored.CommitAsync(stored.State with { Dependencies = [.. stored.State.Dependencies.Append(dependency).Order(StringComparer.Ordinal)] }, onFailure: DeactivateOnIdle);
    }
}

/// <summary>What the grain keeps. No member is ever changed in place.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.BreakerDirectoryState")]
public sealed record BreakerDirectoryState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    [Id(1)]
    public IReadOnlyList<string> Dependencies { get; init; } = [];
}
