using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The circuit breakers of this process, each its copy of one breaker of the whole cluster.</summary>
public interface IBreakers
{
    /// <summary>The breaker before one dependency of one tenant; the same one for all that ask. To be held as long as one likes.</summary>
    /// <param name="dependency">Any text; the options of a dependency are found by it.</param>
    IBreaker For(TenantId tenant, string dependency);

    /// <summary>The breaker before a dependency that all tenants share.</summary>
    IBreaker OfInstallation(string dependency);
}

/// <summary>Decides whether a dependency is called now, from what this process knows: in nanoseconds, without a call and without allocating.</summary>
public interface IBreaker
{
    string Dependency { get; }

    /// <summary>Lets a call through, or says why not, by what this process knows at this moment. Right after a start, and where nobody used the breaker for minutes, that is nothing: a few calls pass, also of what is isolated. <see cref="Enter"/> asks first. Who is let through reports how the call went, also where it never answered; a probe that nobody reports on is free again after its lease.</summary>
    BreakerEntry TryEnter();

    /// <summary>The same, but waits once for what this process does not know yet: the breaker itself right after a start and where nobody used it for minutes, or a probe of a breaker that is half-open. At most a few seconds.</summary>
    ValueTask<BreakerEntry> Enter(CancellationToken cancellation);
}

/// <summary>Either a permit or a refusal.</summary>
public readonly struct BreakerEntry
{
    public BreakerEntry(BreakerPermit permit) => Permit = permit;

    public BreakerEntry(BreakerRefusal refusal) => (Refusal, IsRefused) = (refusal, true);

    public bool IsRefused { get; }

    /// <summary>Good where the call was not refused.</summary>
    public BreakerPermit Permit { get; }

    /// <summary>Good where it was.</summary>
    public BreakerRefusal Refusal { get; }
}

/// <param name="Text">One sentence for people.</param>
/// <param name="RetryAt">When asking again may help; no promise.</param>
public readonly record struct BreakerRefusal(BreakerRefusalReason Reason, string Text, DateTimeOffset RetryAt);

/// <summary>The closed set of reasons for which a breaker lets nobody through.</summary>
public enum BreakerRefusalReason
{
    /// <summary>The dependency failed, for all processes.</summary>
    Open = 1,

    /// <summary>The dependency fails for this process, and for too few others.</summary>
    OpenHere = 2,

    /// <summary>All probes of this round are given.</summary>
    ProbesAreOut = 3,

    /// <summary>Recovering: only a share of the calls is let through.</summary>
    Ramp = 4,

    /// <summary>A person said so.</summary>
    Isolated = 5,
}

/// <summary>One call that was let through.</summary>
public readonly struct BreakerPermit
{
    private readonly BreakerCalls? calls;

    public BreakerPermit(BreakerCalls calls, long round, long probe, long startedAt) => (this.calls, Round, Probe, StartedAt) = (calls, round, probe, startedAt);

    /// <summary>Of which round of the breaker: what is reported in a later one counts no more.</summary>
    public long Round { get; }

    /// <summary>Which probe; 0: none. Negative: one of this process alone.</summary>
    public long Probe { get; }

    public long StartedAt { get; }

    /// <summary>How the call went; once. The time is measured from the permit on.</summary>
    public void Report(CallOutcome outcome) => calls?.Report(in this, outcome, null);

    /// <summary>How the call went, and how long it took; once.</summary>
    public void Report(CallOutcome outcome, TimeSpan took) => calls?.Report(in this, outcome, took);
}

/// <summary>Where permits report to.</summary>
public abstract class BreakerCalls
{
    public abstract void Report(in BreakerPermit permit, CallOutcome outcome, TimeSpan? took);
}

/// <summary>How a call to a dependency went. Which of these are failures is each breaker's own option.</summary>
public enum CallOutcome
{
    Success = 0,

    /// <summary>Not reached, or the connection broke.</summary>
    Unreachable = 1,

    /// <summary>No answer in time.</summary>
    TimedOut = 2,

    /// <summary>It says that it failed.</summary>
    Failed = 3,

    /// <summary>It says that it is asked too often.</summary>
    Throttled = 4,

    /// <summary>It answered what is no answer.</summary>
    BadAnswer = 5,

    /// <summary>It refused what was asked: the caller's fault. Never a failure of the dependency.</summary>
    Refused = 6,

    /// <summary>Nobody waited for the answer. Says nothing of the dependency.</summary>
    Abandoned = 7,
}
