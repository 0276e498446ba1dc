using System.Net;

namespace Sophia.Hosting;

/// <summary>What a process does for the cluster: grains, requests, or both. SOPHIA_ROLE or --role; "all" is the default, and the only one without a cluster.</summary>
public enum SophiaRole
{
    All = 0,
    Silo = 1,
    Frontend = 2,
}

/// <summary>How quickly silos notice that one of them has died (docs/adr/0012 weighs it).</summary>
public enum MembershipPace
{
    /// <summary>Probes each second, dead after three missed ones and two votes: lost grains answer again after 3 to 4 s.</summary>
    Shipped = 0,

    /// <summary>Orleans' own values: about 15 s. For machines that stall for seconds.</summary>
    Patient = 1,
}

/// <summary>Where a process stands in a cluster. Membership is in the database of <see cref="SophiaOptions.Postgres"/>.</summary>
public sealed record ClusterOptions
{
    /// <summary>Silos and front ends of one name find each other. SOPHIA_CLUSTER: 1 to 63 of a-z, 0-9 and '-'.</summary>
    public required string Name { get; init; }

    /// <summary>The address that other silos and front ends reach this silo at. SOPHIA_SILO_ADDRESS; default 127.0.0.1.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Where silos reach this silo. SOPHIA_SILO_PORT; default 11111.</summary>
    public int SiloPort { get; init; } = 11_111;

    /// <summary>Where front ends reach this silo. SOPHIA_GATEWAY_PORT; default 30000.</summary>
    public int GatewayPort { get; init; } = 30_000;

    /// <summary>What this silo is called in logs and on the dashboard. SOPHIA_SILO_NAME; default: the machine's name and the port.</summary>
    public string? SiloName { get; init; }

    /// <summary>Labels for placement, as gpu=gh200 or zone=a. SOPHIA_SILO_LABELS, separated by commas. The GPU that the machine reports is added as gpu=… unless one is named here (gpu=none: none).</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>SOPHIA_MEMBERSHIP: shipped or patient.</summary>
    public MembershipPace Pace { get; init; }

    /// <exception cref="StartRefusedException">A value cannot be meant.</exception>
    internal void Validated(SophiaOptions options)
    {
        if (!Tenants.TenantId.IsName(Name))
            throw new StartRefusedException($"\"{Name}\" names no cluster: write 1 to 63 of a-z, 0-9 and '-'.");
        if (options.Postgres is null)
            throw new StartRefusedException("A cluster keeps its membership, its log and its index in PostgreSQL: set SOPHIA_POSTGRES.");
        if (SiloPort is < 1 or > 65_535 || GatewayPort is < 1 or > 65_535)
            throw new StartRefusedException("The ports of a silo are 1 to 65535.");
    }
}
