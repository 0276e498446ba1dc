using System.Collections.Concurrent;
using Orleans.InProcess.Copying;

namespace Orleans.Serialization;

/// <summary>Copies what crosses a grain boundary and could be changed afterwards; what cannot change is shared.</summary>
/// <remarks>Arrays, lists, sets, dictionaries, tuples and <see cref="GenerateSerializerAttribute"/> types are copied, the last by their
/// <see cref="IdAttribute"/> members only, as Orleans does. Anything else throws <see cref="CodecNotFoundException"/>: it would
/// not reach a grain on another machine either. An object met twice is copied once, so shapes with cycles survive.</remarks>
public sealed class DeepCopier
{
    private readonly ConcurrentDictionary<Type, TypeCopier> _copiers = new();
    private readonly ConcurrentDictionary<Type, bool> _shared = new();

    /// <summary>A copy of a value that shares with it only what cannot change.</summary>
    public T Copy<T>(T value) => IsShared(typeof(T)) ? value : (T)CopyObject(value, typeof(T))!;

    internal bool IsShared(Type type) => _shared.TryGetValue(type, out var known) ? known : _shared.GetOrAdd(type, Immutability.IsImmutable);

    internal object? CopyObject(object? value, Type declared) => value is null ? null : Copy(value, declared, new());

    internal object Copy(object value, Type declared, CopySession session)
    {
        var type = value.GetType();
        if (IsShared(type))
            return value;
        if (value is Grain grain)
            return declared.IsInterface ? grain.AsReference(declared) : grain.GrainReference;
        return session.Find(value) ?? CopierOf(type).Copy(value, session);
    }

    internal TypeCopier CopierOf(Type type) => _copiers.TryGetValue(type, out var copier)
        ? copier
        : _copiers.GetOrAdd(type, static (type, self) => TypeCopier.For(type, self), this);
}

/// <summary>What was copied so far while one value is copied.</summary>
internal sealed class CopySession
{
    private Dictionary<object, object>? _copies;

    public object? Find(object original) => _copies?.GetValueOrDefault(original);

    public void Remember(object original, object copy)
    {
        _copies ??= new(ReferenceEqualityComparer.Instance);
        _copies[original] = copy;
    }
}
