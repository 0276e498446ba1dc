namespace Sophia.Resilience;

/// <summary>At most <paramref name="limit"/> in each window of a fixed grid. Cheap and plain; around a border of the grid twice the limit can pass within one window's length.</summary>
/// <param name="window">Nanoseconds.</param>
internal sealed class FixedWindowRule(long limit, long window) : ILimitRule<FixedWindowRule.State>
{
    private readonly long limit = limit > 0 ? limit : throw new ArgumentOutOfRangeException(nameof(limit));
    private readonly long window = window > 0 ? window : throw new ArgumentOutOfRangeException(nameof(window));

    /// <param name="EndsAt">When the window under way ends.</param>
    internal record struct State(long EndsAt, long Used);

    public State Begin(long now) => new(((now / window) + 1) * window, 0);

    public (State After, LimitVerdict Verdict) Decide(in State state, long now, long cost)
    {
        var after = state;
        var verdict = Take(ref after, now, cost);
        return (after, verdict);
    }

    public LimitVerdict Take(ref State state, long now, long cost)
    {
        if (now >= state.EndsAt)
            state = Begin(now);
        var toEnd = state.EndsAt - now;
        if (cost > limit - state.Used)
            return new LimitVerdict(false, Math.Max(0, limit - state.Used), cost > limit ? LimitVerdict.Never : toEnd, state.Used == 0 ? 0 : toEnd);
        state.Used += cost;
        return new LimitVerdict(true, limit - state.Used, 0, toEnd);
    }

    public long Used(in State state, long now) => now >= state.EndsAt ? 0 : state.Used;

    public State Returned(in State state, long now, long cost) => now >= state.EndsAt ? state : state with { Used = Math.Max(0, state.Used - cost) };
}
