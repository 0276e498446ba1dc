using Microsoft.Extensions.Options;
using Orleans.Placement;
using Orleans.Runtime.Placement;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Grains of this class belong to tenants, and live where their tenant may (<see cref="PlacementOptions.Pools"/>).</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class InTenantPoolAttribute() : PlacementFilterAttribute(new TenantPoolFilter(TenantPoolFilter.Place));

/// <summary>See <see cref="InTenantPoolAttribute"/>.</summary>
internal sealed class TenantPoolFilter(int order) : PlacementFilterStrategy(order)
{
    public const int Place = 1;

    public TenantPoolFilter() : this(Place)
    {
    }
}

internal sealed class TenantPoolFilterDirector(TenantPools pools, SiloLabels labels) : IPlacementFilterDirector
{
    /// <exception cref="RefusedException">Unavailable: no silo of the tenant's pool is there. The caller gets this as it is.</exception>
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var candidates = labels.With(silos);
        var left = pools.Of(target.GrainIdentity, candidates);
        if (left.Count > 0 || candidates.Count == 0)
            return left.Select(silo => silo.Address);
        throw new RefusedException(RefusalCode.Unavailable, pools.PoolOf(target.GrainIdentity) is { } pool
            ? $"It waits for a silo labelled {SiloLabel.Pool}={pool}; none of the {candidates.Count} that are there is one."
            : $"It waits for a silo of no pool; all {candidates.Count} that are there are kept for some tenants.");
    }
}

/// <summary>Which silos a tenant's grains may live on.</summary>
internal sealed class TenantPools(IOptions<PlacementOptions> options)
{
    public List<LabelledSilo> Of(GrainId grain, List<LabelledSilo> silos) => IsSystem(grain) && PlacementRules.OfPool(silos, null) is { Count: 0 }
        ? silos
        : PlacementRules.OfPool(silos, PoolOf(grain));

    public string? PoolOf(GrainId grain) => TenantKey.TryParse(grain.Key.ToString(), out var key) ? options.Value.Pools.GetValueOrDefault(key.Tenant) : null;

    // What belongs to nobody lives on silos of no pool as long as there are such, and then anywhere: without it nobody could work.
    private static bool IsSystem(GrainId grain) => grain.Key.ToString() is { } key && (key == TenantKey.System || key.StartsWith(TenantKey.System + "/", StringComparison.Ordinal));
}
