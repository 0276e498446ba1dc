using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>One grain or observer interface: its methods, inherited ones included, and how to make a reference that shows it.</summary>
internal sealed class InterfaceEntry
{
    private readonly Lazy<Func<Silo, GrainId, InterfaceEntry, GrainProxy>> _make;

    public InterfaceEntry(Type type, Serialization.DeepCopier copier)
    {
        if (!type.IsInterface || !typeof(IAddressable).IsAssignableFrom(type))
            throw new ArgumentException($"{type} is not a grain interface.", nameof(type));
        Type = type;
        Name = type.FullName ?? type.Name;
        Methods = [.. type.GetInterfaces().Append(type)
            .SelectMany(contract => contract.GetMethods(BindingFlags.Instance | BindingFlags.Public).Where(m => m.IsAbstract)
                .Select(method => new MethodEntry(method, contract, AliasOf(contract), copier)))];
        _make = new(() => ProxyBuilder.Build(this));
    }

    public Type Type { get; }

    public string Name { get; }

    public IReadOnlyList<MethodEntry> Methods { get; }

    /// <summary>The class behind the interface; null until asked for.</summary>
    public GrainClass? DefaultGrainType { get; set; }

    public GrainProxy Make(Silo silo, GrainId grainId) => _make.Value(silo, grainId, this);

    private static string AliasOf(Type type) => type.GetCustomAttributes<AliasAttribute>().FirstOrDefault()?.Alias
        ?? type.FullName ?? type.Name;
}

/// <summary>Makes references and remembers what it learned of each interface.</summary>
internal sealed class References(Silo silo)
{
    private readonly ConcurrentDictionary<Type, InterfaceEntry> _entries = new();

    public InterfaceEntry Entry(Type type) => _entries.TryGetValue(type, out var entry)
        ? entry
        : _entries.GetOrAdd(type, static (type, copier) => new(type, copier), silo.Copier);

    public GrainReference Untyped(GrainId grainId) => new UntypedReference(silo, grainId);

    public object Make(Type type, GrainId grainId) => Entry(type).Make(silo, grainId);

    /// <summary>The same grain seen through another interface.</summary>
    public object Cast(GrainReference reference, Type type) =>
        type.IsInstanceOfType(reference) ? reference : Make(type, reference.GrainId);
}
