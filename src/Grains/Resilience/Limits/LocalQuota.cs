using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>This process's share of one quota. Asking it never leaves the process and never waits.</summary>
internal sealed class LocalQuota(QuotaPolicy policy, Func<Replica<QuotaCopy>> find, TimeProvider time) : ILimit, IReplicaUser<QuotaCopy>
{
    /// <summary>Between two askings for more out of turn: 100 ms. A quota that the cluster has used up is not asked for in vain all the time.</summary>
    private const long HurriesEvery = Nanoseconds.ASecond / 10;

    private readonly Lock gate = new();
    private QuotaBucket bucket = QuotaBucket.Begin(policy, Nanoseconds.Now(time));
    private Replica<QuotaCopy>? replica;
    private DemandWindow demand = DemandWindow.Begin(Nanoseconds.Now(time));
    private long mayHurryAt;

    /// <summary>Whether nobody asked for so long that its share was let go.</summary>
    public bool IsIdle => replica is { IsLetGo: true };

    public LimitTerms Terms { get; } = new(policy.Rate, policy.Burst);

    public LimitAnswer Ask(long cost = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        var truth = Truth();
        truth.Use();
        var (now, isStale) = (Nanoseconds.Now(time), truth.IsStale);
        bool isAdmitted, isShort;
        QuotaBucket after;
        lock (gate)
        {
            demand = demand.With(now, cost);
            after = bucket.Flowed(policy, now, isStale);
            isAdmitted = cost <= after.Level;
            if (isAdmitted)
                after = after with { Level = after.Level - cost };
            bucket = after;
            isShort = (!isAdmitted || after.Level < policy.Burst * after.Share / QuotaRules.Whole / 2) && now >= mayHurryAt;
            if (isShort)
                mayHurryAt = now + HurriesEvery;
        }
        if (isShort)
            truth.Hurry();
        return new LimitAnswer(isAdmitted, (long)after.Level, isAdmitted ? TimeSpan.Zero : Nanoseconds.Span(after.Until(policy, cost, isStale)), Nanoseconds.Span(after.Until(policy, policy.Burst * after.Share / QuotaRules.Whole, isStale)));
    }

    public void GiveBack(long cost = 1)
    {
        lock (gate)
            bucket = bucket with { Level = bucket.Level + cost };
    }

    public byte[]? Report()
    {
        var now = Nanoseconds.Now(time);
        lock (gate)
        {
            demand = demand.With(now, 0);
            return QuotaKind.Write(new QuotaReport(bucket.Share, demand.PerSecond(now)));
        }
    }

    public void Received(QuotaCopy copy, TimeSpan age)
    {
        bool isWaitedFor;
        lock (gate)
        {
            isWaitedFor = copy.Asks || copy.Share < bucket.Share;
            bucket = bucket.Shared(policy, copy.Share, copy.Tokens, copy.Grant, Nanoseconds.Now(time));
        }
        // Others wait for its word that it has let go.
        if (isWaitedFor)
            replica?.Hurry();
    }

    private Replica<QuotaCopy> Truth()
    {
        if (replica is { IsLetGo: false } known)
            return known;
        var found = find();
        lock (gate)
        {
            if (ReferenceEquals(replica, found))
                return found;
            replica = found;
        }
        found.Attach(this);
        return found;
    }
}
