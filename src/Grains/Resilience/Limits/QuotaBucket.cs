namespace Sophia.Resilience;

/// <summary>What one process may still take by its share of a quota. Moments are nanoseconds.</summary>
/// <param name="Level">Tokens.</param>
/// <param name="Share">Millionths of rate and burst.</param>
/// <param name="Grant">Number of the last grant whose tokens were taken in.</param>
internal record struct QuotaBucket(double Level, long At, int Share, long Grant)
{
    /// <summary>A process that has no share yet admits a hundredth of the burst, and one at least: the first callers need not wait for the truth.</summary>
    private const double Arrival = 0.01;

    public static QuotaBucket Begin(QuotaPolicy policy, long now) => new(Math.Max(1, policy.Burst * Arrival), now, 0, 0);

    /// <summary>Takes in what flowed meanwhile.</summary>
    /// <param name="flow">Of this bucket's share.</param>
    public void Flow(in QuotaFlow flow, long now)
    {
        if (now <= At)
            return;
        if (Share != 0)
            Level = Math.Min(flow.Most, Level + (flow.PerNanosecond * (now - At)));
        At = now;
    }

    /// <summary>With what flowed in meanwhile.</summary>
    public readonly QuotaBucket Flowed(QuotaPolicy policy, long now, bool isStale)
    {
        var after = this;
        after.Flow(QuotaFlow.Of(policy, Share, isStale), now);
        return after;
    }

    /// <summary>With another share. Tokens of a grant count once; those above a share that shrank are lost.</summary>
    public readonly QuotaBucket Shared(QuotaPolicy policy, int share, double tokens, long grant, long now)
    {
        var flowed = Flowed(policy, now, isStale: false);
        var level = flowed.Level + (grant > Grant ? tokens : 0);
        return flowed with { Share = share, Level = Math.Min(level, Math.Max(1, policy.Burst * share / QuotaRules.Whole)), Grant = Math.Max(Grant, grant) };
    }

    /// <summary>Nanoseconds until so much is there: a nanosecond sooner it is not. <see cref="LimitVerdict.Never"/>: more than the share can ever hold.</summary>
    public readonly long Until(QuotaPolicy policy, in QuotaFlow flow, double cost)
    {
        if (cost <= Level)
            return 0;
        if (cost > policy.Burst)
            return LimitVerdict.Never;
        if (flow.PerNanosecond == 0)
            return Nanoseconds.ASecond;
        var wait = (long)Math.Ceiling((cost - Level) / flow.PerNanosecond);
        return wait < LimitVerdict.Never && Level + (flow.PerNanosecond * wait) < cost ? wait + 1 : wait; // What is divided and multiplied may come out a hair short.
    }
}

/// <summary>What a share of a quota comes to, worked out once for each share: decisions divide nothing.</summary>
/// <param name="PerNanosecond">Tokens that flow in.</param>
/// <param name="Most">Tokens that the bucket holds, one at least.</param>
/// <param name="Whole">Tokens of the share, also while its lease has ended.</param>
/// <param name="TicksEach">Of 100 ns, in which one token flows in; 0: none does.</param>
internal readonly record struct QuotaFlow(double PerNanosecond, double Most, double Whole, double TicksEach)
{
    /// <summary>What counts of a share whose lease has ended: a tenth. The truth has given the rest to others by then.</summary>
    private const double Stale = 0.1;

    /// <param name="share">Millionths.</param>
    public static QuotaFlow Of(QuotaPolicy policy, int share, bool isStale)
    {
        var part = (isStale ? share * Stale : share) / QuotaRules.Whole;
        var each = policy.Rate * part / Nanoseconds.ASecond;
        return new(each, Math.Max(1, policy.Burst * part), policy.Burst * share / QuotaRules.Whole, each == 0 ? 0 : 1 / (each * Nanoseconds.ATick));
    }
}
