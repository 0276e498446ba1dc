using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>How this process calls what Sophia depends on: one policy for each dependency of a tenant, or of the installation.</summary>
public interface IPolicies
{
    /// <summary>The policy before one dependency of one tenant; the same one for all that ask. To be held as long as one likes.</summary>
    /// <param name="dependency">Any text; the options of a dependency, its breaker and its budget are found by it.</param>
    IPolicy For(TenantId tenant, string dependency);

    /// <summary>The policy before a dependency that all tenants share.</summary>
    IPolicy OfInstallation(string dependency);
}

/// <summary>Calls one dependency within its time, again where that may help and the budget allows, and not at all where its breaker or its bulkhead says so.</summary>
public interface IPolicy
{
    string Dependency { get; }

    /// <summary>What is configured to serve where the dependency does not, such as <c>extractive</c>; <c>none</c>: nothing, the caller is told.</summary>
    string Fallback { get; }

    /// <summary>Makes the call. Whatever the last attempt threw comes out as it is, but for a time that ran out.</summary>
    /// <exception cref="PolicyRefusedException">It was not called.</exception>
    /// <exception cref="AttemptTimeoutException">No answer came in time.</exception>
    ValueTask<T> Run<T>(PolicyCall<T> call, CancellationToken cancellation);

    /// <summary>For who makes the attempts himself, such as a run that reads a source again: tells whether one may be made, and counts it as a call where it is the first.</summary>
    ValueTask<BreakerEntry> Begin(CancellationToken cancellation, bool isRepetition = false);

    /// <summary>For who makes the attempts himself: takes one repetition from the budget, where there is one.</summary>
    /// <param name="hasOwn">The repetition is the caller's own, beside the budget: it is counted, and always granted. Who has one sees to it that he has few.</param>
    bool TryRepeat(bool hasOwn = false);

    /// <summary>For who makes the attempts himself: the pause after so many failures in a row, 1 at least. It doubles up to the longest, and is drawn between half and all of that.</summary>
    TimeSpan Pause(int failures);
}

/// <summary>A call as a policy makes it.</summary>
/// <param name="Attempt">Makes one attempt. Its token ends with the attempt's time, and with whoever waits.</param>
/// <param name="Judge">What an attempt's failure means. Never asked for a time that ran out.</param>
/// <param name="IsIdempotent">The call comes to the same however often it is made. Only then is it hedged, and repeated where it may have taken effect.</param>
public sealed record PolicyCall<T>(Func<CancellationToken, Task<T>> Attempt, Func<Exception, CallFailure> Judge, bool IsIdempotent)
{
    /// <summary>Told of each failure that is followed by a repetition, with the repetition's number from 1.</summary>
    public Action<Exception, int>? Repeats { get; init; }

    /// <summary>Lets go of an answer that came second to that of a hedge.</summary>
    public Action<T>? Discard { get; init; }
}

/// <summary>What a failed attempt means.</summary>
/// <param name="Outcome">As the breaker is told it.</param>
/// <param name="MayPass">The same call may be answered later.</param>
/// <param name="RetryAfter">How long the dependency asks to be left alone; null: it says nothing of it.</param>
/// <param name="DidNothing">It is sure that the call took no effect: it may be repeated even where it is not idempotent.</param>
public readonly record struct CallFailure(CallOutcome Outcome, bool MayPass, TimeSpan? RetryAfter = null, bool DidNothing = false);

/// <summary>The closed set of reasons for which a policy makes no call.</summary>
public enum PolicyRefusalReason
{
    /// <summary>The breaker lets nobody through.</summary>
    Breaker = 1,

    /// <summary>As many calls are under way as may be, and as many wait.</summary>
    Full = 2,

    /// <summary>The caller's time is over: nobody waits for the answer.</summary>
    Deadline = 3,
}

/// <summary>A policy did not call. Becomes 503 with the time to come again, or 504 where the caller's time was over, at the edge.</summary>
public sealed class PolicyRefusedException(PolicyRefusalReason reason, string dependency, string text, DateTimeOffset? retryAt) : Exception(text)
{
    public PolicyRefusalReason Reason => reason;

    public string Dependency => dependency;

    /// <summary>When asking again may help; no promise. Null: not with this deadline.</summary>
    public DateTimeOffset? RetryAt => retryAt;
}

/// <summary>An attempt gave no answer within its time.</summary>
/// <param name="within">What it had.</param>
public sealed class AttemptTimeoutException(TimeSpan within) : Exception(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"no answer within {within.TotalSeconds:0.#} seconds"))
{
    public TimeSpan Within => within;

    /// <summary>The time was the caller's and not the attempt's: it says nothing against the dependency.</summary>
    public bool IsCutShort { get; init; }

    /// <summary>It was cut short by the caller's deadline, and not by the policy's time for all attempts. Decided before the call: a timer may ring a little before the clock shows its moment.</summary>
    public bool IsDeadline { get; init; }
}
