using System.Runtime.InteropServices;

namespace Sophia.Resilience;

/// <summary>A limit that its grain alone counts: each decision is a call.</summary>
internal sealed class ExactLimit(string name, Func<LimitTerms> terms, Func<IRateLimitGrain> grain) : ILimit
{
    public string Name => name;

    public LimitTerms Terms => terms();

    public async ValueTask<LimitAnswer> Ask(long cost = 1, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        using var _ = Security.CallerContext.ForSystem("limits");
        return await grain().Take(cost, cancellation);
    }

    public async ValueTask<LimitAnswer> Look(long cost = 1, CancellationToken cancellation = default)
    {
        using var _ = Security.CallerContext.ForSystem("limits");
        return await grain().Look(cost, cancellation);
    }

    public async ValueTask GiveBack(long cost = 1)
    {
        using var _ = Security.CallerContext.ForSystem("limits");
        await grain().GiveBack(cost);
    }

    public void Ended(long cost, TimeSpan took, bool dropped)
    {
    }
}

/// <summary>What counts against a limit that is counted exactly, in whole numbers that can be written down. Moments are nanoseconds since 1970.</summary>
internal abstract class ExactCount
{
    public static ExactCount Of(LimitTerms terms, long now) => terms.Algorithm switch
    {
        LimitAlgorithm.FixedWindow => new ExactCount<FixedWindowRule.State>(new FixedWindowRule((long)terms.Limit, Window(terms)), now),
        LimitAlgorithm.SlidingWindow => new ExactCount<SlidingWindowRule.State>(new SlidingWindowRule((long)terms.Limit, Window(terms)), now),
        _ => new ExactCount<TokenBucketRule.State>(new TokenBucketRule((long)terms.Limit, Window(terms), (long)terms.Burst), now),
    };

    /// <summary>The state; set: one that was written down under the same terms.</summary>
    public abstract long[] Numbers { get; set; }

    public abstract LimitVerdict Take(long now, long cost);

    public abstract LimitVerdict Look(long now, long cost);

    public abstract void Returned(long now, long cost);

    public abstract long Used(long now);

    private static long Window(LimitTerms terms) => (long)(terms.WindowSeconds * Nanoseconds.ASecond);
}

/// <inheritdoc/>
internal sealed class ExactCount<TState>(ILimitRule<TState> rule, long began) : ExactCount where TState : unmanaged
{
    private TState state = rule.Begin(began);
    private long latest = began;

    public override long[] Numbers
    {
        get => MemoryMarshal.Cast<TState, long>(new ReadOnlySpan<TState>(in state)).ToArray();
        set
        {
            var into = MemoryMarshal.Cast<TState, long>(new Span<TState>(ref state));
            if (value.Length == into.Length)
                value.CopyTo(into);
        }
    }

    public override LimitVerdict Take(long now, long cost) => rule.Take(ref state, Latest(now), cost);

    public override LimitVerdict Look(long now, long cost) => rule.Decide(state, Latest(now), cost).Verdict;

    public override void Returned(long now, long cost) => state = rule.Returned(state, Latest(now), cost);

    public override long Used(long now) => rule.Used(state, Latest(now));

    private long Latest(long now) => latest = Math.Max(latest, now);
}
