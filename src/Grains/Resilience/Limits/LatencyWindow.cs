namespace Sophia.Resilience;

/// <summary>Gathers calls into the samples that an adaptive limit looks at, with the bounds of Netflix' WindowedLimit. Pure.</summary>
/// <param name="Sum">Of latencies, nanoseconds.</param>
/// <param name="MostInFlight">The most calls that were under way when one of them began.</param>
/// <param name="Dropped">Whether one of them was dropped.</param>
internal readonly record struct LatencyWindow(long EndsAt, long Sum, int Count, int MostInFlight, bool Dropped)
{
    /// <summary>How long a window lasts at least: 1 s.</summary>
    public const long Length = Nanoseconds.ASecond;

    /// <summary>Calls that a window has at least.</summary>
    public const int LeastCalls = 10;

    /// <summary>Quicker calls say nothing of what is below: 100 µs.</summary>
    public const long LeastLatency = 100_000;

    public static LatencyWindow Begin(long now) => new(now + Length, 0, 0, 0, false);

    /// <summary>The window after a call, and the sample where one is whole; then the window begins anew.</summary>
    public (LatencyWindow After, LatencySample? Sample) With(long now, long took, int inFlight, bool dropped)
    {
        if (took < LeastLatency && !dropped)
            return (this, null);
        var after = this with { Sum = Sum + took, Count = Count + 1, MostInFlight = Math.Max(MostInFlight, inFlight), Dropped = Dropped || dropped };
        return now < EndsAt || after.Count < LeastCalls ? (after, null) : (Begin(now), new LatencySample(Math.Max(1, after.Sum / after.Count), after.MostInFlight, after.Dropped));
    }
}

/// <param name="Latency">The average, nanoseconds.</param>
internal readonly record struct LatencySample(long Latency, int MostInFlight, bool Dropped);
