using System.Runtime.CompilerServices;

namespace Sophia.Resilience;

/// <summary>At most <paramref name="limit"/> within any window, wherever it begins. The window is counted in segments, and one that has begun to leave it counts until it has left: so never more than the limit passes, and
/// what was taken counts at most one segment too long.</summary>
/// <param name="window">Nanoseconds.</param>
/// <param name="segments">Into how many parts the window is cut, 1 to <see cref="MostSegments"/>; with more of them less is held back.</param>
internal sealed class SlidingWindowRule(long limit, long window, int segments = SlidingWindowRule.DefaultSegments) : ILimitRule<SlidingWindowRule.State>
{
    public const int MostSegments = 16, DefaultSegments = 10;

    private readonly long limit = limit > 0 ? limit : throw new ArgumentOutOfRangeException(nameof(limit));
    private readonly int segments = segments is >= 1 and <= MostSegments ? segments : throw new ArgumentOutOfRangeException(nameof(segments));

    // Rounded up, so that the segments together are no shorter than the window.
    private readonly long segment = window >= segments ? (window + segments - 1) / segments : throw new ArgumentOutOfRangeException(nameof(window));

    /// <summary>What was taken in each segment: the one under way and as many before it as the window has.</summary>
    internal struct State
    {
        internal long Current;
        internal long Used;
        internal Counts Taken;
    }

    [InlineArray(MostSegments + 1)]
    internal struct Counts
    {
        private long first;
    }

    public State Begin(long now) => new() { Current = now / segment };

    public (State After, LimitVerdict Verdict) Decide(in State state, long now, long cost)
    {
        var after = Moved(state, now / segment);
        if (cost <= limit - after.Used)
        {
            after.Taken[Place(after.Current)] += cost;
            after.Used += cost;
            return (after, new LimitVerdict(true, limit - after.Used, 0, ((after.Current + segments + 1) * segment) - now));
        }
        return (after, new LimitVerdict(false, limit - after.Used, cost > limit ? LimitVerdict.Never : LeavesAt(after, cost, now), LeavesAt(after, limit, now)));
    }

    public State Returned(in State state, long now, long cost)
    {
        var after = Moved(state, now / segment);
        var back = Math.Min(cost, after.Taken[Place(after.Current)]);
        after.Taken[Place(after.Current)] -= back;
        after.Used -= back;
        return after;
    }

    private State Moved(State state, long current)
    {
        if (current <= state.Current)
            return state;
        for (var steps = Math.Min(current - state.Current, segments + 1); steps > 0; steps--)
        {
            state.Current = steps == segments + 1 ? current - segments : state.Current + 1;
            var place = Place(state.Current);
            state.Used -= state.Taken[place];
            state.Taken[place] = 0;
        }
        state.Current = Math.Max(state.Current, current);
        return state;
    }

    /// <summary>When so much has left the window that <paramref name="wanted"/> fits, in nanoseconds from now.</summary>
    private long LeavesAt(in State state, long wanted, long now)
    {
        var used = state.Used;
        if (used <= limit - wanted)
            return 0;
        for (var number = state.Current - segments; number <= state.Current; number++)
        {
            used -= number < 0 ? 0 : state.Taken[Place(number)];
            if (used <= limit - wanted)
                return Math.Max(1, ((number + segments + 1) * segment) - now);
        }
        return LimitVerdict.Never;
    }

    private int Place(long number) => (int)(number % (segments + 1));
}
