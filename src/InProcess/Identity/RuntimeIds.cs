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
public sealed record SiloAddress : IComparable<SiloAddress>
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

    /// <summary>Older ones first.</summary>
    public int CompareTo(SiloAddress? other) => other is null ? 1
        : Generation != other.Generation ? Generation.CompareTo(other.Generation)
        : Endpoint.Port != other.Endpoint.Port ? Endpoint.Port.CompareTo(other.Endpoint.Port)
        : Endpoint.Address.GetAddressBytes().AsSpan().SequenceCompareTo(other.Endpoint.Address.GetAddressBytes());

    /// <summary>As text that <see cref="FromParsableString"/> reads.</summary>
    public string ToParsableString() => $"{Endpoint}@{Generation}";

    /// <summary>From <see cref="ToParsableString"/>; throws <see cref="FormatException"/>.</summary>
    public static SiloAddress FromParsableString(string addr) => addr.LastIndexOf('@') is var at and > 0
        ? New(IPEndPoint.Parse(addr[..at]), int.Parse(addr[(at + 1)..], System.Globalization.CultureInfo.InvariantCulture))
        : throw new FormatException($"Invalid silo address {addr}");

    /// <inheritdoc/>
    public override string ToString() => $"S{Endpoint}:{Generation}";
}
