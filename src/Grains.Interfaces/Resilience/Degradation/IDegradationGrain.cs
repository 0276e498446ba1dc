using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Holds how far things are degraded; the key is "system" for the whole installation, or a tenant. What counts for a tenant is the worse of the two.</summary>
[Alias("Sophia.IDegradationGrain")]
public interface IDegradationGrain : IReplicatedGrain
{
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<DegradationView> View();

    /// <summary>Holds a level against what the rules say, until it is released or runs out; kept durably, and written into the audit of <paramref name="auditedIn"/> before it counts.</summary>
    /// <param name="by">Who says so.</param>
    /// <param name="because">Why, in a sentence of at most 500 characters.</param>
    /// <param name="expires">From a minute to 30 days.</param>
    /// <exception cref="RefusedException">Invalid: no reason, or a time out of its range.</exception>
    [Alias("Hold"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<DegradationView> Hold(DegradationLevel level, string by, string because, TimeSpan expires, TenantId auditedIn);

    /// <summary>Gives the level back to the rules; nothing where it is theirs.</summary>
    [Alias("Release"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<DegradationView> Release(string by, string because, TenantId auditedIn);
}

/// <summary>How much is offered; the higher, the less.</summary>
public enum DegradationLevel
{
    /// <summary>Everything.</summary>
    Full = 0,

    Partial = 1,

    Minimal = 2,

    /// <summary>Core paths, and what is remembered.</summary>
    Emergency = 3,
}

/// <summary>What the rules read. Each is a number that is worse the higher it is.</summary>
public enum HealthSignal
{
    /// <summary>Requests that failed by Sophia's own fault, in percent.</summary>
    ErrorRate = 1,

    /// <summary>The 95th percentile of the time of requests, in ms, to the lower bound of its bucket.</summary>
    P95 = 2,

    /// <summary>How long the oldest record has waited for the index, or the oldest ready item of Sophia's own queue for a worker, in seconds: the longer of both.</summary>
    QueueAge = 3,

    /// <summary>Memory of a process in percent of what it may use.</summary>
    Memory = 4,

    /// <summary>Room on disk: 0 enough, 1 short, 2 none.</summary>
    Disk = 5,
}

/// <summary>What a level or a rule does.</summary>
/// <param name="Off">Names of features, as <see cref="Feature"/> has them.</param>
/// <param name="CacheOnly">Answers that were given before are given again where there are any, also when newer records came meanwhile.</param>
/// <param name="RefusesMisses">With <paramref name="CacheOnly"/>: what is not remembered is refused rather than looked up.</param>
/// <param name="CacheForSeconds">How old a remembered answer may be.</param>
/// <param name="SaysStale">Such an answer says how old it is.</param>
/// <param name="RequestsPerSecond">Of one tenant at one front end, core paths not counted; null: no limit.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DegradationEffects")]
public sealed record DegradationEffects(
    [property: Id(0)] IReadOnlyList<string> Off,
    [property: Id(1)] bool CacheOnly = false,
    [property: Id(2)] bool RefusesMisses = false,
    [property: Id(3)] int CacheForSeconds = 3_600,
    [property: Id(4)] bool SaysStale = true,
    [property: Id(5)] int? RequestsPerSecond = null)
{
    public static DegradationEffects None { get; } = new([]);

    /// <summary>Both at once: the stricter of each part.</summary>
    public DegradationEffects With(DegradationEffects other) => new(
        [.. Off.Union(other.Off, StringComparer.Ordinal).Order(StringComparer.Ordinal)], CacheOnly || other.CacheOnly, RefusesMisses || other.RefusesMisses,
        CacheOnly == other.CacheOnly ? Math.Min(CacheForSeconds, other.CacheForSeconds) : CacheOnly ? CacheForSeconds : other.CacheForSeconds,
        (CacheOnly && SaysStale) || (other.CacheOnly && other.SaysStale) || (!CacheOnly && !other.CacheOnly),
        (RequestsPerSecond, other.RequestsPerSecond) is ({ } a, { } b) ? Math.Min(a, b) : RequestsPerSecond ?? other.RequestsPerSecond);
}

/// <param name="Of">"system", or the tenant.</param>
/// <param name="Level">What counts of this one: what is held, else what the rules say.</param>
/// <param name="RulesSay">What the rules say, whatever is held.</param>
/// <param name="Rules">Those that are in force.</param>
/// <param name="History">The newest changes, newest first, at most 50.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DegradationView")]
public sealed record DegradationView(
    [property: Id(0)] string Of,
    [property: Id(1)] DegradationLevel Level,
    [property: Id(2)] DateTimeOffset? Since,
    [property: Id(3)] string? Because,
    [property: Id(4)] DegradationLevel RulesSay,
    [property: Id(5)] DegradationHold? Hold,
    [property: Id(6)] DegradationEffects Effects,
    [property: Id(7)] IReadOnlyList<DegradationRuleView> Rules,
    [property: Id(8)] IReadOnlyList<HealthReading> Readings,
    [property: Id(9)] IReadOnlyList<DegradationChange> History);

/// <param name="HealingSince">Since when what it saw is gone; null: it is not.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DegradationRuleView")]
public sealed record DegradationRuleView(
    [property: Id(0)] string Name,
    [property: Id(1)] DegradationLevel Level,
    [property: Id(2)] DateTimeOffset Since,
    [property: Id(3)] string Because,
    [property: Id(4)] DateTimeOffset? HealingSince);

/// <summary>One thing that the rules read: a signal with its value, or a dependency that fails.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.HealthReading")]
public sealed record HealthReading([property: Id(0)] string What, [property: Id(1)] string Said);

[GenerateSerializer, Immutable, Alias("Sophia.DegradationHold")]
public sealed record DegradationHold(
    [property: Id(0)] DegradationLevel Level,
    [property: Id(1)] string By,
    [property: Id(2)] string Because,
    [property: Id(3)] DateTimeOffset At,
    [property: Id(4)] DateTimeOffset Until);

/// <param name="By">The person; null: the rules.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DegradationChange")]
public sealed record DegradationChange(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] DegradationLevel Level,
    [property: Id(2)] string Because,
    [property: Id(3)] string? By);
