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
internal abstract class SharedLimit(string name, TermsInForce terms, Func<Replica<QuotaCopy>> find, Func<SharedLimit, LocalLimit> current, TimeProvider time) : LocalLimit(name), IReplicaUser<QuotaCopy>
{
    /// <summary>Between two askings for more out of turn: 100 ms. A limit that the cluster has used up is not asked for in vain all the time.</summary>
    private static readonly TimeSpan HurriesEvery = TimeSpan.FromMilliseconds(100);

    private static readonly long HurriesEveryNanoseconds = Nanoseconds.Of(HurriesEvery);

    private readonly bool countsNanoseconds = time.TimestampFrequency == Nanoseconds.ASecond;
    private volatile Replica<QuotaCopy>? replica;
    private SpinLock gate = new(enableThreadOwnerTracking: false); // Held for some dozen instructions, on every decision: half the price of a lock.
    private TaskCompletionSource? share;
    private LimitTerms known = terms.Now();
    private long mayHurryAt;
    private bool left;

    protected TimeProvider Time => time;

    public override LimitTerms Terms => terms.Now();

    public override bool IsIdle => replica is null or { IsLetGo: true } && !HoldsAnything;

    /// <summary>Whether the truth has given this process nothing yet.</summary>
    protected abstract bool HasNoShare { get; }

    /// <summary>What must not be forgotten although nobody asks.</summary>
    protected virtual bool HoldsAnything => false;

    protected override LimitAnswer Ask(long cost)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        if (replica is not { IsLetGo: false } truth)
        {
            if (Stand() is var other && other != this)
                return other.Ask(cost);
            truth = replica!;
        }
        truth.Use();
        var timestamp = time.GetTimestamp(); // The one look at a clock.
        var now = countsNanoseconds ? timestamp : Nanoseconds.At(time, timestamp);
        var isStale = truth.IsStaleAt(timestamp);
        var newest = terms.Now();
        var hurries = false;
        LimitAnswer answer;
        using (Gate())
        {
            if (!ReferenceEquals(newest, known))
                Learn();
            if (Take(cost, now, isStale, out answer) && now >= mayHurryAt)
                (hurries, mayHurryAt) = (true, now + HurriesEveryNanoseconds);
        }
        if (hurries)
            truth.Hurry();
        return answer;
    }

    protected override LimitAnswer Look(long cost)
    {
        var newest = terms.Now();
        using (Gate())
        {
            if (!ReferenceEquals(newest, known))
                Learn();
            return Looked(cost, replica?.IsStale == true);
        }
    }

    /// <summary>Waits until this process has a share, and asks for it meanwhile.</summary>
    /// <returns>Whether it has one.</returns>
    /// <exception cref="OperationCanceledException">Nobody waits any more.</exception>
    public async Task<bool> Comes(TimeSpan within, CancellationToken cancellation)
    {
        if (Stand() is var other && other != this)
            return await other.Comes(within, cancellation);
        for (var began = time.GetTimestamp(); within - time.GetElapsedTime(began) is var left && left > TimeSpan.Zero;)
        {
            var comes = Share();
            replica?.Hurry();
            await comes.WaitAsync(left < HurriesEvery ? left : HurriesEvery, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            if (comes.IsCompleted)
                return true;
            cancellation.ThrowIfCancellationRequested();
        }
        return false;
    }

    public byte[]? Report()
    {
        QuotaReport report;
        using (Gate())
            report = left ? Leaving() : Reported();
        return QuotaKind.Write(report);
    }

    public bool Leaves()
    {
        using (Gate())
            return left = !HasNoShare;
    }

    public void Received(QuotaCopy copy, TimeSpan age)
    {
        bool isWaitedFor;
        TaskCompletionSource? came = null;
        using (Gate())
        {
            if (left)
                return;
            isWaitedFor = Shared(copy) || copy.Asks;
            if (!HasNoShare)
                (came, share) = (share, null);
        }
        came?.TrySetResult();
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

    protected sealed override void Return(long cost)
    {
        using (Gate())
            Returned(cost);
    }

    // From here on all are called under the gate.

    /// <summary>Takes what is asked for, or nothing.</summary>
    /// <param name="now">Nanoseconds of the provider's counter. Read before the gate was had, so it may be earlier than the one before.</param>
    /// <returns>Whether the share is too small for what is asked.</returns>
    protected abstract bool Take(long cost, long now, bool isStale, out LimitAnswer answer);

    protected abstract void Returned(long cost);

    protected abstract LimitAnswer Looked(long cost, bool isStale);

    protected abstract QuotaReport Reported();

    /// <summary>Lets its share go, and says what of it is used up and what is given back.</summary>
    protected abstract QuotaReport Leaving();

    /// <summary>Whether the share shrank.</summary>
    protected abstract bool Shared(QuotaCopy copy);

    /// <summary>Other terms count from now on.</summary>
    protected abstract void Told(LimitTerms terms);

    // Read again: others may have learned what is newer since.
    private void Learn()
    {
        var newest = terms.Now();
        if (!ReferenceEquals(newest, known))
            Told(known = newest);
    }

    private Scope Gate() => new(ref gate);

    private SharedLimit Stand() => replica is { IsLetGo: false } || current(this) is not SharedLimit other ? this : other;

    /// <summary>Done when there is a share.</summary>
    private Task Share()
    {
        using (Gate())
            return HasNoShare ? (share ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
    }

    private readonly ref struct Scope
    {
        private readonly ref SpinLock gate;

        public Scope(ref SpinLock gate)
        {
            this.gate = ref gate;
            var isHeld = false;
            gate.Enter(ref isHeld);
        }

        public void Dispose() => gate.Exit(useMemoryBarrier: false);
    }
}
