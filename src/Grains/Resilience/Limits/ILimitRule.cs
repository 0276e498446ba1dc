namespace Sophia.Resilience;

/// <summary>How a limit counts. Pure: a state, a moment and a cost come to the state after and a verdict; a refusal leaves the state as it was, but for what time alone changes.</summary>
/// <remarks>Moments are nanoseconds since any fixed one, never falling. Whoever holds a state passes an earlier moment as the latest that it has seen.</remarks>
internal interface ILimitRule<TState> where TState : struct
{
    /// <summary>A state in which nothing is used.</summary>
    TState Begin(long now);

    /// <param name="cost">At least 1; one that is larger than the whole limit is never admitted.</param>
    (TState After, LimitVerdict Verdict) Decide(in TState state, long now, long cost);

    /// <summary>The same, in place: for whoever holds the state alone.</summary>
    LimitVerdict Take(ref TState state, long now, long cost)
    {
        (state, var verdict) = Decide(state, now, cost);
        return verdict;
    }

    /// <summary>What is taken and counts against the limit now.</summary>
    long Used(in TState state, long now);

    /// <summary>The state after something that was taken comes back: of a flow, because it was not used after all; of places, because its holder has ended.</summary>
    TState Returned(in TState state, long now, long cost);
}

/// <summary>What became of one asking.</summary>
/// <param name="Remaining">What could be taken now, after it.</param>
/// <param name="RetryAfter">Nanoseconds after which the same cost is admitted if nobody else asks; 0: it was; <see cref="Never"/>: it is larger than the limit, or depends on others' ends.</param>
/// <param name="ResetAfter">Nanoseconds after which all of the limit can be taken again, if nobody asks.</param>
internal readonly record struct LimitVerdict(bool IsAdmitted, long Remaining, long RetryAfter, long ResetAfter)
{
    public const long Never = long.MaxValue;
}

/// <summary>Nanoseconds, which limits count in.</summary>
internal static class Nanoseconds
{
    public const long ASecond = 1_000_000_000, ATick = 100;

    public static long Of(TimeSpan span) => span.Ticks * ATick;

    /// <summary>The provider's own counter; it never falls.</summary>
    public static long Now(TimeProvider time) => At(time, time.GetTimestamp());

    /// <param name="timestamp">Of the provider's own counter.</param>
    public static long At(TimeProvider time, long timestamp) => time.TimestampFrequency == ASecond ? timestamp : (long)((Int128)timestamp * ASecond / time.TimestampFrequency);

    public static TimeSpan Span(long nanoseconds) => nanoseconds == LimitVerdict.Never ? Timeout.InfiniteTimeSpan : new TimeSpan((nanoseconds + ATick - 1) / ATick);
}
