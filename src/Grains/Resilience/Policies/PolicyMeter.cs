using System.Diagnostics.Metrics;

namespace Sophia.Resilience;

/// <summary>What policies tell to whoever measures; by dependency, never by tenant: sources of tenants are one ("source").</summary>
internal static class PolicyMeter
{
    private static readonly Meter Meter = new("Sophia.Resilience");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("sophia.policy.failures", "{attempt}", "Attempts that failed, by dependency and what became of the call (repeated, final, attempts, asked_to_wait, deadline, budget).");
    private static readonly Counter<long> Hedges = Meter.CreateCounter<long>("sophia.policy.hedges", "{attempt}", "Hedges that were sent, by dependency.");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("sophia.policy.refusals", "{call}", "Calls that were not made, by dependency and reason (breaker, full, deadline).");

    public static void Hedged(string dependency) => Hedges.Add(1, Of(dependency));

    public static void Refused(string dependency, PolicyRefusalReason reason) => Refusals.Add(1, Of(dependency), new("reason", reason switch
    {
        PolicyRefusalReason.Breaker => "breaker", PolicyRefusalReason.Full => "full", _ => "deadline",
    }));

    public static void Ended(string dependency, CallOutcome outcome, RetryVerdict verdict) => Failures.Add(1, Of(dependency), new("end", verdict.End switch
    {
        RetryEnd.None => "repeated", RetryEnd.Final => "final", RetryEnd.Attempts => "attempts", RetryEnd.AskedToWait => "asked_to_wait", RetryEnd.Deadline => "deadline", _ => "budget",
    }), new("timed_out", outcome == CallOutcome.TimedOut));

    /// <summary>The label of a dependency.</summary>
    public static KeyValuePair<string, object?> Of(string dependency) => new("dependency", dependency.StartsWith(PolicyNames.Source, StringComparison.Ordinal) ? "source" : dependency);
}
