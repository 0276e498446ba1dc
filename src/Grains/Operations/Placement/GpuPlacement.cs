using Microsoft.Extensions.Options;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Sophia.Operations;

/// <summary>Grains of this class live on silos that have a GPU: on which, and what happens without one, say <see cref="PlacementOptions"/>. Of several, one near the caller.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OnGpuAttribute() : PlacementFilterAttribute(new GpuFilter(GpuFilter.Place));

/// <summary>See <see cref="OnGpuAttribute"/>.</summary>
internal sealed class GpuFilter(int order) : PlacementFilterStrategy(order)
{
    /// <summary>After <see cref="TenantPoolFilter"/>: a pool's tenants have its GPUs.</summary>
    public const int Place = 2;

    public GpuFilter() : this(Place)
    {
    }
}

internal sealed class GpuFilterDirector(GpuPlacement placement) : IPlacementFilterDirector
{
    /// <exception cref="RefusedException">Unavailable: no silo has the label, and it is waited for. The caller gets this as it is.</exception>
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos) => placement.Of([.. silos]);
}

/// <summary>Where grains that want a GPU may live, as this silo sees it.</summary>
internal sealed class GpuPlacement(SiloLabels labels, TenantPools pools, IOptions<PlacementOptions> options)
{
    /// <summary>Those of the candidates that are left.</summary>
    /// <exception cref="RefusedException">Unavailable: none has the label, and it is waited for.</exception>
    public IEnumerable<SiloAddress> Of(IReadOnlyCollection<SiloAddress> candidates)
    {
        var with = PlacementRules.WithLabel(labels.With(candidates), options.Value.Gpu, options.Value.GpuPolicy);
        return with.Count == 0 && candidates.Count > 0
            ? throw new RefusedException(RefusalCode.Unavailable, $"It waits for a silo labelled {options.Value.Gpu}; {(candidates.Count == 1 ? "the one silo that could take it is none" : $"none of the {candidates.Count} silos that could take it is one")}.")
            : PlacementRules.Nearest(with, labels.Here).Select(silo => silo.Address);
    }

    /// <summary>Whether a grain that lives here would be placed on other silos now: one with a GPU has joined. It moves there then.</summary>
    public bool IsBetterElsewhere(GrainId grain)
    {
        var label = options.Value.Gpu;
        return labels.Here.GetValueOrDefault(label.Name) != label.Value && pools.Of(grain, labels.With(labels.Active)).Any(silo => silo.Has(label));
    }
}
