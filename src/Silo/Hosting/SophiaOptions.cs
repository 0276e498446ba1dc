using System.Net;

namespace Sophia.Hosting;

/// <summary>What a running Sophia is told. Every value comes from the command line, else from the environment, else it is the default.</summary>
public sealed record SophiaOptions
{
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Where Orleans' dashboard is, in a cluster.</summary>
    internal const string DashboardPath = "/dashboard";

    /// <summary>The folder that holds everything Sophia remembers. Default: var/data beside the command; SOPHIA_HOME or --data say otherwise.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Where to listen: http, an address and a port (0: any free one). SOPHIA_URL or --url.</summary>
    public string Url { get; init; } = DefaultUrl;

    /// <summary>Whether an address that other machines reach is meant. Such a Sophia belongs behind TLS.</summary>
    public bool ListenAnywhere { get; init; }

    /// <summary>Host names that requests may ask for beside the loopback's, when others reach this Sophia. SOPHIA_HOSTS, separated by commas; empty with --listen-anywhere: any.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Proxies whose X-Forwarded-For counts, as addresses or networks. SOPHIA_TRUSTED_PROXIES, separated by commas; empty: none.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Beginnings of addresses that take no change without an Idempotency-Key. SOPHIA_IDEMPOTENCY_REQUIRED, separated by commas, or "all"; empty: none.</summary>
    public IReadOnlyList<string> IdempotencyRequired { get; init; } = [];

    /// <summary>PostgreSQL for log, runs, quarantine and grain state, as a role that owns nothing: Host=…;Database=…;Username=…;Password=…. SOPHIA_POSTGRES; null: SQLite in the data folder.</summary>
    public string? Postgres { get; init; }

    /// <summary>The same as the owner of the schema, who makes and migrates it at start. SOPHIA_POSTGRES_OWNER; null: it is there.</summary>
    public string? PostgresOwner { get; init; }

    /// <summary>The cluster that this process is part of; null: none, one process does everything.</summary>
    public ClusterOptions? Cluster { get; init; }

    /// <summary>Where grains live: the label of GPU silos, what happens without one, tenants' pools.</summary>
    public PlacementSettings Placement { get; init; } = new();

    /// <summary>SOPHIA_ROLE or --role.</summary>
    public SophiaRole Role { get; init; }

    /// <summary>Redis for state that may be lost and for the keys that front ends share: host:port,password=…. SOPHIA_REDIS; null: neither needs it. Orleans build only.</summary>
    public string? Redis { get; init; }

    /// <summary>Weaviate for the index: its address, then after commas grpc=port (50051) and collections=Name (Sophia). SOPHIA_WEAVIATE; null: the index is beside the log. Orleans build only, with <see cref="Postgres"/>.</summary>
    public string? Weaviate { get; init; }

    /// <summary>The API key of Weaviate. SOPHIA_WEAVIATE_KEY; null: it asks for none.</summary>
    public string? WeaviateKey { get; init; }

    /// <summary>The folder of dropped files, which front ends and silos must all see. SOPHIA_INBOX; null: in the data folder.</summary>
    public string? InboxFolder { get; init; }

    /// <summary>A second address that answers /metrics, /live and /ready alone, for a scraper: http, an address and a port. SOPHIA_METRICS_URL; null: none.</summary>
    public string? MetricsUrl { get; init; }

    /// <summary>What a scraper must send as "Authorization: Bearer …" to the metrics address, or to a silo's. SOPHIA_METRICS_KEY, 16 characters or more; null: whoever reaches the address may read.</summary>
    public string? MetricsKey { get; init; }

    /// <summary>The key that kept secrets are encrypted under, 64 hexadecimal digits; the same for every process of a cluster. SOPHIA_SECRETS_KEY; null: one that the data folder holds.</summary>
    public string? SecretsKey { get; init; }

    internal bool HasGrains => Role != SophiaRole.Frontend;

    internal bool HasEdge => Role != SophiaRole.Silo;

    /// <summary>The least severe log line that is shown. SOPHIA_LOG: trace, debug, information, warning, error.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>How long work in flight may go on after a request to stop. Range 1 to 60 seconds; a process manager waits 10.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromSeconds(8);

    /// <exception cref="StartRefusedException">A value cannot be meant.</exception>
    public IPEndPoint Validated()
    {
        var endpoint = EndpointOf(Url);
        if (MetricsEndpoint() is { } metrics && (metrics.Port == 0 || metrics.Port == endpoint.Port))
            throw new StartRefusedException($"SOPHIA_METRICS_URL needs a port of its own, other than {endpoint.Port}.");
        if (MetricsKey is { Length: < 16 })
            throw new StartRefusedException("SOPHIA_METRICS_KEY has 16 characters or more.");
        if (StopWithin < TimeSpan.FromSeconds(1) || StopWithin > TimeSpan.FromMinutes(1))
            throw new StartRefusedException("StopWithin is 1 to 60 seconds.");
        foreach (var proxy in TrustedProxies)
            if (!IPAddress.TryParse(proxy, out _) && !IPNetwork.TryParse(proxy, out _))
                throw new StartRefusedException($"\"{proxy}\" is no proxy's address: SOPHIA_TRUSTED_PROXIES is a list like 10.0.0.7,10.1.0.0/16.");
        foreach (var path in IdempotencyRequired)
            if (!path.StartsWith("/api", StringComparison.Ordinal) || path.EndsWith('/'))
                throw new StartRefusedException($"\"{path}\" is no beginning of an address: SOPHIA_IDEMPOTENCY_REQUIRED is a list like /api/pipelines,/api/ask, or all.");
        if (PostgresOwner is not null && Postgres is null)
            throw new StartRefusedException("SOPHIA_POSTGRES_OWNER is given without SOPHIA_POSTGRES: say also as whom Sophia works.");
        if (Weaviate is not null && Postgres is null)
            throw new StartRefusedException("SOPHIA_WEAVIATE needs SOPHIA_POSTGRES: what counts in the index is written there, where it can be written at once.");
        if (Cluster is null && Role != SophiaRole.All)
            throw new StartRefusedException("Only in a cluster do front end and silo part: set SOPHIA_CLUSTER.");
        Cluster?.Validated(this);
        if (Cluster is null && Placement.Pools.Count > 0)
            throw new StartRefusedException("Pools are of a cluster's silos: SOPHIA_TENANT_POOLS needs SOPHIA_CLUSTER.");
        if (string.IsNullOrWhiteSpace(DataFolder))
            throw new StartRefusedException("The data folder has no name.");
        return endpoint;
    }

    /// <summary>Where the metrics address is, or null.</summary>
    internal IPEndPoint? MetricsEndpoint() => MetricsUrl is null ? null : EndpointOf(MetricsUrl);

    private IPEndPoint EndpointOf(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != "http" || uri.PathAndQuery != "/")
            throw new StartRefusedException($"\"{url}\" is no address to listen on: write http://127.0.0.1:5080.");
        var address = uri.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(uri.Host.Trim('[', ']'), out var parsed) ? parsed
            : throw new StartRefusedException($"\"{uri.Host}\" is no address of this machine: write an IP address or localhost.");
        if (!IPAddress.IsLoopback(address) && !ListenAnywhere)
            throw new StartRefusedException($"{url} can be reached from other machines. Say --listen-anywhere if that is meant, and put TLS in front.");
        return new IPEndPoint(address, uri.Port);
    }
}

/// <summary>Sophia cannot start, for a reason that fits one line.</summary>
public sealed class StartRefusedException(string message, Exception? inner = null) : Exception(message, inner);
