namespace Sophia.Resilience;

/// <summary>This process's share of one window or of one number of places.</summary>
/// <remarks>Windows lie on the grid of the clock on the wall, which is read once: from there on time goes evenly, also while somebody sets the clock.</remarks>
internal sealed class LocalShare : SharedLimit
{
    private readonly long offset;
    private LimitTerms terms;
    private HeldShare held;
    private DemandWindow demand;
    private PlacesWanted wanted;

    public LocalShare(string name, TermsInForce terms, Func<Replica<QuotaCopy>> find, Func<SharedLimit, LocalLimit> current, TimeProvider time) : base(name, terms, find, current, time)
    {
        offset = ((time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * Nanoseconds.ATick) - Nanoseconds.Now(time);
        this.terms = terms.Now();
        (held, demand) = (HeldShare.Of(this.terms, Now), DemandWindow.Begin(Now));
    }

    // Places end by others' calls, which must find them.
    protected override bool HoldsAnything => terms.IsPlaces && held.Used(Now) > 0;

    protected override bool HasNoShare => held.Share == 0;

    private long Now => Nanoseconds.Now(Time) + offset;

    protected override bool Take(long cost, long now, bool isStale, out LimitAnswer answer)
    {
        now += offset;
        var verdict = held.Take(now, cost, isStale);
        if (terms.IsPlaces)
            wanted = wanted.With(now, held.Used(now), verdict.IsAdmitted ? 0 : cost);
        else
            demand.Count(now, cost);
        answer = Answer(verdict, cost);
        return !verdict.IsAdmitted || verdict.Remaining * 10 < held.Used(now);
    }

    protected override LimitAnswer Looked(long cost, bool isStale) => Answer(held.Look(Now, cost, isStale), cost);

    protected override void Returned(long cost) => held.Returned(Now, cost);

    protected override QuotaReport Reported()
    {
        var now = Now;
        demand.Count(now, 0);
        wanted = wanted.With(now, terms.IsPlaces ? held.Used(now) : 0, 0);
        return new QuotaReport(held.Uses(now, terms), terms.IsPlaces ? wanted.Most : demand.PerSecond(now));
    }

    protected override QuotaReport Leaving()
    {
        held.Shared(0);
        return new QuotaReport(held.Uses(Now, terms), 0, 0);
    }

    protected override bool Shared(QuotaCopy copy)
    {
        var shrank = copy.Share < held.Share;
        held.Shared(copy.Share);
        return shrank;
    }

    protected override void Told(LimitTerms told)
    {
        var (isSame, share) = (told.WindowSeconds == terms.WindowSeconds, held.Share);
        terms = told;
        if (isSame)
            held.Told(told);
        else
            (held = HeldShare.Of(told, Now)).Shared(share); // Segments of another length cannot be counted on.
    }

    /// <summary>Nobody knows when a place comes back, or a share: a second is as good as any guess.</summary>
    private LimitAnswer Answer(in LimitVerdict verdict, long cost)
    {
        var isUnshared = !verdict.IsAdmitted && held.Share == 0 && cost <= terms.Limit;
        return new(verdict.IsAdmitted, verdict.Remaining,
            verdict.IsAdmitted ? TimeSpan.Zero : isUnshared || (terms.IsPlaces && verdict.RetryAfter == LimitVerdict.Never) ? TimeSpan.FromSeconds(1) : Nanoseconds.Span(verdict.RetryAfter),
            terms.IsPlaces || isUnshared ? TimeSpan.FromSeconds(1) : Nanoseconds.Span(verdict.ResetAfter), isUnshared);
    }
}

/// <summary>How many places were wanted at once of late: over the window under way and the one before it. Pure; moments are nanoseconds.</summary>
internal readonly record struct PlacesWanted(long Since, double Before, double Now, double Refused)
{
    public double Most => Math.Max(Before, Now + Refused);

    public PlacesWanted With(long now, double inUse, double refused) => (now - Since) switch
    {
        < DemandWindow.Length => this with { Now = Math.Max(Now, inUse), Refused = Refused + refused },
        < 2 * DemandWindow.Length => new(Since + DemandWindow.Length, Now + Refused, inUse, refused),
        _ => new(now, 0, inUse, refused),
    };
}
