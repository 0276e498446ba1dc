using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>A limit in this process that never leaves it to decide.</summary>
internal abstract class LocalLimit(string name) : ILimit
{
    public string Name => name;

    public abstract LimitTerms Terms { get; }

    /// <summary>Whether nobody asked for so long that its share was let go.</summary>
    public abstract bool IsIdle { get; }

    public ValueTask<LimitAnswer> Ask(long cost = 1, CancellationToken cancellation = default) => new(Ask(cost));

    /// <inheritdoc cref="ILimit.Ask"/>
    public LimitAnswer AskNow(long cost) => Ask(cost);

    public ValueTask<LimitAnswer> Look(long cost = 1, CancellationToken cancellation = default) => new(Look(cost));

    public ValueTask GiveBack(long cost = 1)
    {
        Return(cost);
        return default;
    }

    public virtual void Ended(long cost, TimeSpan took, bool dropped) => Return(cost);

    /// <summary>Follows its truth again after it was let go; one at a time.</summary>
    public virtual void Reopen()
    {
    }

    protected abstract LimitAnswer Ask(long cost);

    protected abstract LimitAnswer Look(long cost);

    protected abstract void Return(long cost);
}

/// <summary>A limit that this process has a share in.</summary>
/// <param name="terms">Those that count now, which may change.</param>
/// <param name="current">The limit that stands for its key from now on: this one, or another that took its place while nobody asked this one. Calls <see cref="LocalLimit.Reopen"/> on this one.</param>
internal abstract class SharedLimit(string name, Func<LimitTerms> terms, Func<Replica<QuotaCopy>> find, Func<SharedLimit, LocalLimit> current, TimeProvider time) : LocalLimit(name), IReplicaUser<QuotaCopy>
{
    /// <summary>Between two askings for more out of turn: 100 ms. A limit that the cluster has used up is not asked for in vain all the time.</summary>
    private const long HurriesEvery = Nanoseconds.ASecond / 10;

    private volatile Replica<QuotaCopy>? replica;
    private LimitTerms known = terms();
    private long mayHurryAt;

    protected Lock Gate { get; } = new();

    protected TimeProvider Time => time;

    public override LimitTerms Terms => terms();

    public override bool IsIdle => replica is null or { IsLetGo: true } && !HoldsAnything;

    /// <summary>What must not be forgotten although nobody asks.</summary>
    protected virtual bool HoldsAnything => false;

    protected override LimitAnswer Ask(long cost)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        if (replica is not { IsLetGo: false } && current(this) is SharedLimit other && other != this)
            return other.Ask(cost);
        var truth = replica!;
        truth.Use();
        var timestamp = time.GetTimestamp(); // The one look at a clock.
        var now = Nanoseconds.At(time, timestamp);
        bool isShort;
        LimitAnswer answer;
        lock (Gate)
        {
            Learn();
            (answer, isShort) = Take(cost, now, truth.IsStaleAt(timestamp));
            isShort &= now >= mayHurryAt;
            if (isShort)
                mayHurryAt = now + HurriesEvery;
        }
        if (isShort)
            truth.Hurry();
        return answer;
    }

    protected override LimitAnswer Look(long cost)
    {
        lock (Gate)
        {
            Learn();
            return Looked(cost, replica?.IsStale == true);
        }
    }

    public byte[]? Report()
    {
        lock (Gate)
            return QuotaKind.Write(Reported());
    }

    public void Received(QuotaCopy copy, TimeSpan age)
    {
        bool isWaitedFor;
        lock (Gate)
            isWaitedFor = Shared(copy) || copy.Asks;
        // Others wait for its word that it has let go.
        if (isWaitedFor)
            replica?.Hurry();
    }

    public override void Reopen()
    {
        if (replica is { IsLetGo: false })
            return;
        var found = find();
        replica = found;
        found.Attach(this);
    }

    /// <summary>What comes of one asking, and whether the share is too small for what is asked. Under the gate.</summary>
    /// <param name="now">Nanoseconds of the provider's counter. Read before the gate was had, so it may be earlier than the one before.</param>
    protected abstract (LimitAnswer Answer, bool IsShort) Take(long cost, long now, bool isStale);

    protected abstract LimitAnswer Looked(long cost, bool isStale);

    protected abstract QuotaReport Reported();

    /// <summary>Whether the share shrank.</summary>
    protected abstract bool Shared(QuotaCopy copy);

    /// <summary>Other terms count from now on.</summary>
    protected abstract void Told(LimitTerms terms);

    private void Learn()
    {
        var now = terms();
        if (ReferenceEquals(now, known))
            return;
        Told(known = now);
    }
}
