namespace Sophia.Queues;

/// <summary>How work is kept, handed out and tried again.</summary>
public sealed class QueueOptions
{
    /// <summary>Items of one queue that are not done; more are refused with a time to come again. Default 100,000; 1 to 10,000,000.</summary>
    public int MaxDepth { get; set; } = 100_000;

    /// <summary>Items of all queues of one tenant's programs together that are not done; more are refused with a time to come again. Default 1,000,000, or <see cref="MaxDepth"/> where that is more; 1 to 100,000,000.</summary>
    public int? MaxTenantDepth { get; set; }

    /// <summary>Items of one queue of one tenant that workers have at a time. Default 64; 1 to 10,000.</summary>
    public int MaxLeased { get; set; } = 64;

    /// <summary>Items that this process does at a time, of all tenants. Default 16; 0 (it does none) to 1,000.</summary>
    public int Places { get; set; } = 16;

    /// <summary>Runs of pipelines that this process looks after at a time, of all tenants. Default 64; 0 (it looks after none) to 1,000.</summary>
    public int RunPlaces { get; set; } = 64;

    /// <summary>Runs of pipelines of one tenant that go at a time; others wait. Default 16; 1 to 10,000.</summary>
    public int MaxRuns { get; set; } = 16;

    /// <summary>How long a lease lasts unless it is renewed. Default 60 s; 1 s to 1 h. A worker renews at a third of it.</summary>
    public TimeSpan LeaseFor { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one attempt of Sophia's own workers may take. Default 15 minutes; 1 s to 1 day.</summary>
    public TimeSpan AttemptFor { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The wait before the second attempt, doubled for each further one. Default 2 s; 1 ms to 1 h.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest such wait. Default 5 minutes; at least <see cref="RetryAfter"/>.</summary>
    public TimeSpan RetryAtMost { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Leases of an item that may end without a word before it is quarantined. Default 3; 1 to 100.</summary>
    public int MaxLapses { get; set; } = 3;

    /// <summary>How long done items with a dedup key or of a replay are remembered. Default 24 h; 1 minute to 90 days.</summary>
    public TimeSpan DoneFor { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How often a tenant with ready work offers itself again, and an idle worker asks. Default 5 s; 10 ms to 20 s.</summary>
    public TimeSpan OfferEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Cost that a visit adds to a tenant of weight 1. Default 1; 1 to 1,000.</summary>
    public int Quantum { get; set; } = 1;

    internal QueueBounds Bounds => new(MaxDepth, MaxTenantDepth ?? Math.Max(MaxDepth, 1_000_000));

    /// <summary>Whether every value is within its range.</summary>
    public bool IsInRange => MaxDepth is >= 1 and <= 10_000_000 && (MaxTenantDepth ?? 1) is >= 1 and <= 100_000_000 && MaxLeased is >= 1 and <= 10_000 && Places is >= 0 and <= 1_000 && RunPlaces is >= 0 and <= 1_000 && MaxRuns is >= 1 and <= 10_000 && Quantum is >= 1 and <= 1_000
        && In(LeaseFor, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)) && In(AttemptFor, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))
        && In(RetryAfter, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)) && RetryAtMost >= RetryAfter && MaxLapses is >= 1 and <= 100
        && In(DoneFor, TimeSpan.FromMinutes(1), TimeSpan.FromDays(90)) && In(OfferEvery, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(20));

    private static bool In(TimeSpan value, TimeSpan least, TimeSpan most) => value >= least && value <= most;
}
