namespace Sophia.Resilience;

/// <summary>When a second attempt follows a first one that has not answered (Dean and Barroso, The Tail at Scale, 2013). Pure.</summary>
internal static class HedgeRules
{
    /// <summary>Answers that must have been seen before their 95th percentile means anything.</summary>
    public const int LeastSeen = 20;

    /// <summary>The delay; null: no hedge. One that would begin when the attempt's time is over is none.</summary>
    /// <param name="seen">Answers seen of late.</param>
    /// <param name="p95">Of their times.</param>
    public static TimeSpan? Delay(PolicyOptions options, bool isIdempotent, int seen, TimeSpan p95, TimeSpan attemptFor)
    {
        if (!isIdempotent || options.Hedge == HedgeMode.Off || (options.Hedge == HedgeMode.P95 && seen < LeastSeen))
            return null;
        var delay = options.Hedge == HedgeMode.P95 && p95 > options.HedgeAfter ? p95 : options.HedgeAfter;
        return delay < attemptFor ? delay : null;
    }
}
