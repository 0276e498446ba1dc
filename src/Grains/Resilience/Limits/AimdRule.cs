namespace Sophia.Resilience;

/// <summary>A limit on concurrency that adds one while all goes well and multiplies by less than one when it does not (AIMD), with the names and defaults of Netflix' concurrency-limits.</summary>
internal sealed record AimdRule
{
    /// <summary>Default 20.</summary>
    public int InitialLimit { get; init; } = 20;

    /// <summary>Default 20.</summary>
    public int MinLimit { get; init; } = 20;

    /// <summary>Default 200.</summary>
    public int MaxLimit { get; init; } = 200;

    /// <summary>What remains of the limit after a drop. Default 0.9, range 0.5 to less than 1.</summary>
    public double BackoffRatio { get; init; } = 0.9;

    /// <summary>A call that took longer counts as dropped. Default 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    internal bool IsInRange => MinLimit >= 1 && MinLimit <= InitialLimit && InitialLimit <= MaxLimit && BackoffRatio is >= 0.5 and < 1 && Timeout > TimeSpan.Zero;

    /// <summary>The limit after what a call, or a window of them, came to.</summary>
    /// <param name="inFlight">Calls that were under way when it began; a limit that nobody comes near is not raised.</param>
    /// <param name="dropped">It was refused or cut off below.</param>
    public int After(int limit, TimeSpan took, int inFlight, bool dropped) => Math.Clamp(
        dropped || took > Timeout ? (int)(limit * BackoffRatio)
        : inFlight * 2L >= limit ? limit + 1
        : limit, MinLimit, MaxLimit);
}
