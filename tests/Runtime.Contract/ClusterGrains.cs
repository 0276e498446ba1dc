using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;
using Orleans.Runtime.Placement.Filtering;

namespace Sophia.Runtime.Contract;

/// <summary>Says where it lives, and asks others from there.</summary>
public interface IPlacedGrain : IGrainWithStringKey
{
    [ResponseTimeout(PlacedGrain.Soon)]
    Task<SiloAddress> Where();

    /// <summary>Asks a grain of another class, so that the call comes from this one's silo.</summary>
    Task<SiloAddress> Ask(string kind, string key);

    /// <summary>Answers when the journal says go, with how many calls this activation has had.</summary>
    [ResponseTimeout(PlacedGrain.Soon)]
    Task<int> Hold(string line);

    /// <summary>The same, for a caller who waits as long as the runtime lets him.</summary>
    Task<int> HoldOn(string line);

    /// <summary>Has another grain hold, so that the one who waits is a grain; writes down how the call failed.</summary>
    [ResponseTimeout(PlacedGrain.Soon)]
    Task<int> HoldOther(string key, string line);
}

public interface IByHashGrain : IPlacedGrain;

public interface IAtRandomGrain : IPlacedGrain;

public interface ILocalGrain : IPlacedGrain;

public interface IByCountGrain : IPlacedGrain;

public interface IHelperGrain : IPlacedGrain;

public interface ISameZoneGrain : IPlacedGrain;

public interface INearZoneGrain : IPlacedGrain;

public interface IGpuGrain : IPlacedGrain;

public interface INowhereGrain : IPlacedGrain;

public interface INearGpuGrain : IPlacedGrain
{
    Task Leave();
}

public abstract class PlacedGrain(ILocalSiloDetails silo, Journal journal) : Grain
{
    /// <summary>How long is waited for what a lost silo may have had: whoever asks where a grain is asks again.</summary>
    public const string Soon = "00:00:20";

    private int _calls;

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        journal.Write(this.GetGrainId().ToString(), $"{reason.ReasonCode} on {silo.SiloAddress}");
        return Task.CompletedTask;
    }

    public Task<SiloAddress> Where() => Task.FromResult(silo.SiloAddress);

    public Task<SiloAddress> Ask(string kind, string key) => kind switch
    {
        "local" => GrainFactory.GetGrain<ILocalGrain>(key).Where(),
        "worker" => GrainFactory.GetGrain<IHelperGrain>(key).Where(),
        "same zone" => GrainFactory.GetGrain<ISameZoneGrain>(key).Where(),
        "nowhere" => GrainFactory.GetGrain<INowhereGrain>(key).Where(),
        "near gpu" => GrainFactory.GetGrain<INearGpuGrain>(key).Where(),
        "near zone" => GrainFactory.GetGrain<INearZoneGrain>(key).Where(),
        _ => GrainFactory.GetGrain<IByHashGrain>(key).Where(),
    };

    public async Task<int> Hold(string line)
    {
        journal.Write(line, "begun");
        var count = ++_calls;
        await journal.Until(line, lines => lines.Contains("go"));
        return count;
    }

    public Task<int> HoldOn(string line) => Hold(line);

    public async Task<int> HoldOther(string key, string line)
    {
        try
        {
            return await GrainFactory.GetGrain<IByHashGrain>(key).HoldOn(line);
        }
        catch (Exception lost)
        {
            journal.Write($"{line}/outcome", lost.GetType().Name);
            return 0;
        }
    }
}

[HashBasedPlacement]
public sealed class ByHashGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), IByHashGrain;

[RandomPlacement]
public sealed class AtRandomGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), IAtRandomGrain;

[PreferLocalPlacement]
public sealed class LocalGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), ILocalGrain;

[ActivationCountBasedPlacement]
public sealed class ByCountGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), IByCountGrain;

[StatelessWorker]
public sealed class HelperGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), IHelperGrain;

#pragma warning disable ORLEANSEXP004 // The attributes of metadata filters are experimental in Orleans 10.
[RequiredMatchSiloMetadataPlacementFilter(["zone"])]
public sealed class SameZoneGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), ISameZoneGrain;

[PreferredMatchSiloMetadataPlacementFilter(["zone"], 1)]
public sealed class NearZoneGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), INearZoneGrain;
#pragma warning restore ORLEANSEXP004

[ZoneFilter("gpu")]
public sealed class GpuGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), IGpuGrain;

[ZoneFilter("gpu", isPreferred: true)]
public sealed class NearGpuGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), INearGpuGrain
{
    public Task Leave()
    {
        MigrateOnIdle();
        return Task.CompletedTask;
    }
}

[ZoneFilter(ZoneFilter.Nowhere)]
public sealed class NowhereGrain(ILocalSiloDetails silo, Journal journal) : PlacedGrain(silo, journal), INowhereGrain;

/// <summary>A filter as an application writes one: only silos of a fixed zone, or those rather than others.</summary>
public sealed class ZoneFilter(string zone, bool isPreferred, int order) : PlacementFilterStrategy(order)
{
    public const string Nowhere = "nowhere";

    public ZoneFilter() : this("", false, 0) { }

    public string Zone { get; private set; } = zone;

    public bool IsPreferred { get; private set; } = isPreferred;

    public override void AdditionalInitialize(GrainProperties properties)
    {
        Zone = GetPlacementFilterGrainProperty("zone", properties)!;
        IsPreferred = GetPlacementFilterGrainProperty("preferred", properties) == "yes";
    }

    protected override IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(IServiceProvider services, Type grainClass,
        GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) => [new("zone", Zone), new("preferred", IsPreferred ? "yes" : "no")];
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class ZoneFilterAttribute(string zone, bool isPreferred = false) : PlacementFilterAttribute(new ZoneFilter(zone, isPreferred, 0));

public sealed class ZoneFilterDirector(ISiloMetadataCache cache) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var filter = (ZoneFilter)filterStrategy;
        if (filter.Zone == ZoneFilter.Nowhere)
            throw new NowhereException($"{target.GrainIdentity.Key} waits for its zone");
        var fit = silos.Where(silo => cache.GetSiloMetadata(silo).Metadata.GetValueOrDefault("zone") == filter.Zone).ToList();
        return filter.IsPreferred && fit.Count == 0 ? silos : fit;
    }
}

[GenerateSerializer, Alias("NowhereException")]
public sealed class NowhereException(string message) : Exception(message);
