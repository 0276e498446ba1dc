using System.Net;

namespace Orleans.Runtime;

/// <summary>The name of a grain interface: its alias, else its full name.</summary>
public readonly record struct GrainInterfaceType(IdSpan Value)
{
    /// <summary>From a name.</summary>
    public static GrainInterfaceType Create(string value) => new(IdSpan.Create(value));

    /// <summary>Whether this is empty.</summary>
    public bool IsDefault => Value.IsDefault;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>The identity of one activation of a grain.</summary>
public readonly record struct ActivationId
{
    private readonly Guid _value;

    internal ActivationId(Guid value) => _value = value;

    /// <summary>Whether this is empty.</summary>
    public bool IsDefault => _value == Guid.Empty;

    /// <inheritdoc/>
    public override string ToString() => $"@{_value:N}";
}

/// <summary>The address of a silo: an endpoint and a generation that tells two lives of one endpoint apart.</summary>
public sealed record SiloAddress
{
    private SiloAddress(IPEndPoint endpoint, int generation)
    {
        Endpoint = endpoint;
        Generation = generation;
    }

    /// <summary>Where it listens; port 0 when it does not.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Which life of the endpoint.</summary>
    public int Generation { get; }

    /// <summary>From an endpoint and a generation.</summary>
    public static SiloAddress New(IPEndPoint ep, int gen) => new(ep, gen);

    /// <inheritdoc/>
    public override string ToString() => $"S{Endpoint}:{Generation}";
}
