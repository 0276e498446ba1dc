using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Remembers which dependencies of a tenant have breakers; the key is the tenant, or "system".</summary>
/// <remarks>Durable: a breaker that is not here is seen by nobody, and nobody can isolate it. Of more than <see cref="Most"/> those that were not seen for longest go, where they are closed, are not held by anybody and no process uses them; one that is used again comes again.</remarks>
[InTenantPool]
internal sealed class BreakerDirectoryGrain([PersistentState("breakers", Stores.Durable)] IPersistentState<BreakerDirectoryState> stored) : Grain, IBreakerDirectoryGrain
{
    /// <summary>Breakers of one owner that are listed. More work as well, and are not seen in lists.</summary>
    internal const int Most = 1_000;

    /// <summary>Breakers that are looked at where there is no room for another.</summary>
    private const int LookedAt = 20;

    public Task<IReadOnlyList<string>> List() => Task.FromResult<IReadOnlyList<string>>([.. stored.State.Dependencies.Order(StringComparer.Ordinal)]);

    public async Task Add(string dependency)
    {
        var known = stored.State.Dependencies;
        if (known.Count <= Most / 2 ? known.Contains(dependency) : known.TakeLast(Most / 2).Contains(dependency))
            return; // Whose turn would not come for long: seldom is anything written for one that is known.
        var others = known.Where(one => one != dependency).ToList();
        if (others.Count >= Most)
        {
            var kept = await Kept([.. others.Take(LookedAt)]);
            others = [.. others.Skip(LookedAt), .. kept];
        }
        await stored.CommitAsync(stored.State with { Dependencies = others.Count < Most ? [.. others, dependency] : others }, onFailure: DeactivateOnIdle);
    }

    /// <summary>Those of them that are to be seen still.</summary>
    private async Task<IEnumerable<string>> Kept(IReadOnlyList<string> names)
    {
        var tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        var kept = await Task.WhenAll(names.Select(async name =>
        {
            try
            {
                return await GrainFactory.GetGrain<ICircuitBreakerGrain>(TenantKey.Of(tenant, name)).View() is not { Hold: BreakerHold.None, Phase: BreakerPhase.Closed, Processes.Count: 0 };
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                return true;
            }
        }));
        return names.Where((_, at) => kept[at]);
    }
}

/// <summary>What the grain keeps. No member is ever changed in place.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.BreakerDirectoryState")]
public sealed record BreakerDirectoryState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>Those that were not seen for longest first.</summary>
    [Id(1)]
    public IReadOnlyList<string> Dependencies { get; init; } = [];
}
