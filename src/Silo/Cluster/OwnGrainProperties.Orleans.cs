using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orleans.Metadata;
using Orleans.Runtime;

namespace Sophia.Cluster;

/// <summary>A silo goes by what its own program says of a grain class, whatever other programs of the cluster say of it (docs/adr/0017).</summary>
/// <remarks>
/// Orleans takes a class's properties (placement and its filters, reentrancy) from the first manifest that names it, of any silo, in no order that means
/// anything. While two releases run side by side a silo would so go by the other's word: refuse to place a grain because of a filter that only the other
/// program has, or run a grain with the other's reentrancy. So this silo's own manifest is asked first. Silos of a release that does not do so yet are not
/// told what they could stumble over: <see cref="IsOwn"/> stays in this process.
/// </remarks>
internal sealed class OwnGrainProperties : IGrainPropertiesProvider
{
    private readonly ConcurrentDictionary<GrainType, ImmutableDictionary<string, string>> own = new();

    /// <summary>After all other providers: takes out of what other silos are told what only this program goes by.</summary>
    public void Populate(Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        own[grainType] = properties.Where(property => IsOwn(property.Key)).ToImmutableDictionary(StringComparer.Ordinal);
        foreach (var name in own[grainType].Keys)
            properties.Remove(name);
    }

    /// <summary>What is known of the grain classes of a cluster, this program's own word first.</summary>
    public IClusterManifestProvider Before(IClusterManifestProvider others) => new OwnFirst(others, this);

    private GrainManifest Own(GrainManifest told) => new(told.Grains.ToImmutableDictionary(grain => grain.Key, grain => With(grain.Key, grain.Value)), told.Interfaces);

    private GrainProperties With(GrainType type, GrainProperties told) => own.TryGetValue(type, out var kept) ? new GrainProperties(told.Properties.SetItems(kept)) : told;

    private static bool IsOwn(string property) => property.StartsWith(WellKnownGrainTypeProperties.PlacementFilter, StringComparison.Ordinal)
        || property is WellKnownGrainTypeProperties.Reentrant or WellKnownGrainTypeProperties.MayInterleavePredicate;

    private sealed class OwnFirst(IClusterManifestProvider others, OwnGrainProperties own) : IClusterManifestProvider
    {
        private readonly Lazy<GrainManifest> local = new(() => own.Own(others.LocalGrainManifest));
        private volatile Seen? seen;

        // Of the manifests only their order is asked here; which silo has which class is asked elsewhere.
        public ClusterManifest Current
        {
            get
            {
                var all = others.Current;
                if (seen is not { } last || last.All != all)
                    seen = last = new Seen(all, new ClusterManifest(all.Version, ImmutableDictionary<SiloAddress, GrainManifest>.Empty, [local.Value, .. all.AllGrainManifests]));
                return last.View;
            }
        }

        public IAsyncEnumerable<ClusterManifest> Updates => others.Updates;

        public GrainManifest LocalGrainManifest => local.Value;

        private sealed record Seen(ClusterManifest All, ClusterManifest View);
    }
}
