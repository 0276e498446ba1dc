namespace Sophia.Resilience;

/// <summary>One breaker as this process sees it: it decides by its copy of the truth and by its own calls, and both must let a call through.</summary>
/// <remarks>
/// <para>The quick way is one look at <see cref="stance"/>, which is replaced whole whenever something changes: while it is free, a call costs two readings of the clock and one counter. Everything else goes through
/// <see cref="Guarded"/>, under a lock, and still never leaves the process.</para>
/// <para>A process that alone sees the dependency failing opens for itself (<see cref="LocalRule"/>): it has its own break, its own probes and its own ramp. Where the truth opens for all, that is over: the truth decides.</para>
/// <para>While the truth cannot be reached the process goes by the last it knew. Closed stays closed, but half as much opens it here; open stays open, because nobody could give it a probe; a share of the ramp stays
/// as it is. Before it has heard of the truth at all it takes the breaker for half-open: a few calls at a time, then a growing share. So nothing is opened to everybody by a truth that is away.</para>
/// <para>One that nobody used for minutes hears nothing of the truth meanwhile. What let calls through then counts no more: it begins as in a process that has not heard of the truth yet. What let none through stands until the truth says otherwise.</para>
/// </remarks>
internal sealed class LocalBreaker : BreakerCalls, IBreaker, IReplicaUser<BreakerCopy>
{
    /// <summary>How long a probe that nobody used is kept before it is handed back.</summary>
    private static readonly TimeSpan KeepProbeFor = TimeSpan.FromSeconds(2);

    /// <summary>Between two questions for a probe where the last one brought none.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>How long <see cref="Enter"/> waits for the truth where it has not heard of it since it was first used, or used again, and for a probe.</summary>
    private static readonly TimeSpan PatienceForTruth = TimeSpan.FromSeconds(3), PatienceForProbe = TimeSpan.FromSeconds(1);

    private readonly Func<Replica<BreakerCopy>> find;
    private readonly Func<LocalBreaker, LocalBreaker> current;
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly BreakerOptions options;
    private readonly LocalProbes probes = new();
    private readonly long slowAfter;
    private volatile LocalRule own;
    private volatile Replica<BreakerCopy> replica;
    private volatile Stance stance;
    private volatile BreakerCopy? copy;
    private TaskCompletionSource heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (BreakerRefusalReason Reason, long Generation, BreakerCopy? Copy, string Text) said;
    private long followedAt;
    private bool isAwaited = true;
    private long openUntil;
    private long askAgainAt;
    private long rampCalls;
    private int demand;

    /// <param name="find">The replica of its key, which is another one after it was let go.</param>
    /// <param name="current">The breaker that stands for its key from now on: this one, or another that took its place while nobody asked this one. Calls <see cref="Reopen"/> on this one.</param>
    public LocalBreaker(string dependency, BreakerOptions options, Func<Replica<BreakerCopy>> find, Func<LocalBreaker, LocalBreaker> current, TimeProvider time)
    {
        (Dependency, this.options, this.find, this.current, this.time) = (dependency, options, find, current, time);
        slowAfter = options.SlowRatio > 0 ? Ticks(options.SlowAfter) : long.MaxValue;
        (own, followedAt) = (new LocalRule(options, time), time.GetTimestamp());
        stance = new Stance(false, 1, default);
        replica = find();
        replica.Attach(this);
    }

    public string Dependency { get; }

    /// <summary>What it goes by; null: it has not heard of the truth.</summary>
    internal BreakerCopy? Knows => copy;

    /// <summary>Nobody used it for minutes, and there is nothing that it would have to remember.</summary>
    internal bool IsIdle => IsUnused && own.Phase == BreakerPhase.Closed;

    /// <summary>Nobody used it for minutes: what it knows is old.</summary>
    internal bool IsUnused => replica.IsLetGo;

    /// <summary>What it does with calls now: for whoever measures.</summary>
    internal string Does => copy switch
    {
        { Hold: BreakerHold.Isolated } => "isolated",
        { Hold: BreakerHold.HeldClosed } => "closed",
        { Phase: BreakerPhase.Open } => "open",
        { Phase: BreakerPhase.HalfOpen } => "half_open",
        _ => own.Phase switch { BreakerPhase.Open => "open", BreakerPhase.HalfOpen when copy is not null => "half_open", _ => "closed" },
    };

    public BreakerEntry TryEnter() => TryEnter(looksAgain: false);

    private BreakerEntry TryEnter(bool looksAgain)
    {
        if (replica.IsLetGo && current(this) is var other && other != this)
            return other.TryEnter(looksAgain);
        replica.Use();
        var now = stance;
        return now.IsFree ? new BreakerEntry(new BreakerPermit(this, now.Generation, 0, time.GetTimestamp())) : Guarded(looksAgain);
    }

