using System.Collections.Frozen;
using System.Collections.Immutable;
using Orleans.Runtime;

namespace Orleans.InProcess.Copying;

/// <summary>Decides which types can never change once made, so that sender and receiver may share them.</summary>
internal static class Immutability
{
    private static readonly FrozenSet<Type> Leaves = new[]
    {
        typeof(string), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly),
        typeof(TimeOnly), typeof(Uri), typeof(Version), typeof(Half), typeof(Int128), typeof(UInt128), typeof(System.Numerics.BigInteger),
        typeof(System.Net.IPAddress), typeof(System.Net.IPEndPoint), typeof(System.Globalization.CultureInfo),
        typeof(CancellationToken), typeof(Nothing), typeof(ReadOnlyMemory<byte>),
        typeof(IdSpan), typeof(GrainType), typeof(GrainId), typeof(GrainInterfaceType), typeof(ActivationId), typeof(SiloAddress),
    }.ToFrozenSet();

    private static readonly FrozenSet<Type> Containers = new[]
    {
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableDictionary<,>), typeof(ImmutableHashSet<>),
        typeof(ImmutableSortedDictionary<,>), typeof(ImmutableSortedSet<>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>),
        typeof(FrozenSet<>), typeof(FrozenDictionary<,>), typeof(ReadOnlyMemory<>), typeof(Nullable<>), typeof(KeyValuePair<,>),
    }.ToFrozenSet();

    /// <summary>Whether every value of this static type may be shared.</summary>
    public static bool IsImmutable(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || Leaves.Contains(type) || type.IsDefined(typeof(ImmutableAttribute), false))
            return true;
        if (typeof(GrainReference).IsAssignableFrom(type) || typeof(Type).IsAssignableFrom(type) || typeof(Exception).IsAssignableFrom(type))
            return true;
        if (!type.IsGenericType)
            return false;
        if (Containers.Contains(type.GetGenericTypeDefinition()) || IsFrozen(type))
            return type.GetGenericArguments().All(IsImmutable);
        return IsTuple(type) && type.GetGenericArguments().All(IsImmutable);
    }

    private static bool IsFrozen(Type type) => type.BaseType is { IsGenericType: true } parent
        && (parent.GetGenericTypeDefinition() == typeof(FrozenSet<>) || parent.GetGenericTypeDefinition() == typeof(FrozenDictionary<,>)
            || IsFrozen(parent));

    private static bool IsTuple(Type type) => type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal)
        || type.FullName.StartsWith("System.Tuple`", StringComparison.Ordinal);
}
