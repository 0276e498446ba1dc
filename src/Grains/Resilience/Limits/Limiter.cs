namespace Sophia.Resilience;

/// <summary>A limit that many threads of one process ask at once.</summary>
internal abstract class Limiter
{
    /// <summary>Takes the cost, or leaves everything as it was and says when to come back.</summary>
    public abstract LimitVerdict Ask(long cost = 1);

    /// <summary>Gives back what was taken: of a flow what was not used after all, at once; of places what has ended.</summary>
    public abstract void GiveBack(long cost = 1);
}

/// <summary>Any rule, behind a lock.</summary>
internal sealed class Limiter<TState>(ILimitRule<TState> rule, TimeProvider time) : Limiter where TState : struct
{
    private readonly Lock gate = new();
    private TState state = rule.Begin(Nanoseconds.Now(time));
    private long latest;

    public override LimitVerdict Ask(long cost = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        var now = Nanoseconds.Now(time);
        lock (gate)
        {
            latest = Math.Max(latest, now);
            return rule.Take(ref state, latest, cost);
        }
    }

    public override void GiveBack(long cost = 1)
    {
        var now = Nanoseconds.Now(time);
        lock (gate)
        {
            latest = Math.Max(latest, now);
            state = rule.Returned(state, latest, cost);
        }
    }
}

/// <summary>A token bucket without a lock: its state is one number, which is exchanged where nobody was quicker.</summary>
internal sealed class BucketLimiter(TokenBucketRule rule, TimeProvider time) : Limiter
{
    private long fullAt = rule.Begin(Nanoseconds.Now(time)).FullAt;

    public override LimitVerdict Ask(long cost = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        var now = Nanoseconds.Now(time);
        var before = Volatile.Read(ref fullAt);
        while (true)
        {
            var (after, verdict) = rule.Decide(new TokenBucketRule.State(before), now, cost);
            if (!verdict.IsAdmitted)
                return verdict;
            var met = Interlocked.CompareExchange(ref fullAt, after.FullAt, before);
            if (met == before)
                return verdict;
            before = met;
        }
    }

    public override void GiveBack(long cost = 1) => Interlocked.Add(ref fullAt, -cost * rule.Each);
}

/// <summary>Limits within limits: a call is admitted where all of them admit it, and where one refuses, none is charged.</summary>
internal sealed class NestedLimiter(IReadOnlyList<Limiter> limits) : Limiter
{
    /// <summary>The verdict of the first limit that refuses, else of the one of which least is left.</summary>
    public override LimitVerdict Ask(long cost = 1) => Ask(cost, out _);

    /// <param name="tightest">Which limit it was.</param>
    public LimitVerdict Ask(long cost, out int tightest)
    {
        tightest = 0;
        LimitVerdict least = new(true, long.MaxValue, 0, 0);
        for (var at = 0; at < limits.Count; at++)
        {
            var verdict = limits[at].Ask(cost);
            if (!verdict.IsAdmitted)
            {
                tightest = at;
                for (var taken = 0; taken < at; taken++)
                    limits[taken].GiveBack(cost);
                return verdict;
            }
            if (verdict.Remaining < least.Remaining)
                (least, tightest) = (verdict, at);
        }
        return least;
    }

    public override void GiveBack(long cost = 1)
    {
        foreach (var limit in limits)
            limit.GiveBack(cost);
    }
}
