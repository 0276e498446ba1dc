namespace Sophia.Resilience;

/// <summary>A bucket of <paramref name="burst"/> tokens into which <paramref name="rate"/> flow in each period: within any length of time at most the burst and what flowed in meanwhile.</summary>
/// <remarks>Kept as one number, the moment at which the bucket will be full again (the generic cell rate algorithm of ATM): each token moves it by the time that one takes to flow in. That time is rounded up to a whole
/// nanosecond, so that the limit is never passed; at a rate of a million a second it is exact to a thousandth.</remarks>
/// <param name="period">Nanoseconds.</param>
internal sealed class TokenBucketRule(long rate, long period, long burst) : ILimitRule<TokenBucketRule.State>
{
    private readonly long each = rate > 0 && period > 0 ? Math.Max(1, (period + rate - 1) / rate) : throw new ArgumentOutOfRangeException(nameof(rate));
    private readonly long burst = burst > 0 && burst <= long.MaxValue / 4 / Math.Max(1, (period + rate - 1) / rate) ? burst : throw new ArgumentOutOfRangeException(nameof(burst));

    /// <param name="FullAt">When the bucket is full; a moment that is past: it is.</param>
    internal readonly record struct State(long FullAt);

    /// <summary>Nanoseconds in which one token flows in.</summary>
    public long Each => each;

    public long Burst => burst;

    public State Begin(long now) => new(now);

    public (State After, LimitVerdict Verdict) Decide(in State state, long now, long cost)
    {
        var fullAt = Math.Max(state.FullAt, now);
        var (missing, takes) = (fullAt - now, cost > burst ? 0 : cost * each);
        if (cost <= burst && missing + takes <= burst * each)
            return (new State(fullAt + takes), new LimitVerdict(true, Left(missing + takes), 0, missing + takes));
        return (state, new LimitVerdict(false, Left(missing), cost > burst ? LimitVerdict.Never : missing + takes - (burst * each), missing));
    }

    public long Used(in State state, long now) => state.FullAt <= now ? 0 : (state.FullAt - now + each - 1) / each;

    public State Returned(in State state, long now, long cost) => new(state.FullAt - (cost * each));

    private long Left(long missing) => Math.Max(0, ((burst * each) - missing) / each);
}
