using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>This process's copy of one truth. Reading it never leaves the process and never waits.</summary>
internal abstract class Replica(string kind, string key)
{
    private volatile bool used = true;
    private volatile bool hurried = true;

    public string Kind => kind;

    public string Key => key;

    /// <summary>Whose truth it is; null: the system's.</summary>
    internal TenantId? Tenant { get; } = TenantKey.TryParse(key, out var owner) && owner.Tenant.Value != TenantKey.System ? owner.Tenant : null;

    /// <summary>Nobody used it for so long that it is exchanged no more: whoever holds it asks <see cref="Replicas.Get"/> again.</summary>
    public bool IsLetGo { get; private set; }

    internal abstract bool IsAlwaysKept { get; }

    internal abstract TimeSpan ExchangeEvery { get; }

    internal bool IsExchanging { get; set; }

    /// <summary>The exchange that was begun last; it never fails.</summary>
    internal Task LastExchange { get; set; } = Task.CompletedTask;

    internal long StartedAt { get; set; }

    internal long NextAt { get; set; }

    internal long UsedAt { get; set; }

    internal bool IsHurried => hurried;

    /// <summary>Says that the key is in use, so that it is kept fresh. To be called on each use: it writes once in a while.</summary>
    public void Use()
    {
        if (!used)
            used = true;
    }

    internal bool TakeUsed()
    {
        var was = used;
        used = false;
        return was;
    }

    internal void LetGo() => IsLetGo = true;

    internal void MarkHurried(bool value) => hurried = value;

    /// <summary>Asks the truth once. Throws what the call throws.</summary>
    internal abstract Task Exchange(ReplicaCaller caller, CancellationToken cancellation);

    internal abstract void Pushed(ReplicaCopy copy);

    /// <inheritdoc cref="IReplicaUser{TCopy}.Leaves"/>
    internal abstract bool Leaves();
}

/// <inheritdoc/>
internal sealed class Replica<TCopy>(ReplicaKind<TCopy> kind, string key, Replicas owner, TimeProvider time) : Replica(kind.Name, key) where TCopy : class
{
    private readonly TaskCompletionSource known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private volatile IReplicaUser<TCopy>? user;
    private volatile Held? held;
    private (long Number, byte[]? Bytes) report;

    internal override bool IsAlwaysKept => kind.IsAlwaysKept;

    /// <summary>From then on it is used, and waits for its first exchange.</summary>
    internal Replica<TCopy> BegunAt(long now)
    {
        (UsedAt, NextAt, StartedAt) = (now, now, now);
        return this;
    }

    internal override TimeSpan ExchangeEvery => kind.ExchangeEvery;

    /// <summary>The newest copy; null: the truth has not been reached yet.</summary>
    public TCopy? Copy => held?.Copy;

    public long Epoch => held?.Epoch ?? 0;

    public long Version => held?.Version ?? 0;

    /// <summary>For how long nobody confirmed the copy: counted from before the last exchange that was answered. Null: there is no copy.</summary>
    public TimeSpan? Age => held is { } now ? time.GetElapsedTime(now.ConfirmedAt) : null;

    /// <summary>There is no copy, or it is older than the truth said that it may be.</summary>
    public bool IsStale => IsStaleAt(time.GetTimestamp());

    /// <inheritdoc cref="IsStale"/>
    /// <param name="timestamp">Of the provider's own counter.</param>
    public bool IsStaleAt(long timestamp) => held is not { } now || timestamp - now.ConfirmedAt > now.LeaseTicks;

    /// <summary>Done when the first copy is there.</summary>
    public Task Known => known.Task;

    /// <summary>Reports are asked of this user from now on, and each newer copy is told to it, beginning with the one that is there.</summary>
    public void Attach(IReplicaUser<TCopy> one)
    {
        lock (gate)
        {
            user = one;
            if (held is { } now)
                one.Received(now.Copy, time.GetElapsedTime(now.ConfirmedAt));
        }
    }

    /// <summary>There is something to say or to ask that should not wait for the next exchange.</summary>
    public void Hurry()
    {
        if (IsHurried)
            return;
        MarkHurried(true);
        owner.Wake();
    }

    internal override async Task Exchange(ReplicaCaller caller, CancellationToken cancellation)
    {
        if (report.Bytes is null || kind.ReportsAreWhole)
            report = user?.Report() is { } fresh ? (owner.NextReport(), fresh) : (report.Number, null);
        var (epoch, version) = held is { } now ? (now.Epoch, now.Version) : (0, 0);
        var sent = time.GetTimestamp();
        var answer = await kind.Truth(caller.Grains, Key).Exchange(new ReplicaExchange(caller.Process, caller.Name, epoch, version, caller.Observer, report.Number, report.Bytes), cancellation);
        report.Bytes = null;
        if (answer.Copy is { } copy)
            Take(copy, sent, answer.LeaseFor);
        else
            Confirm(sent, answer.LeaseFor);
    }

    // Nobody knows how long a push was on its way: it brings a newer copy and leaves the age as it is.
    internal override void Pushed(ReplicaCopy copy)
    {
        if (held is { } now)
            Take(copy, now.ConfirmedAt, now.LeaseFor);
    }

    internal override bool Leaves() => user?.Leaves() == true;

    private void Take(ReplicaCopy copy, long confirmedAt, TimeSpan leaseFor)
    {
        lock (gate)
        {
            // The same version may come again: what it grants to this process may have grown.
            if (held is { } now && !copy.IsNewerThan(now.Epoch, now.Version) && (copy.Epoch, copy.Version) != (now.Epoch, now.Version))
                return;
            var read = kind.Read(copy.Bytes);
            held = new Held(copy.Epoch, copy.Version, read, confirmedAt, leaseFor, Ticks(leaseFor));
            user?.Received(read, time.GetElapsedTime(confirmedAt));
        }
        known.TrySetResult();
    }

    private void Confirm(long confirmedAt, TimeSpan leaseFor)
    {
        lock (gate)
            if (held is { } now)
                held = now with { ConfirmedAt = confirmedAt, LeaseFor = leaseFor, LeaseTicks = Ticks(leaseFor) };
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private sealed record Held(long Epoch, long Version, TCopy Copy, long ConfirmedAt, TimeSpan LeaseFor, long LeaseTicks);
}

/// <summary>This process as the truths know it.</summary>
internal sealed record ReplicaCaller(IGrainFactory Grains, string Process, string Name, IReplicaObserver Observer);
