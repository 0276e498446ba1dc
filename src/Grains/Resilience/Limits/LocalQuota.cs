namespace Sophia.Resilience;

/// <summary>This process's share of one token bucket.</summary>
internal sealed class LocalQuota : SharedLimit
{
    private QuotaPolicy policy;
    private QuotaBucket bucket;
    private QuotaFlow flow, staleFlow;
    private DemandWindow demand;

    public LocalQuota(string name, TermsInForce terms, Func<Replica<QuotaCopy>> find, Func<SharedLimit, LocalLimit> current, TimeProvider time) : base(name, terms, find, current, time)
    {
        policy = QuotaPolicy.Of(terms.Now());
        (bucket, demand) = (QuotaBucket.Begin(policy, Nanoseconds.Now(time)), DemandWindow.Begin(Nanoseconds.Now(time)));
        Divide();
    }

    protected override bool HasNoShare => bucket.Share == 0;

    protected override bool Take(long cost, long now, bool isStale, out LimitAnswer answer)
    {
        ref readonly var by = ref isStale ? ref staleFlow : ref flow;
        demand.Count(now, cost);
        bucket.Flow(by, now);
        if (cost > bucket.Level)
        {
            answer = Refused(bucket, by, cost);
            return true;
        }
        bucket.Level -= cost;
        answer = Admitted(bucket, by);
        return bucket.Level + bucket.Level < by.Whole;
    }

    protected override LimitAnswer Looked(long cost, bool isStale)
    {
        var (now, by) = (bucket, isStale ? staleFlow : flow);
        now.Flow(by, Nanoseconds.Now(Time));
        return cost <= now.Level ? Admitted(now, by) : Refused(now, by, cost);
    }

    protected override void Returned(long cost) => bucket.Level += cost;

    protected override QuotaReport Reported()
    {
        var now = Nanoseconds.Now(Time);
        demand.Count(now, 0);
        return new QuotaReport(bucket.Share, demand.PerSecond(now));
    }

    protected override QuotaReport Leaving()
    {
        bucket.Flow(flow, Nanoseconds.Now(Time));
        var tokens = bucket.Level;
        bucket = bucket with { Share = 0, Level = 0 };
        Divide();
        return new QuotaReport(0, 0, tokens);
    }

    protected override bool Shared(QuotaCopy copy)
    {
        var shrank = copy.Share < bucket.Share;
        bucket = bucket.Shared(policy, copy.Share, copy.Tokens, copy.Grant, Nanoseconds.Now(Time));
        Divide();
        return shrank;
    }

    protected override void Told(LimitTerms terms)
    {
        bucket.Flow(flow, Nanoseconds.Now(Time));
        policy = QuotaPolicy.Of(terms);
        Divide();
        bucket.Level = Math.Min(bucket.Level, flow.Most);
    }

    private void Divide() => (flow, staleFlow) = (QuotaFlow.Of(policy, bucket.Share, isStale: false), QuotaFlow.Of(policy, bucket.Share, isStale: true));

    private static LimitAnswer Admitted(in QuotaBucket after, in QuotaFlow by) => new(true, (long)after.Level, TimeSpan.Zero, Full(after, by));

    private LimitAnswer Refused(in QuotaBucket after, in QuotaFlow by, long cost) =>
        new(false, (long)after.Level, Nanoseconds.Span(after.Until(policy, by, cost)), Full(after, by), IsUnshared: after.Share == 0 && cost <= policy.Burst);

    private static TimeSpan Full(in QuotaBucket after, in QuotaFlow by) => after.Level >= by.Whole ? TimeSpan.Zero : new TimeSpan((long)Math.Min((by.Whole - after.Level) * by.TicksEach, long.MaxValue / 2) + 1);
}
