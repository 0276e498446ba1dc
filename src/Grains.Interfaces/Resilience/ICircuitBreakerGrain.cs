using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Guards one dependency for all processes; the key is "tenant/dependency", or "system/dependency" for one that all tenants share.</summary>
[Alias("Sophia.ICircuitBreakerGrain")]
public interface ICircuitBreakerGrain : IReplicatedGrain
{
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<BreakerView> View();

    /// <summary>Takes the breaker out of the hands of its rule, or gives it back; kept durably, and written into the audit of <paramref name="auditedIn"/>.</summary>
    /// <param name="hold"><see cref="BreakerHold.None"/> resets: the rule decides again, from closed and with nothing remembered against the dependency.</param>
    /// <param name="by">Who says so.</param>
    /// <param name="because">Why, in a sentence.</param>
    [Alias("Set"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<BreakerView> Set(BreakerHold hold, string by, string because, TenantId auditedIn);
}

/// <summary>Which dependencies of a tenant have breakers. The key is the tenant, or "system".</summary>
[Alias("Sophia.IBreakerDirectoryGrain")]
public interface IBreakerDirectoryGrain : IGrainWithStringKey
{
    /// <summary>Names of dependencies as they stand in keys, in their order.</summary>
    [Alias("List"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<string>> List();

    [Alias("Add"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Add(string dependency);
}

/// <summary>What a breaker does by itself.</summary>
public enum BreakerPhase
{
    /// <summary>Everybody is let through.</summary>
    Closed = 1,

    /// <summary>Nobody is, for a while.</summary>
    Open = 2,

    /// <summary>A few probes are, in the whole cluster.</summary>
    HalfOpen = 3,

    /// <summary>A share of the calls is, which grows step by step.</summary>
    Ramp = 4,
}

/// <summary>What a person made of a breaker.</summary>
public enum BreakerHold
{
    /// <summary>Its rule decides.</summary>
    None = 0,

    /// <summary>Nobody is let through until somebody says otherwise.</summary>
    Isolated = 1,

    /// <summary>Everybody is let through until somebody says otherwise; failures are only counted.</summary>
    HeldClosed = 2,
}

/// <param name="Owner">The tenant, or "system".</param>
/// <param name="Epoch">Rises when the breaker lost its memory.</param>
/// <param name="Round">Rises with each change of phase.</param>
/// <param name="Because">Why it is in its phase.</param>
/// <param name="Until">When the phase ends by itself.</param>
/// <param name="Share">Of a hundred calls, how many are let through.</param>
/// <param name="Trips">How often it opened since it was last steadily closed; the break grows with it.</param>
/// <param name="ProbesOut">Probes that are given and not reported on.</param>
/// <param name="IsMetricsOnly">It is configured to refuse nobody.</param>
/// <param name="Processes">What processes saw lately.</param>
/// <param name="History">The newest changes, newest first, at most 50.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BreakerView")]
public sealed record BreakerView(
    [property: Id(0)] string Owner,
    [property: Id(1)] string Dependency,
    [property: Id(2)] BreakerPhase Phase,
    [property: Id(3)] long Epoch,
    [property: Id(4)] long Round,
    [property: Id(5)] DateTimeOffset? Since,
    [property: Id(6)] DateTimeOffset? Until,
    [property: Id(7)] string? Because,
    [property: Id(8)] int Share,
    [property: Id(9)] int Trips,
    [property: Id(10)] int ProbesOut,
    [property: Id(11)] BreakerHold Hold,
    [property: Id(12)] string? HeldBy,
    [property: Id(13)] string? HeldBecause,
    [property: Id(14)] DateTimeOffset? HeldAt,
    [property: Id(15)] bool IsMetricsOnly,
    [property: Id(16)] string Rule,
    [property: Id(17)] IReadOnlyList<BreakerProcess> Processes,
    [property: Id(18)] IReadOnlyList<BreakerChange> History);

/// <summary>One process and what its calls came to within the window, or since the round began.</summary>
/// <param name="OpensHere">It lets no calls through, whatever the others see.</param>
/// <param name="Sees">What speaks against the dependency; null: nothing.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BreakerProcess")]
public sealed record BreakerProcess(
    [property: Id(0)] string Name,
    [property: Id(1)] int Calls,
    [property: Id(2)] int Failures,
    [property: Id(3)] int Slow,
    [property: Id(4)] bool OpensHere,
    [property: Id(5)] string? Sees);

/// <param name="By">The person; null: the rule.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BreakerChange")]
public sealed record BreakerChange(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] BreakerPhase Phase,
    [property: Id(2)] string Because,
    [property: Id(3)] string? By);
