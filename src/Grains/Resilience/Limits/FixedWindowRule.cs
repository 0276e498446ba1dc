namespace Sophia.Resilience;

/// <summary>At most <paramref name="limit"/> in each window of a fixed grid. Cheap and plain; around a border of the grid twice the limit can pass within one window's length.</summary>
/// <param name="window">Nanoseconds.</param>
internal sealed class FixedWindowRule(long limit, long window) : ILimitRule<FixedWindowRule.State>
{
    private readonly long limit = limit > 0 ? limit : throw new ArgumentOutOfRangeException(nameof(limit));
    private readonly long window = window > 0 ? window : throw new ArgumentOutOfRangeException(nameof(window));

    /// <param name="EndsAt">When the window under way ends.</param>
    internal readonly record struct State(long EndsAt, long Used);

    public State Begin(long now) => new(((now / window) + 1) * window, 0);

    public (State After, LimitVerdict Verdict) Decide(in State state, long now, long cost)
    {
        var current = now >= state.EndsAt ? Begin(now) : state;
        var toEnd = current.EndsAt - now;
        if (cost <= limit - current.Used)
        {
            var after = current with { Used = current.Used + cost };
            return (after, new LimitVerdict(true, limit - after.Used, 0, toEnd));
        }
        return (current, new LimitVerdict(false, Math.Max(0, limit - current.Used), cost > limit ? LimitVerdict.Never : toEnd, current.Used == 0 ? 0 : toEnd));
    }

    public long Used(in State state, long now) => now >= state.EndsAt ? 0 : state.Used;

    public State Returned(in State state, long now, long cost) => now >= state.EndsAt ? state : state with { Used = Math.Max(0, state.Used - cost) };
}
