namespace Sophia.Resilience;

/// <summary>What this process alone sees of a dependency, and what follows from it by the same <see cref="BreakerRules"/> that the truth goes by: a break, probes and a ramp of its own. Its owner's lock guards all but <see cref="Succeeded"/>.</summary>
internal sealed class LocalRule
{
    private const string Here = "here";

    private readonly BreakerOptions options;
    private readonly TimeProvider time;
    private readonly CallWindow window;
    private readonly long madeAt;
    private readonly DateTimeOffset made;
    private BreakerState own;
    private CallCounts opened;

    public LocalRule(BreakerOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        window = new CallWindow(options.Window, time);
        (madeAt, made) = (time.GetTimestamp(), time.GetUtcNow());
        own = BreakerRules.Lost(0, made) with { Because = "nothing is known of it yet" };
    }

    public BreakerPhase Phase => own.Phase;

    public string? Because => own.Because;

    public (long Epoch, long Round) Mark => (own.Epoch, own.Round);

    /// <summary>The share of calls that it lets through on the way back, in percent.</summary>
    public int Share => BreakerRules.Share(own, options);

    /// <summary>How long its break still lasts; only while it is open.</summary>
    public TimeSpan OpenFor => own.Until!.Value - Now;

    /// <summary>What it counted; while it is open or tried out, by what it opened.</summary>
    public CallCounts Counts => own.Phase is BreakerPhase.Open or BreakerPhase.HalfOpen ? opened : window.Counts(time.GetTimestamp());

    // It goes on evenly, also while somebody sets the clock.
    private DateTimeOffset Now => made + time.GetElapsedTime(madeAt);

    /// <summary>A call that ended well; for any thread.</summary>
    public void Succeeded(long now) => window.Succeeded(now);

    public void Failed(long now, bool slow) => window.Failed(now, slow);

    public void Slow(long now) => window.Slow(now);

    /// <summary>Another round of the truth: calls of the one before are of no account.</summary>
    /// <param name="goesOn">What this process alone saw stands.</param>
    public void Begin(bool goesOn, long epoch)
    {
        window.Clear();
        if (!goesOn)
            own = new BreakerState { Epoch = epoch };
    }

    /// <summary>Gives out a probe of its own; 0: there is none.</summary>
    public long TryProbe()
    {
        var given = BreakerRules.Grant(own, Here, 1, options, Now);
        if (ReferenceEquals(given, own))
            return 0;
        own = given;
        return own.LastProbe;
    }

    /// <param name="good">Null: it says nothing.</param>
    public void Settle(long probe, bool? good) => own = BreakerRules.Settle(own, Here, probe, good, options, Now);

    /// <summary>Lets time pass. Whether that changed anything.</summary>
    public bool Pass()
    {
        var after = BreakerRules.Pass(own, options, Now);
        var changed = !ReferenceEquals(after, own);
        own = after;
        return changed;
    }

    /// <summary>Opens where what was counted is enough for this process. Whether the truth is to hear of it at once: also where it may be enough with what others see.</summary>
    /// <param name="isBlind">The truth cannot be reached: half as much is enough.</param>
    /// <param name="share">Of the calls, in percent, that come through at all.</param>
    public bool Judge(bool isBlind, int share, long now)
    {
        var counts = window.Counts(now);
        if (own.Phase is not (BreakerPhase.Closed or BreakerPhase.Ramp) || BreakerJudge.Alone(counts, isBlind ? options.Tightened : options, share) is not { } because)
            return BreakerJudge.Sees(counts, options) is not null;
        (opened, own) = (counts, BreakerRules.Open(own, because, options, Now));
        window.Clear();
        return true;
    }
}
