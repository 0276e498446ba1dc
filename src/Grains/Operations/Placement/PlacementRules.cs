namespace Sophia.Operations;

/// <summary>A silo that may take a grain, with what it says of itself.</summary>
internal readonly record struct LabelledSilo(SiloAddress Address, IReadOnlyDictionary<string, string> Labels)
{
    public bool Has(SiloLabel label) => Labels.GetValueOrDefault(label.Name) == label.Value;
}

/// <summary>Which silos are left for a grain. Pure.</summary>
internal static class PlacementRules
{
    /// <summary>Those with the label. Without any: all where it is only preferred, else none.</summary>
    public static List<LabelledSilo> WithLabel(List<LabelledSilo> silos, SiloLabel label, GpuPolicy policy) =>
        silos.FindAll(silo => silo.Has(label)) is { Count: > 0 } with ? with : policy == GpuPolicy.Prefer ? silos : [];

    /// <summary>Those of the tenant's pool. A silo of a pool takes none but its tenants; who has no pool lives on silos without one.</summary>
    public static List<LabelledSilo> OfPool(List<LabelledSilo> silos, string? pool) => silos.FindAll(silo => silo.Labels.GetValueOrDefault(SiloLabel.Pool) == pool);

    /// <summary>Those in the zone of the silo that places, else in its region, else all.</summary>
    public static List<LabelledSilo> Nearest(List<LabelledSilo> silos, IReadOnlyDictionary<string, string> here)
    {
        if (here.TryGetValue(SiloLabel.Zone, out var zone) && silos.FindAll(silo => silo.Has(new(SiloLabel.Zone, zone)) && IsInRegion(silo)) is { Count: > 0 } near)
            return near;
        return here.ContainsKey(SiloLabel.Region) && silos.FindAll(IsInRegion) is { Count: > 0 } within ? within : silos;

        // A zone's name may come again in another region.
        bool IsInRegion(LabelledSilo silo) => silo.Labels.GetValueOrDefault(SiloLabel.Region) == here.GetValueOrDefault(SiloLabel.Region);
    }
}
