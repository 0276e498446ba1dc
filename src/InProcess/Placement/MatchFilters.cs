using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Orleans.Runtime.Placement.Filtering;

/// <summary>Only silos whose metadata equal, under these names, those of the silo that places.</summary>
[AttributeUsage(AttributeTargets.Class), Experimental("ORLEANSEXP004")]
public class RequiredMatchSiloMetadataPlacementFilterAttribute(string[] metadataKeys, int order = 0)
    : PlacementFilterAttribute(new RequiredMatchSiloMetadataPlacementFilterStrategy(metadataKeys, order));

/// <summary>Rather silos whose metadata equal those of the silo that places; the last name weighs most.</summary>
[AttributeUsage(AttributeTargets.Class), Experimental("ORLEANSEXP004")]
public class PreferredMatchSiloMetadataPlacementFilterAttribute(string[] orderedMetadataKeys, int minCandidates = 2, int order = 0)
    : PlacementFilterAttribute(new PreferredMatchSiloMetadataPlacementFilterStrategy(orderedMetadataKeys, minCandidates, order));

/// <summary>See <see cref="RequiredMatchSiloMetadataPlacementFilterAttribute"/>.</summary>
public class RequiredMatchSiloMetadataPlacementFilterStrategy(string[] metadataKeys, int order) : PlacementFilterStrategy(order)
{
    /// <summary>To be filled from properties.</summary>
    public RequiredMatchSiloMetadataPlacementFilterStrategy() : this([], 0) { }

    /// <summary>The names that must agree.</summary>
    public string[] MetadataKeys { get; private set; } = metadataKeys;

    /// <inheritdoc/>
    public override void AdditionalInitialize(GrainProperties properties) => MetadataKeys =
        GetPlacementFilterGrainProperty("metadata-keys", properties)?.Split(',')
        ?? throw new ArgumentException("Invalid metadata-keys property value.");

    /// <inheritdoc/>
    protected override IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(IServiceProvider services, Type grainClass,
        GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) => [new("metadata-keys", string.Join(',', MetadataKeys))];
}

/// <summary>See <see cref="PreferredMatchSiloMetadataPlacementFilterAttribute"/>.</summary>
public class PreferredMatchSiloMetadataPlacementFilterStrategy(string[] orderedMetadataKeys, int minCandidates, int order)
    : PlacementFilterStrategy(order)
{
    /// <summary>To be filled from properties.</summary>
    public PreferredMatchSiloMetadataPlacementFilterStrategy() : this([], 2, 0) { }

    /// <summary>The names, the most important last.</summary>
    public string[] OrderedMetadataKeys { get; set; } = orderedMetadataKeys;

    /// <summary>How many silos must be left; default 2.</summary>
    public int MinCandidates { get; set; } = minCandidates;

    /// <inheritdoc/>
    public override void AdditionalInitialize(GrainProperties properties)
    {
        OrderedMetadataKeys = GetPlacementFilterGrainProperty("ordered-metadata-keys", properties)?.Split(',')
            ?? throw new ArgumentException("Invalid ordered-metadata-keys property value.");
        MinCandidates = int.TryParse(GetPlacementFilterGrainProperty("min-candidates", properties), out var written)
            ? written
            : throw new ArgumentException("Invalid min-candidates property value.");
    }

    /// <inheritdoc/>
    protected override IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(IServiceProvider services, Type grainClass,
        GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) =>
    [
        new("ordered-metadata-keys", string.Join(',', OrderedMetadataKeys)),
        new("min-candidates", MinCandidates.ToString(CultureInfo.InvariantCulture)),
    ];
}

internal sealed class RequiredMatchSiloMetadataPlacementFilterDirector(ILocalSiloDetails local, ISiloMetadataCache cache) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var keys = ((RequiredMatchSiloMetadataPlacementFilterStrategy)filterStrategy).MetadataKeys;
        var here = cache.GetSiloMetadata(local.SiloAddress).Metadata;
        return silos.Where(silo => cache.GetSiloMetadata(silo).Metadata is var there
            && keys.All(key => here.GetValueOrDefault(key) == there.GetValueOrDefault(key)));
    }
}

internal sealed class PreferredMatchSiloMetadataPlacementFilterDirector(ILocalSiloDetails local, ISiloMetadataCache cache) : IPlacementFilterDirector
{
    // A silo's score is how many names agree, counted from the most important on and up to the first that does not. The best scores stay,
    // and as many of the next as are needed for the wanted number of candidates.
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var filter = (PreferredMatchSiloMetadataPlacementFilterStrategy)filterStrategy;
        var here = cache.GetSiloMetadata(local.SiloAddress).Metadata;
        var scored = silos.Select(silo => (silo, score: Score(silo))).ToList();
        if (here.Count == 0 || scored.Count <= filter.MinCandidates || scored.All(entry => entry.score == 0))
            return scored.Select(entry => entry.silo);
        var least = scored.Select(entry => entry.score).OrderDescending().ElementAt(Math.Max(0, filter.MinCandidates - 1));
        return scored.Where(entry => entry.score >= least).Select(entry => entry.silo);

        int Score(SiloAddress silo)
        {
            var there = cache.GetSiloMetadata(silo).Metadata;
            return filter.OrderedMetadataKeys.Reverse()
                .TakeWhile(key => there.TryGetValue(key, out var value) && here.TryGetValue(key, out var own) && value == own)
                .Count();
        }
    }
}
