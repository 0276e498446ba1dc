using Orleans.InProcess;

namespace Orleans.Runtime;

/// <summary>An address of a grain or observer that calls go through; equal to every other reference to the same one.</summary>
public abstract class GrainReference : IAddressable, IEquatable<GrainReference>
{
    internal GrainReference(Silo silo, GrainId grainId)
    {
        Silo = silo;
        GrainId = grainId;
    }

    /// <summary>Who is referred to.</summary>
    public GrainId GrainId { get; }

    /// <summary>The full name of the interface that this reference shows; empty if untyped.</summary>
    public abstract string InterfaceName { get; }

    internal Silo Silo { get; }

    /// <summary>The silo that a call through this reference is made from: that of the grain that calls, else the one it was made in.</summary>
    internal Silo Caller => RuntimeContext.Activation is { } activation && activation.Silo.Cluster == Silo.Cluster ? activation.Silo : Silo;

    /// <summary>The same reference for code in another silo.</summary>
    internal abstract GrainReference In(Silo silo);

    /// <inheritdoc/>
    public bool Equals(GrainReference? other) => other is not null && GrainId.Equals(other.GrainId);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is GrainReference other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => GrainId.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"GrainReference:{GrainId}:{InterfaceName}";

    /// <summary>Compares whom they refer to.</summary>
    public static bool operator ==(GrainReference? left, GrainReference? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Compares whom they refer to.</summary>
    public static bool operator !=(GrainReference? left, GrainReference? right) => !(left == right);
}
