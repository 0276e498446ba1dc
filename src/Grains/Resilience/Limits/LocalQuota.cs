namespace Sophia.Resilience;

/// <summary>This process's share of one token bucket.</summary>
internal sealed class LocalQuota : SharedLimit
{
    private QuotaPolicy policy;
    private QuotaBucket bucket;
    private DemandWindow demand;

    public LocalQuota(string name, Func<LimitTerms> terms, Func<Replica<QuotaCopy>> find, Func<SharedLimit, LocalLimit> current, TimeProvider time) : base(name, terms, find, current, time)
    {
        policy = QuotaPolicy.Of(terms());
        (bucket, demand) = (QuotaBucket.Begin(policy, Nanoseconds.Now(time)), DemandWindow.Begin(Nanoseconds.Now(time)));
    }

    protected override (LimitAnswer Answer, bool IsShort) Take(long cost, long now, bool isStale)
    {
        demand = demand.With(now, cost);
        bucket = bucket.Flowed(policy, now, isStale);
        var isAdmitted = cost <= bucket.Level;
        if (isAdmitted)
            bucket = bucket with { Level = bucket.Level - cost };
        return (Answer(bucket, isAdmitted, cost, isStale), !isAdmitted || bucket.Level < policy.Burst * bucket.Share / QuotaRules.Whole / 2);
    }

    protected override LimitAnswer Looked(long cost, bool isStale)
    {
        var now = bucket.Flowed(policy, Nanoseconds.Now(Time), isStale);
        return Answer(now, cost <= now.Level, cost, isStale);
    }

    protected override void Return(long cost)
    {
        lock (Gate)
            bucket = bucket with { Level = bucket.Level + cost };
    }

    protected override QuotaReport Reported()
    {
        var now = Nanoseconds.Now(Time);
        demand = demand.With(now, 0);
        return new QuotaReport(bucket.Share, demand.PerSecond(now));
    }

    protected override bool Shared(QuotaCopy copy)
    {
        var shrank = copy.Share < bucket.Share;
        bucket = bucket.Shared(policy, copy.Share, copy.Tokens, copy.Grant, Nanoseconds.Now(Time));
        return shrank;
    }

    protected override void Told(LimitTerms terms)
    {
        bucket = bucket.Flowed(policy, Nanoseconds.Now(Time), isStale: false);
        policy = QuotaPolicy.Of(terms);
        bucket = bucket with { Level = Math.Min(bucket.Level, Math.Max(1, policy.Burst * bucket.Share / QuotaRules.Whole)) };
    }

    private LimitAnswer Answer(QuotaBucket after, bool isAdmitted, long cost, bool isStale) => new(isAdmitted, (long)after.Level,
        isAdmitted ? TimeSpan.Zero : Nanoseconds.Span(after.Until(policy, cost, isStale)), Nanoseconds.Span(after.Until(policy, policy.Burst * after.Share / QuotaRules.Whole, isStale)), IsUnshared: !isAdmitted && after.Share == 0 && cost <= policy.Burst);
}
