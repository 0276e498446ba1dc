namespace Sophia.Resilience;

/// <summary>What one process may take by its share of a limit whose takings are held: of a window until they have left it, of places until they end. Pure but for what it holds; moments are nanoseconds.</summary>
/// <remarks>A process that loses a share and has more in use than is left says that it uses what it has in use: so what all processes use together never comes to more than the limit, and in no window more passes than that.</remarks>
internal abstract class HeldShare
{
    /// <summary>What a process admits before it has a share, as of a bucket: a hundredth, and one at least.</summary>
    private const double Arrival = 0.01;

    /// <summary>What counts of a share whose lease has ended: a tenth.</summary>
    private const double Stale = 0.1;

    /// <summary>Millionths of the limit.</summary>
    public int Share { get; private set; }

    /// <param name="limit">A whole number.</param>
    public static HeldShare Of(LimitTerms terms, long now) => terms.Algorithm switch
    {
        LimitAlgorithm.FixedWindow => new HeldShare<FixedWindowRule.State>(terms, static (places, terms) => new FixedWindowRule(places, Window(terms)), now),
        LimitAlgorithm.SlidingWindow => new HeldShare<SlidingWindowRule.State>(terms, static (places, terms) => new SlidingWindowRule(places, Window(terms)), now),
        _ => new HeldShare<ConcurrencyRule.State>(terms, static (places, _) => new ConcurrencyRule(places), now),
    };

    public abstract LimitVerdict Take(long now, long cost, bool isStale);

    /// <summary>What <see cref="Take"/> would say.</summary>
    public abstract LimitVerdict Look(long now, long cost, bool isStale);

    public abstract void Returned(long now, long cost);

    /// <summary>What is in use now.</summary>
    public abstract long Used(long now);

    /// <summary>The share that the process must be taken to use, in millionths: what it may take, and no less than what it has taken.</summary>
    public int Uses(long now, LimitTerms terms) => (int)Math.Max(Share, Math.Min(QuotaRules.Whole, Math.Ceiling(Used(now) / terms.Limit * QuotaRules.Whole)));

    public void Shared(int share) => Share = share;

    /// <summary>Another limit counts from now on, within the same window.</summary>
    public abstract void Told(LimitTerms told);

    /// <summary>Of a piece: what millionths, which are whole numbers, may miss of a share of whole pieces. A hundred processes would have to miss as much for one piece too many.</summary>
    private const double Rounding = 0.01;

    /// <summary>How many it may take; one at least, so that a small limit is of use to each of many processes.</summary>
    protected long Places(LimitTerms terms, bool isStale) => Math.Max(1, (long)((terms.Limit * (Share == 0 ? Arrival : isStale ? Stale * Share / QuotaRules.Whole : Share / (double)QuotaRules.Whole)) + Rounding));

    private static long Window(LimitTerms terms) => (long)(terms.WindowSeconds * Nanoseconds.ASecond);
}

/// <inheritdoc/>
internal sealed class HeldShare<TState>(LimitTerms began, Func<long, LimitTerms, ILimitRule<TState>> rule, long beganAt) : HeldShare where TState : struct
{
    private LimitTerms terms = began;
    private ILimitRule<TState>? made;
    private TState state = rule(1, began).Begin(beganAt);
    private long places, latest = beganAt;

    public override LimitVerdict Take(long now, long cost, bool isStale) => Now(isStale).Take(ref state, Latest(now), cost);

    public override LimitVerdict Look(long now, long cost, bool isStale) => Now(isStale).Decide(state, Latest(now), cost).Verdict;

    public override void Returned(long now, long cost) => state = Now(false).Returned(state, Latest(now), cost);

    public override long Used(long now) => Now(false).Used(state, Latest(now));

    public override void Told(LimitTerms told) => (terms, made) = (told, null);

    // The state says what was taken, whatever may be.
    private ILimitRule<TState> Now(bool isStale)
    {
        if (Places(terms, isStale) is var may && (made is null || may != places))
            (made, places) = (rule(may, terms), may);
        return made;
    }

    private long Latest(long now) => latest = Math.Max(latest, now);
}