    public async ValueTask<BreakerEntry> Enter(CancellationToken cancellation)
    {
        if (replica.IsLetGo && current(this) is var other && other != this)
            return await other.Enter(cancellation);
        if (stance.IsFree)
            return TryEnter();
        var (next, waitsForTruth, since) = (Task.CompletedTask, false, 0L);
        lock (gate)
            (next, waitsForTruth, since) = (heard.Task, isAwaited, followedAt);
        if (!waitsForTruth && TryEnter(looksAgain: true) is var entry and not { IsRefused: true, Refusal.Reason: BreakerRefusalReason.ProbesAreOut })
            return entry;
        // A truth that did not answer once is not waited for by every caller after that.
        var patience = waitsForTruth ? PatienceForTruth - time.GetElapsedTime(since) : PatienceForProbe;
        if (patience <= TimeSpan.Zero)
            return TryEnter();
        try
        {
            await next.WaitAsync(patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            // A timer may be early by a millisecond or two: whoever comes in these does not wait anew.
            lock (gate)
                if (waitsForTruth && followedAt == since)
                    followedAt -= Ticks(PatienceForTruth);
        }
        return TryEnter();
    }

    public override void Report(in BreakerPermit permit, CallOutcome outcome, TimeSpan? took)
    {
        var now = time.GetTimestamp();
        var slow = (took is { } span ? Ticks(span) : now - permit.StartedAt) >= slowAfter;
        if (outcome != CallOutcome.Success || slow || permit.Probe != 0)
            Weigh(in permit, outcome, slow, now);
        else if (permit.Round == stance.Generation)
            own.Succeeded(now);
    }

    byte[]? IReplicaUser<BreakerCopy>.Report()
    {
        lock (gate)
        {
            if (copy is not { } now)
                return null;
            probes.HandBack(time.GetTimestamp());
            var wants = Math.Max(0, demand - probes.Ready);
            if (now.Phase == BreakerPhase.HalfOpen)
                demand = 0;
            return BreakerKind.Write(new BreakerReport(now.Epoch, now.Round, Math.Min(wants, options.Probes), own.Counts, own.Phase != BreakerPhase.Closed, probes.Settled));
        }
    }

    void IReplicaUser<BreakerCopy>.Received(BreakerCopy received, TimeSpan age)
    {
        lock (gate)
        {
            var (before, now) = (copy, time.GetTimestamp());
            copy = received;
            isAwaited = false;
            if ((before?.Epoch, before?.Round) != (received.Epoch, received.Round))
                Begin(before, received);
            openUntil = now - Ticks(age) + Ticks(received.OpenFor);
            foreach (var grant in received.Probes)
                probes.Add(grant.Number, now - Ticks(age) + Ticks(grant.For - options.ProbeFor / 2), now + Ticks(KeepProbeFor));
            if (received.Phase == BreakerPhase.HalfOpen && probes.Ready == 0 && before?.Round == received.Round)
                askAgainAt = now + Ticks(AskAgainAfter);
            if (received.Asks)
                replica.Hurry();
            Settle();
            heard.TrySetResult();
            heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Another round: what was known of the one before is of no account.</summary>
    private void Begin(BreakerCopy? before, BreakerCopy received)
    {
        probes.Clear();
        askAgainAt = 0;
        // What this process alone saw goes on while the truth lets calls through, unless somebody had it begin anew.
        var goesOn = before is null ? own.Phase == BreakerPhase.Open : received.Phase == BreakerPhase.Ramp || (received.Phase == BreakerPhase.Closed && before.Phase == BreakerPhase.Ramp);
        own.Begin(goesOn, received.Epoch);
        if (received.Phase == BreakerPhase.HalfOpen && demand > 0)
            replica.Hurry();
    }

    /// <param name="looksAgain">Whoever asks waits where probes are out, and asks again: the call is not refused yet.</param>
    private BreakerEntry Guarded(bool looksAgain)
    {
        lock (gate)
        {
            var entry = Decided();
            if (!entry.IsRefused)
                return entry;
            var reason = entry.Refusal.Reason;
            var isLet = options.MetricsOnly && reason != BreakerRefusalReason.Isolated;
            if (isLet || !looksAgain || reason != BreakerRefusalReason.ProbesAreOut)
                BreakerMeter.Refused(Dependency, reason);
            return isLet ? Through(0) : entry;
        }
    }

    private BreakerEntry Decided()
    {
        if (copy is { Hold: BreakerHold.HeldClosed })
            return Through(0);
        if (copy is { Hold: BreakerHold.Isolated })
            return Refused(BreakerRefusalReason.Isolated, TimeSpan.FromMinutes(1));
        if (own.Pass())
            Settle();
        return copy?.Phase switch
        {
            BreakerPhase.Open => Opened(),
            BreakerPhase.HalfOpen => Probing(),
            BreakerPhase.Ramp when !IsInShare(copy.Share) => Refused(BreakerRefusalReason.Ramp, TimeSpan.FromSeconds(1)),
            _ => Alone(),
        };
    }

    private BreakerEntry Opened()
    {
        var left = openUntil - time.GetTimestamp();
        if (left <= 0)
            Ask();
        return Refused(BreakerRefusalReason.Open, TimeSpan.FromSeconds(Math.Max(0.1, left / (double)time.TimestampFrequency)));
    }

    private BreakerEntry Probing()
    {
        if (probes.TryBegin(time.GetTimestamp(), out var probe))
            return Through(probe);
        Ask();
        return Refused(BreakerRefusalReason.ProbesAreOut, TimeSpan.FromSeconds(1));
    }

    /// <summary>The truth lets it through; what this process sees by itself has the last word.</summary>
    private BreakerEntry Alone()
    {
        switch (own.Phase)
        {
            case BreakerPhase.Open:
                return Refused(BreakerRefusalReason.OpenHere, own.OpenFor);
            case BreakerPhase.HalfOpen:
                return own.TryProbe() is var probe and not 0 ? Through(-probe) : Refused(BreakerRefusalReason.ProbesAreOut, TimeSpan.FromSeconds(1));
            case BreakerPhase.Ramp when !IsInShare(own.Share):
                return Refused(BreakerRefusalReason.Ramp, TimeSpan.FromSeconds(1));
            default:
                return Through(0);
        }
    }

    private void Weigh(in BreakerPermit permit, CallOutcome outcome, bool slow, long now)
    {
        var failed = options.Failures.Contains(outcome);
        // Who throttles, or was not waited for, says nothing of whether it works; who refuses a request does.
        bool? good = failed || (slow && outcome == CallOutcome.Success) ? false : outcome is CallOutcome.Abandoned or CallOutcome.Throttled ? null : true;
        lock (gate)
        {
            if (permit.Round != stance.Generation)
                return;
            if (permit.Probe > 0)
            {
                if (probes.End(permit.Probe, good))
                    replica.Hurry();
                return;
            }
            if (permit.Probe < 0)
                own.Settle(-permit.Probe, good);
            else if (failed)
                own.Failed(now, slow);
            else if (good == false)
                own.Slow(now);
            else if (good == true)
                own.Succeeded(now);
            if (permit.Probe == 0 && good == false && own.Judge(replica.IsStale, copy is { Phase: BreakerPhase.Ramp } ramp ? ramp.Share : own.Share, now))
                replica.Hurry();
            Settle();
        }
    }

    private void Ask()
    {
        demand++;
        if (time.GetTimestamp() >= askAgainAt)
            replica.Hurry();
    }

    private bool IsInShare(int share)
    {
        var call = ++rampCalls;
        return call * share / 100 != (call - 1) * share / 100;
    }

    private BreakerEntry Through(long probe) => new(new BreakerPermit(this, stance.Generation, probe, time.GetTimestamp()));

    private BreakerEntry Refused(BreakerRefusalReason reason, TimeSpan wait)
    {
        if (said.Reason != reason || said.Generation != stance.Generation || !ReferenceEquals(said.Copy, copy))
            said = (reason, stance.Generation, copy, Text(reason));
        return new BreakerEntry(new BreakerRefusal(reason, said.Text, time.GetUtcNow() + (wait > TimeSpan.Zero ? wait : TimeSpan.Zero)));
    }

    private string Text(BreakerRefusalReason reason) => reason switch
    {
        BreakerRefusalReason.Isolated => $"{Dependency} is isolated: {copy?.HeldBecause}",
        BreakerRefusalReason.Open => $"{Dependency} is not asked for now: {copy?.Because}",
        BreakerRefusalReason.OpenHere => $"{Dependency} is not asked from this process for now: {own.Because}",
        BreakerRefusalReason.ProbesAreOut => $"{Dependency} is being tried out: {(copy?.Phase == BreakerPhase.HalfOpen ? copy.Because : own.Because)}",
        _ => $"{Dependency} is coming back and takes a share of the calls",
    };

    private void Settle()
    {
        var mark = (copy?.Epoch ?? 0, copy?.Round ?? 0, own.Mark.Epoch, own.Mark.Round);
        var isFree = copy is { Hold: BreakerHold.HeldClosed } or { Phase: BreakerPhase.Closed, Hold: BreakerHold.None } && own.Phase == BreakerPhase.Closed;
        stance = new Stance(isFree, mark == stance.Mark ? stance.Generation : stance.Generation + 1, mark);
    }

    /// <summary>Follows the truth again. Called by <see cref="current"/>, one at a time.</summary>
    internal void Reopen()
    {
        if (!replica.IsLetGo)
            return;
        lock (gate)
        {
            (isAwaited, followedAt) = (true, time.GetTimestamp());
            if (copy is not ({ Hold: BreakerHold.Isolated } or { Hold: BreakerHold.None, Phase: BreakerPhase.Open or BreakerPhase.HalfOpen }))
                (copy, own) = (null, own.Phase == BreakerPhase.Open ? own : new LocalRule(options, time));
            Settle();
        }
        replica = find();
        replica.Attach(this);
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <param name="Generation">Rises with each round of the truth and of this process's own rule.</param>
    private sealed record Stance(bool IsFree, long Generation, (long, long, long, long) Mark);
}
