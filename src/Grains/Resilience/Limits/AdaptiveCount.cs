namespace Sophia.Resilience;

/// <summary>How many may be under way at once, by what the calls before took. Not for several threads; moments are nanoseconds.</summary>
internal sealed class AdaptiveCount(LimitPolicy policy, long began)
{
    private readonly AimdRule aimd = new() { InitialLimit = (int)policy.Limit, MinLimit = policy.MinLimit, MaxLimit = policy.MaxLimit };
    private readonly Gradient2Rule gradient = new() { InitialLimit = (int)policy.Limit, MinLimit = policy.MinLimit, MaxConcurrency = policy.MaxLimit };
    private LatencyWindow window = LatencyWindow.Begin(began);
    private Gradient2Rule.State state = new((int)policy.Limit, 0, 0);

    public int Limit { get; private set; } = (int)policy.Limit;

    public int InFlight { get; private set; }

    /// <summary>Of the last window, nanoseconds; 0: there was none.</summary>
    public long Latency { get; private set; }

    /// <summary>Of Gradient2: the long average, nanoseconds; 0: there is none.</summary>
    public double Floor => state.LongRtt;

    public LimitVerdict Take(long cost)
    {
        if (cost > Limit - InFlight)
            return new LimitVerdict(false, Math.Max(0, Limit - InFlight), LimitVerdict.Never, LimitVerdict.Never);
        InFlight += (int)cost;
        return new LimitVerdict(true, Limit - InFlight, 0, LimitVerdict.Never);
    }

    public void Returned(long cost) => InFlight = (int)Math.Max(0, InFlight - cost);

    /// <summary>So much has ended, after so long.</summary>
    public void Ended(long now, long cost, long took, bool dropped)
    {
        (window, var sample) = window.With(now, took, InFlight, dropped);
        Returned(cost);
        if (sample is not { } seen)
            return;
        Latency = seen.Latency;
        if (policy.Algorithm == LimitAlgorithm.Aimd)
            Limit = aimd.After(Limit, Nanoseconds.Span(seen.Latency), seen.MostInFlight, seen.Dropped);
        else
            Limit = (state = Cut(gradient.After(state, seen.Latency, seen.MostInFlight), seen.Dropped)).Limit;
    }

    // The published rule knows of no drops: what is refused below is quick, and would look like room.
    private Gradient2Rule.State Cut(Gradient2Rule.State after, bool dropped) => dropped ? after with { Estimated = Math.Max(policy.MinLimit, Math.Min(after.Estimated, Limit) * aimd.BackoffRatio) } : after;
}

/// <summary>An adaptive limit of this process: each process goes by what it sees, and nothing of it is divided.</summary>
internal sealed class LocalAdaptive(LimitPolicy policy, TimeProvider time) : LocalLimit(policy.Name)
{
    /// <summary>How long nobody asks before it may be forgotten, and begins anew: 5 minutes.</summary>
    public static readonly TimeSpan IdleAfter = TimeSpan.FromMinutes(5);

    private readonly Lock gate = new();
    private readonly AdaptiveCount count = new(policy, Nanoseconds.Now(time));
    private long askedAt = time.GetTimestamp();

    public override LimitTerms Terms => policy.Terms with { Limit = Volatile.Read(ref limit) };

    public override bool IsIdle
    {
        get
        {
            lock (gate)
                return count.InFlight == 0 && time.GetElapsedTime(askedAt) > IdleAfter;
        }
    }

    private int limit = (int)policy.Limit;

    public AdaptiveNow Now
    {
        get
        {
            lock (gate)
                return new AdaptiveNow(count.Limit, count.InFlight, policy.MinLimit, policy.MaxLimit, Milliseconds(count.Latency), Milliseconds(count.Floor));
        }
    }

    public override void Ended(long cost, TimeSpan took, bool dropped)
    {
        lock (gate)
        {
            count.Ended(Nanoseconds.Now(time), cost, Nanoseconds.Of(took), dropped);
            limit = count.Limit;
        }
    }

    protected override LimitAnswer Ask(long cost)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        lock (gate)
        {
            askedAt = time.GetTimestamp();
            return Answer(count.Take(cost));
        }
    }

    protected override LimitAnswer Look(long cost)
    {
        lock (gate)
            return new LimitAnswer(cost <= count.Limit - count.InFlight, Math.Max(0, count.Limit - count.InFlight), cost <= count.Limit - count.InFlight ? TimeSpan.Zero : AskAgainAfter, AskAgainAfter);
    }

    protected override void Return(long cost)
    {
        lock (gate)
            count.Returned(cost);
    }

    /// <summary>Nobody knows when a place comes back: 1 s is as good as any guess.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);

    private static double? Milliseconds(double nanoseconds) => nanoseconds > 0 ? nanoseconds / 1_000_000 : null;

    private static LimitAnswer Answer(in LimitVerdict verdict) => new(verdict.IsAdmitted, verdict.Remaining, verdict.IsAdmitted ? TimeSpan.Zero : AskAgainAfter, AskAgainAfter);
}
