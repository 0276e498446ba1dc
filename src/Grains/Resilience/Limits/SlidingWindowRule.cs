using System.Runtime.CompilerServices;

namespace Sophia.Resilience;

/// <summary>At most <paramref name="limit"/> within any window, wherever it begins. The window is counted in segments, and one that has begun to leave it counts until it has left: so never more than the limit passes, and
/// what was taken counts at most one segment too long.</summary>
/// <param name="window">Nanoseconds.</param>
/// <param name="segments">Into how many parts the window is cut, 1 to <see cref="MostSegments"/>; with more of them less is held back.</param>
internal sealed class SlidingWindowRule(long limit, long window, int segments = SlidingWindowRule.DefaultSegments) : ILimitRule<SlidingWindowRule.State>
{
    public const int MostSegments = 128, DefaultSegments = 128;

    private readonly long limit = limit is > 0 and <= int.MaxValue ? limit : throw new ArgumentOutOfRangeException(nameof(limit));
    private readonly int segments = segments is >= 1 and <= MostSegments ? segments : throw new ArgumentOutOfRangeException(nameof(segments));

    // Rounded up, so that the segments together are no shorter than the window.
    private readonly long segment = window >= segments ? (window + segments - 1) / segments : throw new ArgumentOutOfRangeException(nameof(window));
    private readonly long whole = (window + segments - 1) / segments * segments;

    /// <summary>What was taken in each segment: the one under way and as many before it as the window has. Within a segment nothing is divided: where it ends and where it is counted stand here.</summary>
    internal struct State
    {
        internal long Current;
        internal long EndsAt;
        internal long Place;
        internal long Used;
        internal Counts Taken;
    }

    [InlineArray(MostSegments + 1)]
    internal struct Counts
    {
        private int first;
    }

    public State Begin(long now) => At(new State(), now / segment);

    public (State After, LimitVerdict Verdict) Decide(in State state, long now, long cost)
    {
        var after = state;
        var verdict = Take(ref after, now, cost);
        return (after, verdict);
    }

    public LimitVerdict Take(ref State state, long now, long cost)
    {
        if (now >= state.EndsAt)
            Move(ref state, now);
        if (cost > limit - state.Used)
            return new LimitVerdict(false, Math.Max(0, limit - state.Used), cost > limit ? LimitVerdict.Never : LeavesAt(state, cost, now), AllHasLeftAt(state, now));
        state.Taken[(int)state.Place] += (int)cost;
        state.Used += cost;
        return new LimitVerdict(true, limit - state.Used, 0, state.EndsAt + whole - now);
    }

    public long Used(in State state, long now)
    {
        if (now < state.EndsAt)
            return state.Used;
        var after = state;
        Move(ref after, now);
        return after.Used;
    }

    public State Returned(in State state, long now, long cost)
    {
        var after = state;
        Move(ref after, now);
        // What was taken a moment ago may stand in the segment before.
        for (var number = after.Current; cost > 0 && number >= 0 && number >= after.Current - segments; number--)
        {
            var back = (int)Math.Min(cost, after.Taken[Place(number)]);
            after.Taken[Place(number)] -= back;
            after.Used -= back;
            cost -= back;
        }
        return after;
    }

    private void Move(ref State state, long now)
    {
        var current = now / segment;
        if (current <= state.Current)
            return;
        // What is as far back as the window and a segment has left it, however long ago the last call was.
        for (var number = Math.Max(state.Current + 1, current - segments); number <= current; number++)
        {
            var place = Place(number);
            state.Used -= state.Taken[place];
            state.Taken[place] = 0;
        }
        state = At(state, current);
    }

    private State At(State state, long current)
    {
        (state.Current, state.EndsAt, state.Place) = (current, (current + 1) * segment, Place(current));
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

    /// <summary>When all of it has left, in nanoseconds from now: when the newest segment in which anything was taken has.</summary>
    private long AllHasLeftAt(in State state, long now)
    {
        if (state.Used <= 0)
            return 0;
        var number = state.Current;
        while (number > state.Current - segments && state.Taken[Place(number)] == 0)
            number--;
        return Math.Max(1, ((number + segments + 1) * segment) - now);
    }

    private int Place(long number) => (int)(number % (segments + 1));
}
