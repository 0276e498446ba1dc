using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>One grain class: how to construct it and what its attributes say.</summary>
internal sealed class GrainClass
{
    private readonly ConcurrentDictionary<MethodEntry, MethodInfo> _implementations = new();
    private readonly Lazy<ObjectFactory> _factory;
    private readonly List<StateFacet> _facets;

    public GrainClass(Type type)
    {
        Type = type;
        GrainType = NameOf(type);
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute), true);
        MaxWorkers = type.GetCustomAttribute<StatelessWorkerAttribute>(true) is { } worker
            ? worker.MaxLocalWorkers > 0 ? worker.MaxLocalWorkers : Environment.ProcessorCount
            : 0;
        Placement = type.GetCustomAttribute<PlacementAttribute>(true)?.PlacementStrategy ?? RandomPlacement.Singleton;
        HasPlacementFilters = type.IsDefined(typeof(PlacementFilterAttribute), true);
        NeedsActivation = Overrides(nameof(IGrainBase.OnActivateAsync));
        NeedsDeactivation = Overrides(nameof(IGrainBase.OnDeactivateAsync));
        _facets = StateFacet.Of(type);
        _factory = new(() => ActivatorUtilities.CreateFactory(type, [.. _facets.Select(facet => facet.ParameterType)]));
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public bool IsReentrant { get; }

    /// <summary>How many activations one key may have; 0 for a class that is no stateless worker.</summary>
    public int MaxWorkers { get; }

    /// <summary>How its silo is chosen.</summary>
    public PlacementStrategy Placement { get; }

    /// <summary>Whether filters say which silos may have it.</summary>
    public bool HasPlacementFilters { get; }

    /// <summary>Its name in statistics.</summary>
    public string StatisticsName => field ??= $"{Type.FullName},{Type.Assembly.GetName().Name}";

    public bool NeedsActivation { get; }

    public bool NeedsDeactivation { get; }

    /// <summary>Constructs an instance; <paramref name="states"/> receives what must be read before it activates.</summary>
    public object Construct(Activation activation, List<IStateLoader> states)
    {
        var arguments = new object?[_facets.Count];
        for (var i = 0; i < arguments.Length; i++)
        {
            var state = _facets[i].Create(activation);
            states.Add(state);
            arguments[i] = state;
        }
        return _factory.Value(activation.ActivationServices, arguments);
    }

    public Task OnActivate(object grain, CancellationToken cancellation) => grain switch
    {
        Grain typed => typed.OnActivateAsync(cancellation),
        IGrainBase other => other.OnActivateAsync(cancellation),
        _ => Task.CompletedTask,
    };

    public Task OnDeactivate(object grain, DeactivationReason reason, CancellationToken cancellation) => grain switch
    {
        Grain typed => typed.OnDeactivateAsync(reason, cancellation),
        IGrainBase other => other.OnDeactivateAsync(reason, cancellation),
        _ => Task.CompletedTask,
    };

    /// <summary>The class's method behind a method of its interface.</summary>
    public MethodInfo Implementation(MethodEntry method) => _implementations.GetOrAdd(method, static (method, type) =>
    {
        var map = type.GetInterfaceMap(method.Method.DeclaringType!);
        return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, method.Method)];
    }, Type);

    private bool Overrides(string method) => typeof(Grain).IsAssignableFrom(Type)
        ? Type.GetMethods().Any(m => m.Name == method && m.DeclaringType != typeof(Grain))
        : typeof(IGrainBase).IsAssignableFrom(Type);

    private static GrainType NameOf(Type type)
    {
        if (type.GetCustomAttribute<GrainTypeAttribute>() is { } named)
            return GrainType.Create(named.Name);
        var name = type.Name;
        if (name.EndsWith("Grain", StringComparison.Ordinal) && name.Length > "Grain".Length)
            name = name[..^"Grain".Length];
        return GrainType.Create(name.ToLowerInvariant());
    }
}

/// <summary>All grain classes, by the type in their identities and by the interfaces they implement.</summary>
internal sealed class GrainClasses
{
    private readonly Dictionary<GrainType, GrainClass> _byType = [];
    private readonly Dictionary<Type, List<GrainClass>> _byInterface = [];

    public GrainClasses(IEnumerable<Assembly> assemblies)
    {
        foreach (var type in assemblies.Distinct().SelectMany(TypesOf).Where(IsGrainClass).Append(typeof(Management.ManagementGrain)))
            Add(new(type));
    }

    /// <summary>Whether there is a class of this type.</summary>
    public bool Knows(GrainType type) => _byType.ContainsKey(type);

    /// <summary>The class of this type; throws <see cref="ArgumentException"/> if there is none.</summary>
    public GrainClass Find(GrainType type) => _byType.TryGetValue(type, out var found)
        ? found
        : throw new ArgumentException($"Could not find an implementation for grain type {type}.");

    /// <summary>The class that implements this interface; throws <see cref="ArgumentException"/> if none or several do.</summary>
    public GrainClass Implementing(Type interfaceType, string? classNamePrefix)
    {
        var candidates = _byInterface.GetValueOrDefault(interfaceType) ?? [];
        if (classNamePrefix is not null)
            candidates = candidates.FindAll(c => c.Type.FullName!.StartsWith(classNamePrefix, StringComparison.Ordinal));
        return candidates switch
        {
            [var only] => only,
            [] => throw new ArgumentException($"Could not find an implementation for interface {interfaceType.FullName}."),
            _ => candidates.Find(c => "I" + c.Type.Name == interfaceType.Name) ?? throw new ArgumentException(
                $"Unable to identify a single appropriate grain type for interface {interfaceType.FullName}. "
                + $"Candidates: {string.Join(", ", candidates.Select(c => c.Type.FullName))}"),
        };
    }

    private void Add(GrainClass grainClass)
    {
        if (!_byType.TryAdd(grainClass.GrainType, grainClass))
            throw new OrleansConfigurationException($"{grainClass.Type.FullName} and {_byType[grainClass.GrainType].Type.FullName} "
                + $"are both named {grainClass.GrainType}; give one a [GrainType].");
        foreach (var contract in grainClass.Type.GetInterfaces().Where(typeof(IGrain).IsAssignableFrom))
        {
            if (!_byInterface.TryGetValue(contract, out var list))
                _byInterface.Add(contract, list = []);
            list.Add(grainClass);
        }
    }

    private static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException partly)
        {
            return partly.Types.OfType<Type>();
        }
    }

    private static bool IsGrainClass(Type type) => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }
        && typeof(IGrain).IsAssignableFrom(type) && typeof(IGrainBase).IsAssignableFrom(type);
}
