namespace Sophia.Resilience;

/// <summary>At most <paramref name="limit"/> at a time. What was taken is given back by whoever took it.</summary>
internal sealed class ConcurrencyRule(long limit) : ILimitRule<ConcurrencyRule.State>
{
    private readonly long limit = limit > 0 ? limit : throw new ArgumentOutOfRangeException(nameof(limit));

    internal readonly record struct State(long InUse);

    public State Begin(long now) => default;

    public (State After, LimitVerdict Verdict) Decide(in State state, long now, long cost) => cost <= limit - state.InUse
        ? (new State(state.InUse + cost), new LimitVerdict(true, limit - state.InUse - cost, 0, LimitVerdict.Never))
        : (state, new LimitVerdict(false, Math.Max(0, limit - state.InUse), LimitVerdict.Never, state.InUse == 0 ? 0 : LimitVerdict.Never));

    public long Used(in State state, long now) => state.InUse;

    public State Returned(in State state, long now, long cost) => new(Math.Max(0, state.InUse - cost));
}
