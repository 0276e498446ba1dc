using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.InProcess.Observers;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Orleans.InProcess;

/// <summary>Finds the silo of each call's grain: the one that has it, else one that its class's filters and strategy choose.</summary>
/// <remarks>A silo chooses for itself, with its own services; for a client its gateway does, which is the silo that the grain's hash
/// points to. Stateless workers are in no directory.</remarks>
internal sealed class Placement(Silo silo, GrainClasses classes)
{
    private readonly ConcurrentDictionary<GrainType, PlacementFilterStrategy[]> _filters = new();
    private readonly int _drawn = silo.Services.GetService<IOptions<ActivationCountBasedPlacementOptions>>()?.Value.ChooseOutOf ?? 2;

    private InProcessCluster Cluster => silo.Cluster;

    /// <summary>Where a call goes; throws <see cref="SiloUnavailableException"/> if this silo stops and no other is there, and
    /// <see cref="OrleansException"/> if none may have the grain.</summary>
    public Silo Home(Message call)
    {
        if (ObserverTable.IsObserver(call.Target))
            return ObserverTable.SiloOf(call.Target, Cluster) ?? throw ObserverTable.Gone(call.Target);
        if (!silo.IsClient && silo.Catalog.Has(call.Target))
            return silo;
        var grainClass = classes.Find(call.Target.Type);
        return (grainClass.MaxWorkers == 0 ? Cluster.Directory.Find(call.Target) : null) ?? Place(grainClass, call);
    }

    /// <summary>Where a new activation goes.</summary>
    public Silo Place(GrainClass grainClass, Message call)
    {
        var placing = silo.IsClient ? call.Gateway : silo;
        return placing is null
            ? throw new SiloUnavailableException("No silo is active.")
            : placing.Placement.Choose(grainClass, call);
    }

    /// <summary>The silo through which a client makes this call; null for silos.</summary>
    public Silo? GatewayOf(Message call) => silo.IsClient ? Cluster.Membership.OwnerOf(call.Target.GetUniformHashCode()) : null;

    private Silo Choose(GrainClass grainClass, Message call)
    {
        var candidates = Candidates(grainClass, call);
        return candidates.Length switch
        {
            0 when silo.Status > SiloStatus.Active => throw new SiloUnavailableException("The silo stops; the call had no effect."),
            0 => throw new OrleansException($"No active nodes are compatible with grain {grainClass.GrainType} and interface "
                + $"{call.Method.InterfaceId} version 0."),
            1 => candidates[0],
            _ => grainClass.Placement switch
            {
                PreferLocalPlacement or StatelessWorkerPlacement when candidates.Contains(silo) => silo,
                HashBasedPlacement => candidates[(int)((call.Target.GetUniformHashCode() & 0x7fffffff) % candidates.Length)],
                ActivationCountBasedPlacement => Emptier(candidates),
                _ => candidates[Draw(candidates.Length)],
            },
        };
    }

    private Silo[] Candidates(GrainClass grainClass, Message call)
    {
        var active = Cluster.Membership.Active;
        var able = active.All(other => other.Classes.Knows(grainClass.GrainType))
            ? active
            : Array.FindAll(active, other => other.Classes.Knows(grainClass.GrainType));
        if (!grainClass.HasPlacementFilters)
            return able;
        var target = new PlacementTarget(call.Target, call.Context!, call.Method.InterfaceId, 0);
        var addresses = able.Select(other => other.Address);
        foreach (var filter in _filters.GetOrAdd(grainClass.GrainType, _ => FiltersOf(grainClass)))
            addresses = silo.Services.GetRequiredKeyedService<IPlacementFilterDirector>(filter.GetType()).Filter(filter, target, addresses);
        var left = addresses.ToHashSet();
        return Array.FindAll(able, other => left.Contains(other.Address));
    }

    private PlacementFilterStrategy[] FiltersOf(GrainClass grainClass)
    {
        var properties = new Dictionary<string, string>();
        foreach (var attribute in grainClass.Type.GetCustomAttributes(true).OfType<PlacementFilterAttribute>())
            attribute.Populate(silo.Services, grainClass.Type, grainClass.GrainType, properties);
        var known = new GrainProperties(properties.ToImmutableDictionary());
        var filters = properties[WellKnownGrainTypeProperties.PlacementFilter].Split(',').Select(name =>
        {
            var filter = silo.Services.GetKeyedService<PlacementFilterStrategy>(name) ?? throw new KeyNotFoundException(
                $"Could not resolve placement filter strategy {name} for grain type {grainClass.GrainType}: it is not registered in this silo.");
            filter.Initialize(known);
            return filter;
        }).OrderBy(filter => filter.Order).ToArray();
        return filters.DistinctBy(filter => filter.Order).Count() == filters.Length ? filters : throw new InvalidOperationException(
            $"Placement filters for grain type {grainClass.GrainType} have duplicate order values; each needs one of its own.");
    }

    private Silo Emptier(Silo[] candidates)
    {
        var left = candidates.ToList();
        while (left.Count > Math.Max(1, Math.Min(_drawn, candidates.Length)))
            left.RemoveAt(Draw(left.Count));
        return left.MinBy(other => other.Catalog.Count)!;
    }

    private int Draw(int below) => (int)(BitConverter.ToUInt32(silo.World.NewGuid().ToByteArray()) % (uint)below);
}
