namespace Sophia.Resilience;

/// <summary>Counts what became of a policy's calls, since its process began. For any thread.</summary>
internal sealed class PolicyTally
{
    private readonly long[] ends = new long[6], refusals = new long[4];
    private long calls, repeats, hedges, timeouts, failures;

    public void Called() => Interlocked.Increment(ref calls);

    public void Hedged(string dependency)
    {
        Interlocked.Increment(ref hedges);
        PolicyMeter.Hedged(dependency);
    }

    public void Refused(string dependency, PolicyRefusalReason reason)
    {
        Interlocked.Increment(ref refusals[(int)reason]);
        PolicyMeter.Refused(dependency, reason);
    }

    /// <summary>An attempt failed, and this becomes of its call.</summary>
    public void Ended(string dependency, CallFailure failure, RetryVerdict verdict)
    {
        if (failure.Outcome == CallOutcome.TimedOut)
            Interlocked.Increment(ref timeouts);
        if (verdict.Repeats)
            Interlocked.Increment(ref repeats);
        else
        {
            Interlocked.Increment(ref failures);
            Interlocked.Increment(ref ends[(int)verdict.End]);
        }
        PolicyMeter.Ended(dependency, failure.Outcome, verdict);
    }

    public PolicySeen Seen(string dependency, int budgetLeft, BulkheadCounts places, double p95) => new(dependency, calls, repeats, hedges, timeouts, failures, ends[(int)RetryEnd.Budget], ends[(int)RetryEnd.Deadline],
        refusals[(int)PolicyRefusalReason.Breaker], refusals[(int)PolicyRefusalReason.Full], refusals[(int)PolicyRefusalReason.Deadline], budgetLeft, places.Inside, places.InLine, p95);
}
