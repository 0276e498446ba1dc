using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What each tenant may do at a time in each process.</summary>
public sealed record TenantBounds
{
    /// <summary>Half of the cores at least two: a tenant that searches without end leaves the other half to all others.</summary>
    private static readonly int HalfOfTheCores = Math.Max(2, Environment.ProcessorCount / 2);

    /// <summary>Searches. Default: half of the cores, at least 2, at a time; 64 wait, 5 s each.</summary>
    public BulkheadBound Search { get; init; } = new(HalfOfTheCores, 64, TimeSpan.FromSeconds(5));

    /// <summary>Answers. Default 8 at a time; 64 wait, 30 s each.</summary>
    public BulkheadBound Ask { get; init; } = new(8, 64, TimeSpan.FromSeconds(30));

    /// <summary>Deliveries and files. Default 32 at a time, for commits are shared; 256 wait, 10 s each.</summary>
    public BulkheadBound Ingest { get; init; } = new(32, 256, TimeSpan.FromSeconds(10));

    /// <summary>Exports. Default 2 at a time; 4 wait, 30 s each.</summary>
    public BulkheadBound Export { get; init; } = new(2, 4, TimeSpan.FromSeconds(30));

    /// <summary>Batches of runs being judged. Default: half of the cores, at least 2; runs wait as long as it takes and are never refused.</summary>
    public BulkheadBound Batches { get; init; } = new(HalfOfTheCores, 100_000, Timeout.InfiniteTimeSpan);

    /// <summary>Pieces of work that keep a core busy, of all kinds of calls together. Default: half of the cores, at least 2; they wait as long as it takes and are never refused.</summary>
    public BulkheadBound Work { get; init; } = new(HalfOfTheCores, 100_000, Timeout.InfiniteTimeSpan);

    /// <summary>Bytes of bodies, of deliveries and requests, that are held in memory. Default 64 MiB, range 1 MiB to 1 TiB.</summary>
    public long HeldBytes { get; init; } = 64L << 20;

    public BulkheadBound Of(BulkheadKind kind) => kind switch
    {
        BulkheadKind.Search => Search,
        BulkheadKind.Ask => Ask,
        BulkheadKind.Ingest => Ingest,
        BulkheadKind.Export => Export,
        BulkheadKind.Work => Work,
        _ => Batches,
    };

    /// <summary>What is out of its range, in one sentence; null: nothing.</summary>
    public string? Wrong() => Enum.GetValues<BulkheadKind>().Select(kind => WrongOf(kind.ToString().ToLowerInvariant(), Of(kind))).FirstOrDefault(wrong => wrong is not null)
        ?? (HeldBytes < 1L << 20 || HeldBytes > 1L << 40 ? "heldBytes must lie between 1 MiB and 1 TiB" : null);

    private static string? WrongOf(string kind, BulkheadBound bound) =>
        bound.Places is < 1 or > 100_000 ? $"{kind}: places must lie between 1 and 100,000"
        : bound.Waiting is < 0 or > 1_000_000 ? $"{kind}: waiting must lie between 0 and 1,000,000"
        : bound.LongestWait != Timeout.InfiniteTimeSpan && (bound.LongestWait < TimeSpan.Zero || bound.LongestWait > TimeSpan.FromHours(1)) ? $"{kind}: longestWait must lie between 0 and 1 hour"
        : null;
}

/// <summary>The bounds of all tenants. Each process must be told the same. Checked at start.</summary>
public sealed class BulkheadsOptions
{
    public TenantBounds Default { get; set; } = new();

    /// <summary>Of tenants that have bounds of their own.</summary>
    public IDictionary<string, TenantBounds> Tenants { get; } = new SortedDictionary<string, TenantBounds>(StringComparer.Ordinal);

    public TenantBounds Of(TenantId tenant) => Tenants.TryGetValue(tenant.Value, out var own) ? own : Default;

    public string? Wrong() => Default.Wrong() ?? Tenants.Select(one => !TenantId.TryParse(one.Key, out _) ? $"\"{one.Key}\" is no tenant's name" : one.Value.Wrong() is { } wrong ? $"{one.Key}: {wrong}" : null).FirstOrDefault(wrong => wrong is not null);
}
