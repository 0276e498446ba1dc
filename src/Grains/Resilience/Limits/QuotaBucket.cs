namespace Sophia.Resilience;

/// <summary>What one process may still take by its share of a quota. Pure; moments are nanoseconds.</summary>
/// <param name="Level">Tokens.</param>
/// <param name="Share">Millionths of rate and burst.</param>
/// <param name="Grant">Number of the last grant whose tokens were taken in.</param>
internal readonly record struct QuotaBucket(double Level, long At, int Share, long Grant)
{
    /// <summary>A process that has no share yet admits a hundredth of the burst, and one at least: the first callers need not wait for the truth.</summary>
    private const double Arrival = 0.01;

    /// <summary>What counts of a share whose lease has ended: a tenth. The truth has given the rest to others by then.</summary>
    private const double Stale = 0.1;

    public static QuotaBucket Begin(QuotaPolicy policy, long now) => new(Math.Max(1, policy.Burst * Arrival), now, 0, 0);

    /// <summary>With what flowed in meanwhile.</summary>
    public QuotaBucket Flowed(QuotaPolicy policy, long now, bool isStale)
    {
        if (Share == 0 || now <= At)
            return this with { At = Math.Max(At, now) };
        var share = (isStale ? Share * Stale : Share) / QuotaRules.Whole;
        return this with { Level = Math.Min(Math.Max(1, policy.Burst * share), Level + (policy.Rate * share * (now - At) / Nanoseconds.ASecond)), At = now };
    }

    /// <summary>With another share. Tokens of a grant count once; those above a share that shrank are lost.</summary>
    public QuotaBucket Shared(QuotaPolicy policy, int share, double tokens, long grant, long now)
    {
        var flowed = Flowed(policy, now, isStale: false);
        var level = flowed.Level + (grant > Grant ? tokens : 0);
        return flowed with { Share = share, Level = Math.Min(level, Math.Max(1, policy.Burst * share / QuotaRules.Whole)), Grant = Math.Max(Grant, grant) };
    }

    /// <summary>Nanoseconds until so much is there; <see cref="LimitVerdict.Never"/>: more than the share can ever hold.</summary>
    public long Until(QuotaPolicy policy, double cost, bool isStale)
    {
        if (cost <= Level)
            return 0;
        if (cost > policy.Burst)
            return LimitVerdict.Never;
        var share = (isStale ? Share * Stale : Share) / QuotaRules.Whole;
        return share == 0 ? Nanoseconds.ASecond : (long)Math.Ceiling((cost - Level) / (policy.Rate * share) * Nanoseconds.ASecond);
    }
}
