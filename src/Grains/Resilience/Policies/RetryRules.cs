namespace Sophia.Resilience;

/// <summary>Whether a failed call is made again, and after which pause. Pure: chance comes in as a number from 0 to 1.</summary>
internal static class RetryRules
{
    /// <summary>What becomes of a call whose attempt failed.</summary>
    /// <param name="attempts">Attempts that were made, 1 at least.</param>
    /// <param name="left">What is left of the time of all attempts.</param>
    /// <param name="chance">0 to 1.</param>
    /// <remarks>
    /// The pause is drawn between half and all of what doubles, so that callers who failed together do not come back together ("equal jitter" of Brooker, Exponential Backoff and Jitter, 2015): unlike with full jitter
    /// nobody comes back at once. A Retry-After is never undercut: the draw is added to it.
    /// </remarks>
    public static RetryVerdict After(int attempts, CallFailure failure, bool isIdempotent, PolicyOptions options, TimeSpan left, double chance)
    {
        if (!failure.MayPass || (!isIdempotent && !failure.DidNothing))
            return RetryVerdict.No(RetryEnd.Final);
        if (attempts > options.Retries)
            return RetryVerdict.No(RetryEnd.Attempts);
        if (failure.RetryAfter > options.LongestRetryAfter)
            return RetryVerdict.No(RetryEnd.AskedToWait);
        var drawn = Pause(attempts, options, chance);
        var pause = failure.RetryAfter is { } asked && asked > TimeSpan.Zero ? asked + drawn / 10 : drawn;
        return pause >= left ? RetryVerdict.No(RetryEnd.Deadline) : new RetryVerdict(true, pause, RetryEnd.None);
    }

    /// <summary>The pause after so many failures in a row, 1 at least.</summary>
    /// <param name="chance">0 to 1.</param>
    public static TimeSpan Pause(int failures, PolicyOptions options, double chance) => Doubled(options.RetryAfter, failures - 1, options.LongestRetryAfter) * (0.5 + chance / 2);

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan most)
    {
        var ticks = first.Ticks * Math.Pow(2, Math.Min(times, 40));
        return ticks >= most.Ticks ? most : TimeSpan.FromTicks((long)ticks);
    }
}

/// <param name="Pause">How long to wait before it.</param>
internal readonly record struct RetryVerdict(bool Repeats, TimeSpan Pause, RetryEnd End)
{
    public static RetryVerdict No(RetryEnd end) => new(false, default, end);
}

/// <summary>Why a failed call is not made again.</summary>
internal enum RetryEnd
{
    None = 0,

    /// <summary>The same call would fail again, or might take effect twice.</summary>
    Final = 1,

    /// <summary>It was made as often as it may be.</summary>
    Attempts = 2,

    /// <summary>The dependency asks to be left alone for longer than anybody waits.</summary>
    AskedToWait = 3,

    /// <summary>The caller's time would be over before it is made.</summary>
    Deadline = 4,

    /// <summary>The budget is spent.</summary>
    Budget = 5,
}
