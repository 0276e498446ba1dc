using System.Collections.Concurrent;
using System.Collections.Immutable;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>This process's copies of what tenants' limits differ in, and of who waits or is banned.</summary>
internal sealed class LimitBooks(Replicas replicas, TimeProvider time) : ITenantCopies
{
    private readonly ConcurrentDictionary<TenantId, LimitBook> all = new();

    public bool HoldsRecords => false;

    public LimitBook Of(TenantId tenant)
    {
        var book = all.TryGetValue(tenant, out var known) ? known : all.GetOrAdd(tenant, static (tenant, asked) => new LimitBook(TenantKey.Of(tenant), asked.replicas, asked.time), (replicas, time));
        book.Follow();
        return book;
    }

    public void Forget(TenantId tenant)
    {
        if (all.TryRemove(tenant, out var book))
            book.MarkForgotten();
    }

    /// <summary>Forgets the books that nobody used for minutes.</summary>
    public void Sweep()
    {
        foreach (var (tenant, book) in all)
            if (book.IsUnused)
                Forget(tenant);
    }
}

/// <summary>One tenant's book as this process knows it. Where the truth is away it goes on by the last it knew: whoever waits or is banned stays so until his time is over, and the limits themselves go on.</summary>
internal sealed class LimitBook(string key, Replicas replicas, TimeProvider time) : IReplicaUser<LimitBookCopy>
{
    /// <summary>Within this much, refusals of one caller count once: 1 s. A burst of calls that were under way together is one mistake.</summary>
    public static readonly TimeSpan CountedEvery = TimeSpan.FromSeconds(1);

    /// <summary>Callers of whom it is known when they were refused last; more are forgotten together.</summary>
    private const int MostRemembered = 10_000;

    private readonly Lock gate = new(), following = new();
    private readonly ConcurrentDictionary<string, long> refusedAt = new(StringComparer.Ordinal);
    private readonly List<LimitViolation> pending = [];
    private volatile Replica<LimitBookCopy>? replica;
    private volatile Known? known;
    private volatile bool isForgotten;

    /// <summary>Null: nothing is known yet.</summary>
    public LimitBookCopy? Copy => known?.Copy;

    /// <summary>Another one as soon as anything in it is.</summary>
    public object? Version => known;

    /// <summary>Whether somebody waits or is banned, as far as is known.</summary>
    public bool HasPenalties => known is { Penalties.Count: > 0 };

    /// <summary>Another book is kept for its tenant, or none: whoever holds it asks <see cref="LimitBooks.Of"/> again.</summary>
    public bool IsForgotten => isForgotten;

    public bool IsUnused => replica is { IsLetGo: true };

    /// <summary>The terms that somebody set; null: none.</summary>
    public LimitTerms? TermsOf(string limit) => known is { Terms.Count: > 0 } now ? now.Terms.GetValueOrDefault(limit) : null;

    /// <summary>The wait or ban of somebody; null: none.</summary>
    public LimitPenalty? Of(string who)
    {
        if (known is not { Penalties.Count: > 0 } now || !now.Penalties.TryGetValue(who, out var penalty) || penalty.Until <= time.GetTimestamp())
            return null;
        var left = time.GetElapsedTime(time.GetTimestamp(), penalty.Until);
        return new LimitPenalty(who, penalty.IsBan, left, penalty.IsBan ? $"banned for a while: it asked on and on although \"{penalty.Limit}\" refused it" : $"asked on although \"{penalty.Limit}\" refused it, and waits twice as long each time");
    }

    public void MarkForgotten() => isForgotten = true;

    /// <summary>Somebody was refused, or asked within his wait.</summary>
    public void Violated(string who, string limit)
    {
        var now = time.GetTimestamp();
        var last = refusedAt.GetOrAdd(who, long.MinValue);
        if ((last != long.MinValue && time.GetElapsedTime(last, now) < CountedEvery) || !refusedAt.TryUpdate(who, now, last))
            return;
        if (refusedAt.Count > MostRemembered)
            refusedAt.Clear();
        lock (gate)
            if (pending.Count < MostRemembered) // The truth may be away for long.
                pending.Add(new LimitViolation(who, limit));
        replica?.Hurry();
    }

    public void Follow()
    {
        if (replica is { IsLetGo: false } now)
        {
            now.Use();
            return;
        }
        lock (following)
        {
            if (replica is { IsLetGo: false })
                return;
            var found = replicas.Get(LimitBookKind.Singleton, key);
            replica = found;
            found.Attach(this);
        }
    }

    byte[]? IReplicaUser<LimitBookCopy>.Report()
    {
        lock (gate)
        {
            if (pending.Count == 0)
                return null;
            var report = LimitBookKind.Write(new LimitBookReport([.. pending]));
            pending.Clear();
            return report;
        }
    }

    void IReplicaUser<LimitBookCopy>.Received(LimitBookCopy copy, TimeSpan age)
    {
        var now = time.GetTimestamp();
        known = new Known(copy, copy.Terms.ToImmutableDictionary(one => one.Limit, one => one.Terms, StringComparer.Ordinal),
            copy.Penalties.ToImmutableDictionary(one => one.Of, one => (one.Limit, one.IsBan, now + (long)((one.For - age).TotalSeconds * time.TimestampFrequency)), StringComparer.Ordinal));
    }

    private sealed record Known(LimitBookCopy Copy, ImmutableDictionary<string, LimitTerms> Terms, ImmutableDictionary<string, (string Limit, bool IsBan, long Until)> Penalties);
}
