namespace Sophia.Resilience;

/// <summary>A limit on concurrency that follows the gradient between the latency of late and that of the long run, with the names and defaults of Netflix' Gradient2Limit.</summary>
/// <remarks>As long as a call takes no longer than the tolerance over the long average, there is no queue below and the limit grows by what may wait; where it takes longer, the limit shrinks with it, by half at most. The long
/// average is what the floor is measured by: it follows a floor that sinks at once and one that rises slowly.
/// Where nothing ever pauses it follows the queue, too, and the limit drifts to its maximum: set that to what may be asked at worst.</remarks>
internal sealed record Gradient2Rule
{
    /// <summary>Samples after which the long average is exponential; before, it is plain.</summary>
    private const int Warmup = 10;

    /// <summary>How far above the short latency the long average may be before it is drawn down.</summary>
    private const double DriftsApartAt = 2, DrawnDownTo = 0.95;

    /// <summary>Default 20.</summary>
    public int InitialLimit { get; init; } = 20;

    /// <summary>Default 20.</summary>
    public int MinLimit { get; init; } = 20;

    /// <summary>Default 200.</summary>
    public int MaxConcurrency { get; init; } = 200;

    /// <summary>How much of a new limit counts at once. Default 0.2, over 0 to 1.</summary>
    public double Smoothing { get; init; } = 0.2;

    /// <summary>What may wait below. Default 4.</summary>
    public int QueueSize { get; init; } = 4;

    /// <summary>Samples that the long average is over. Default 600.</summary>
    public int LongWindow { get; init; } = 600;

    /// <summary>How much longer than the long average a call may take. Default 1.5, at least 1.</summary>
    public double RttTolerance { get; init; } = 1.5;

    internal bool IsInRange => MinLimit >= 1 && MinLimit <= InitialLimit && InitialLimit <= MaxConcurrency && Smoothing is > 0 and <= 1 && QueueSize >= 0 && LongWindow >= 1 && RttTolerance >= 1;

    /// <param name="Estimated">The limit, not yet cut to a whole number.</param>
    /// <param name="LongRtt">The long average, nanoseconds.</param>
    /// <param name="Samples">How many it has, up to <see cref="Warmup"/>.</param>
    internal readonly record struct State(double Estimated, double LongRtt, int Samples)
    {
        public int Limit => (int)Estimated;
    }

    public State Begin() => new(InitialLimit, 0, 0);

    /// <param name="rtt">The average latency of a window of calls, nanoseconds, more than 0.</param>
    /// <param name="inFlight">The most calls that were under way in it; a limit that nobody comes near is left alone.</param>
    public State After(in State state, long rtt, int inFlight)
    {
        var longRtt = Averaged(state, rtt);
        var after = state with { LongRtt = longRtt / rtt > DriftsApartAt ? longRtt * DrawnDownTo : longRtt, Samples = Math.Min(state.Samples + 1, Warmup) };
        if (inFlight < state.Estimated / 2)
            return after;
        var gradient = Math.Clamp(RttTolerance * longRtt / rtt, 0.5, 1.0);
        var limit = (state.Estimated * (1 - Smoothing)) + (((state.Estimated * gradient) + QueueSize) * Smoothing);
        return after with { Estimated = Math.Clamp(limit, MinLimit, MaxConcurrency) };
    }

    private double Averaged(in State state, long rtt)
    {
        if (state.Samples < Warmup)
            return ((state.LongRtt * state.Samples) + rtt) / (state.Samples + 1);
        var factor = 2.0 / (LongWindow + 1);
        return (state.LongRtt * (1 - factor)) + (rtt * factor);
    }
}
