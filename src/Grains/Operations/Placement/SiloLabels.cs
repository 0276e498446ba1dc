using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Sophia.Operations;

/// <summary>What the silos of the cluster say of themselves, as this one knows it. A silo that has just joined may be known without its labels for a moment.</summary>
internal sealed class SiloLabels(IServiceProvider services, ISiloStatusOracle silos)
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    // Absent where no silo of this composition has labels.
    private readonly ISiloMetadataCache? cache = services.GetService<ISiloMetadataCache>();

    /// <summary>This silo's.</summary>
    public IReadOnlyDictionary<string, string> Here => Of(silos.SiloAddress);

    public SiloAddress Self => silos.SiloAddress;

    /// <summary>The silos that take grains, in order of their addresses.</summary>
    public IEnumerable<SiloAddress> Active => silos.GetActiveSilos().Order();

    public List<LabelledSilo> With(IEnumerable<SiloAddress> candidates) => [.. candidates.Select(silo => new LabelledSilo(silo, Of(silo)))];

    public IReadOnlyDictionary<string, string> Of(SiloAddress silo) => cache?.GetSiloMetadata(silo).Metadata is { } known ? known : None;
}
