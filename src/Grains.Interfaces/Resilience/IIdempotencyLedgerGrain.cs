using Orleans.Concurrency;
using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>Sums up for a tenant what its idempotency keys met, and says what holds for them. The key is the tenant.</summary>
[Alias("Sophia.IIdempotencyLedgerGrain")]
public interface IIdempotencyLedgerGrain : IGrainWithStringKey
{
    /// <summary>Counts something worth an auditor's look. Nobody waits for it; it is written within a minute, and lost where the silo dies before.</summary>
    [Alias("Saw"), OneWay]
    Task Saw(IdempotencyEvent what, string operation);

    /// <summary>What holds for keys of the tenant, and what was counted since this silo counts.</summary>
    [Alias("View"), Repeatable]
    Task<IdempotencyPolicy> View();

    /// <summary>Takes a key out of the hands of whoever is at it: whoever asks next does the work, and the end of the one before is refused. Written into the audit before it is done.</summary>
    /// <param name="name">Of <see cref="IdempotencyKey.NameOf"/>.</param>
    /// <param name="by">Who says so.</param>
    /// <param name="because">Why, 1 to 500 characters.</param>
    /// <exception cref="RefusedException">NotFound: nothing is remembered of it. Conflict: nobody is at it. Invalid: no reason.</exception>
    [Alias("Free"), Repeatable]
    Task<IdempotencyView> Free(string name, string by, string because);

    /// <summary>The newest lines of the audit, newest first.</summary>
    /// <param name="limit">1 to 500.</param>
    [Alias("Lines"), Repeatable]
    Task<IReadOnlyList<IdempotencyLine>> Lines(int limit);
}

/// <summary>A line of the audit about idempotency keys.</summary>
/// <param name="What">"counted": what keys met in some time; "released": a key was taken out of somebody's hands.</param>
/// <param name="Of">The operation, or those that are named.</param>
/// <param name="By">Null: nobody; it was counted.</param>
[GenerateSerializer, Immutable, Alias("Sophia.IdempotencyLine")]
public sealed record IdempotencyLine([property: Id(0)] DateTimeOffset At, [property: Id(1)] string What, [property: Id(2)] string Of, [property: Id(3)] string? By, [property: Id(4)] string Because);

/// <summary>What may happen to a key beside being used once.</summary>
public enum IdempotencyEvent
{
    /// <summary>The answer was told again.</summary>
    Replayed = 1,

    /// <summary>It was used for something else.</summary>
    Mismatch = 2,

    /// <summary>Its worker fell silent, and another did the work.</summary>
    TakenOver = 3,

    /// <summary>A worker whose round was over spoke up; it was refused.</summary>
    Late = 4,
}

/// <param name="KeptFor">How long a key is remembered after its last word.</param>
/// <param name="SweptEvery">How much later, at most, what is over is removed.</param>
/// <param name="KeptBytes">The largest body of an answer that is kept, in bytes.</param>
[GenerateSerializer, Immutable, Alias("Sophia.IdempotencyPolicy")]
public sealed record IdempotencyPolicy(
    [property: Id(0)] TimeSpan KeptFor,
    [property: Id(1)] TimeSpan SweptEvery,
    [property: Id(2)] int KeptBytes,
    [property: Id(3)] long Replayed,
    [property: Id(4)] long Mismatches,
    [property: Id(5)] long TakenOver,
    [property: Id(6)] long Late,
    [property: Id(7)] DateTimeOffset Since);
