namespace Sophia.Resilience;

/// <summary>How long the last answers took. For any thread.</summary>
internal sealed class ObservedTimes
{
    /// <summary>Answers that are remembered; of so many the 95th percentile stands on a dozen.</summary>
    private const int Kept = 256;

    /// <summary>Answers after which it is counted anew.</summary>
    private const int CountEvery = 16;

    private readonly Lock gate = new();
    private readonly long[] ticks = new long[Kept];
    private int seen, p95At;
    private long p95;

    /// <summary>Answers remembered, and their 95th percentile as of the last sixteen at most.</summary>
    public (int Seen, TimeSpan P95) Now
    {
        get
        {
            lock (gate)
                return (Math.Min(seen, Kept), TimeSpan.FromTicks(P95()));
        }
    }

    public void Add(TimeSpan took)
    {
        lock (gate)
        {
            ticks[seen % Kept] = took.Ticks;
            seen = seen == int.MaxValue ? Kept : seen + 1;
        }
    }

    private long P95()
    {
        if (seen == 0 || (p95At > 0 && seen >= p95At && seen - p95At < CountEvery))
            return p95;
        var sorted = ticks.AsSpan(0, Math.Min(seen, Kept)).ToArray();
        Array.Sort(sorted);
        p95At = seen;
        return p95 = sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(sorted.Length * 0.95) - 1)];
    }
}
