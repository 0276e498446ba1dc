using System.Collections.Immutable;
using Orleans.Metadata;
using Orleans.Runtime;

namespace Sophia.Cluster;

// Goal: a silo of one release beside one of the other goes by its own word about grain classes (docs/adr/0017). Method: manifests as silos of both tell them, in any order.
public sealed class OwnGrainPropertiesTests
{
    private static readonly GrainType Known = GrainType.Create("known"), OnlyThere = GrainType.Create("onlythere");

    private static readonly string[] OfThisProgram = ["placement-filter", "placement-filter.PoolFilter.order", "reentrant", "may-interleave-predicate"];

    [Fact]
    public void Other_silos_are_not_told_what_an_older_program_could_stumble_over()
    {
        var properties = Mine();
        new OwnGrainProperties().Populate(typeof(object), Known, properties);
        Assert.Equal(["placement-strategy"], properties.Keys);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void This_silo_places_and_runs_a_class_as_its_own_program_says_whichever_silo_is_listed_first(int mine, int theirs)
    {
        var own = new OwnGrainProperties();
        var told = Mine();
        own.Populate(typeof(object), Known, told);
        var silos = new GrainManifest[2];
        silos[mine] = Manifest((Known, told));
        silos[theirs] = Manifest((Known, new() { ["placement-strategy"] = "Other", ["placement-filter"] = "FilterOfAnotherRelease", ["reentrant"] = "false" }), (OnlyThere, new() { ["placement-strategy"] = "Theirs" }));
        var resolver = new GrainPropertiesResolver(own.Before(new Listed(silos[mine], silos)));
        Assert.Equal(Mine().OrderBy(one => one.Key, StringComparer.Ordinal), resolver.GetGrainProperties(Known).Properties.OrderBy(one => one.Key, StringComparer.Ordinal));
        // A class that only the other release has is known by its word.
        Assert.Equal("Theirs", resolver.GetGrainProperties(OnlyThere).Properties["placement-strategy"]);
    }

    private static Dictionary<string, string> Mine() => new(OfThisProgram.Select(name => KeyValuePair.Create(name, "mine")).Append(new("placement-strategy", "Mine")), StringComparer.Ordinal);

    private static GrainManifest Manifest(params (GrainType Type, Dictionary<string, string> Properties)[] grains) => new(
        grains.ToImmutableDictionary(grain => grain.Type, grain => new GrainProperties(grain.Properties.ToImmutableDictionary(StringComparer.Ordinal))),
        ImmutableDictionary<GrainInterfaceType, GrainInterfaceProperties>.Empty);

    private sealed class Listed(GrainManifest local, IEnumerable<GrainManifest> silos) : IClusterManifestProvider
    {
        public ClusterManifest Current { get; } = new(new MajorMinorVersion(1, 1), ImmutableDictionary<SiloAddress, GrainManifest>.Empty, [.. silos]);

        public IAsyncEnumerable<ClusterManifest> Updates => throw new NotSupportedException();

        public GrainManifest LocalGrainManifest => local;
    }
}
