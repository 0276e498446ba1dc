using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Sophia.Security;

namespace Sophia;

/// <summary>Several silos of one cluster in this process, which may be killed, and whose grains may be moved. How each runtime does that stands in the file of its name.</summary>
internal sealed partial class ManySilos : IAsyncDisposable
{
    private readonly List<(SiloAddress Address, IServiceProvider Services)> silos = [];

    /// <summary>Silos that ever were, dead ones included.</summary>
    public int Count => silos.Count;

    /// <summary>A service of a silo, by the order in which they came.</summary>
    public T Get<T>(int silo) where T : notnull => silos[silo].Services.GetRequiredService<T>();

    public IEnumerable<T> All<T>(int silo) where T : notnull => silos[silo].Services.GetServices<T>();

    public IGrainFactory Grains(int silo) => Get<IGrainFactory>(silo);

    /// <summary>The silo that has this grain; null: none.</summary>
    public int? HomeOf(IGrain grain) => Find(grain.GetGrainId()) is { } at && silos.FindIndex(silo => silo.Address.Equals(at)) is >= 0 and var home ? home : null;

    private void Joined(IServiceProvider services) => silos.Add((services.GetRequiredService<ILocalSiloDetails>().SiloAddress, services));
}
