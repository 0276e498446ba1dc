using Orleans.Placement;
using Orleans.Runtime;

namespace Orleans.Concurrency;

/// <summary>Calls marked so may interleave with each other on one activation, but not with calls that are not marked.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadOnlyAttribute : Attribute;

/// <summary>Every call of this grain class may interleave with every other at an await.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReentrantAttribute : Attribute;

/// <summary>This method may interleave with any call.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AlwaysInterleaveAttribute : Attribute;

/// <summary>The caller does not wait: its task completes at once and never carries the callee's failure.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OneWayAttribute : Attribute;

/// <summary>Any number of activations per key, up to <see cref="MaxLocalWorkers"/> in this silo; no identity, no order.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StatelessWorkerAttribute : PlacementAttribute
{
    /// <summary>As many workers as the process has processors.</summary>
    public StatelessWorkerAttribute() : this(-1) { }

    /// <summary>At most <paramref name="maxLocalWorkers"/> workers; -1 for as many as processors.</summary>
    public StatelessWorkerAttribute(int maxLocalWorkers) : base(StatelessWorkerPlacement.Singleton) => MaxLocalWorkers = maxLocalWorkers;

    internal int MaxLocalWorkers { get; }
}

/// <summary>A value that its sender and receiver promise not to change, so it passes by reference.</summary>
[GenerateSerializer, Immutable]
public readonly struct Immutable<T>(T value)
{
    /// <summary>The value.</summary>
    [Id(0)]
    public readonly T Value = value;
}

/// <summary>Wraps values as immutable.</summary>
public static class ImmutableExtensions
{
    /// <summary>Wraps <paramref name="value"/>.</summary>
    public static Immutable<T> AsImmutable<T>(this T value) => new(value);
}
