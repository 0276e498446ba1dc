using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The limits of this process, by key. One that nobody asks costs some hundred bytes and no exchange, until so many are there that it is forgotten.</summary>
internal sealed class Limits(Replicas replicas, LimitBooks books, IGrainFactory grains, IOptionsMonitor<LimitsOptions> options, TimeProvider time) : ILimits, ITenantCopies, IDisposable
{
    /// <summary>Limits remembered before those that nobody asked for minutes are looked for.</summary>
    internal const int SweptFrom = 10_000;

    /// <summary>How long a call waits for this process's first share of a limit before it is refused for want of one: 250 ms. A share that others must let go first takes two exchanges, about 200 ms.</summary>
    internal static readonly TimeSpan NewcomersWait = TimeSpan.FromMilliseconds(250);

    /// <summary>Calls of this process that wait for a share at a time: 1,000. More are refused at once.</summary>
    internal const int MostNewcomers = 1_000;

    private static readonly TenantId Installation = TenantId.Parse(TenantKey.System);

    private readonly ConcurrentDictionary<(TenantId Tenant, string Name, string Part), KnownLimit> all = new();
    private readonly Lock gate = new();
    private volatile Ordered? ordered;
    private IDisposable? watching;
    private int sweepAt = SweptFrom;
    private int newcomers;

    public ValueTask<LimitTaken> TryTake(LimitAsking asking, CancellationToken cancellation = default) => Take(asking, null, cancellation);

    public async ValueTask<LimitTaken> Look(LimitAsking asking, CancellationToken cancellation = default)
    {
        var lines = Lines;
        if (Penalty(asking, lines, Fitting(asking, lines, stackalloc byte[LimitsOptions.Most]), counts: false) is { } penalty)
            return new LimitTaken([], penalty);
        List<LimitSaid> said = [];
        foreach (var line in lines)
        {
            if (!line.Policy.Fits(asking))
                continue;
            var limit = Of(asking, line).Limit;
            said.Add(new LimitSaid(limit, await limit.Look(asking.Cost, cancellation), asking.Cost));
            if (!said[^1].Answer.IsAdmitted)
                break;
        }
        return new LimitTaken(said);
    }

    public ILimit? For(TenantId tenant, string name, string? part = null) => options.CurrentValue.Of(name) is { } policy ? Known(policy.IsOfSystem ? Installation : tenant, policy, part).Limit : null;

    public AdaptiveNow? Adaptive(TenantId tenant, string name, string? part = null) => (For(tenant, name, part) as LocalAdaptive)?.Now;

    public IReadOnlyList<LimitSet> Configured => [.. options.CurrentValue.Policies.Select(static policy => policy.Told())];

    public LimitSet With(string name, double limit, double? windowSeconds, double? burst, LimitTerms? now = null)
    {
        if (options.CurrentValue.Of(name) is not { } policy)
            throw new FormatException($"No limit \"{name}\" is configured.");
        if (policy.Terms.IsAdaptive)
            throw new FormatException($"\"{name}\" sets itself, between the bounds that are configured.");
        if (windowSeconds is not null && policy.Terms.IsPlaces)
            throw new FormatException($"\"{name}\" counts what is under way at once: it has no window.");
        if (burst is not null && policy.Algorithm != LimitAlgorithm.TokenBucket)
            throw new FormatException($"\"{name}\" is no token bucket: it has no burst.");
        var kept = now is not null && now.Algorithm == policy.Algorithm ? now : policy.Terms;
        var seconds = windowSeconds ?? (kept.IsPlaces ? policy.Window.TotalSeconds : kept.WindowSeconds);
        var told = policy with { Limit = limit, Window = seconds is > 0 and < 1e8 ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero, Burst = burst ?? (kept.Algorithm == LimitAlgorithm.TokenBucket ? kept.Burst : null) };
        return told.Wrong() is { } wrong ? throw new FormatException($"{wrong}.") : told.Told();
    }

    public string Rule(LimitTerms terms, bool exact) => LimitPolicy.Rule(terms, exact);

    public bool HoldsRecords => false;

    public void Dispose() => watching?.Dispose();

    public void Forget(TenantId tenant)
    {
        foreach (var at in all.Keys)
            if (at.Tenant == tenant)
                all.TryRemove(at, out _);
        ordered = null; // It remembers some.
    }

    /// <param name="waitsSince">Since when it has been waited for shares; null: not yet.</param>
    private ValueTask<LimitTaken> Take(LimitAsking asking, long? waitsSince, CancellationToken cancellation)
    {
        var lines = Lines;
        var fitting = Fitting(asking, lines, stackalloc byte[LimitsOptions.Most]);
        if (fitting.Length == 0)
            return new(LimitTaken.Free);
        if (Penalty(asking, lines, fitting, counts: true) is { } penalty)
            return new(new LimitTaken([], penalty));
        var said = new LimitSaid[fitting.Length];
        for (var at = 0; at < fitting.Length; at++)
        {
            var line = lines[fitting[at]];
            if (Of(asking, line).Local is not { } limit)
                return Asked(asking, lines, fitting[at], said, at, cancellation);
            said[at] = new LimitSaid(limit, limit.AskNow(asking.Cost), asking.Cost);
            if (!said[at].Answer.IsAdmitted)
                return said[at].Answer.IsUnshared && limit is SharedLimit newcomer ? Shared(asking, line, said[..(at + 1)], newcomer, waitsSince ?? time.GetTimestamp(), cancellation) : Refused(asking, line.Policy, said[..(at + 1)]);
        }
        return new(new LimitTaken(said));
    }

    /// <summary>Waits for the share of a limit of which this process has none yet, and decides again. Whoever waits holds nothing.</summary>
    private async ValueTask<LimitTaken> Shared(LimitAsking asking, Line by, LimitSaid[] said, SharedLimit newcomer, long since, CancellationToken cancellation)
    {
        await GiveBack(said, asking.Cost);
        var within = NewcomersWait - time.GetElapsedTime(since);
        if (Deadline.Left(time) is { } left && left < within)
            within = left;
        var comes = false;
        try
        {
            comes = Interlocked.Increment(ref newcomers) <= MostNewcomers && await newcomer.Comes(within, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref newcomers);
        }
        if (comes)
            return await Take(asking, since, cancellation);
        LimitMeter.Refused(by.Policy.Name, "unshared"); // Who is merely early did nothing wrong.
        return new LimitTaken(said);
    }

    // From the first limit on that is asked by a call.
    private async ValueTask<LimitTaken> Asked(LimitAsking asking, Line[] lines, int next, LimitSaid[] said, int at, CancellationToken cancellation)
    {
        try
        {
            for (; next < lines.Length; next++)
            {
                if (!lines[next].Policy.Fits(asking))
                    continue;
                var limit = Of(asking, lines[next]).Limit;
                said[at] = new LimitSaid(limit, await limit.Ask(asking.Cost, cancellation), asking.Cost);
                if (!said[at++].Answer.IsAdmitted)
                    return await Refused(asking, lines[next].Policy, said[..at]);
            }
        }
        catch
        {
            await GiveBack(said[..at], asking.Cost);
            throw;
        }
        return new LimitTaken(said);
    }

    private async ValueTask<LimitTaken> Refused(LimitAsking asking, LimitPolicy by, LimitSaid[] said)
    {
        LimitMeter.Refused(by.Name, "limit");
        if (by.Penalises)
            books.Of(Owner(asking, by)).Violated(Offender(asking, by), by.Name);
        await GiveBack(said, asking.Cost);
        return new LimitTaken(said);
    }

    private static async ValueTask GiveBack(LimitSaid[] said, long cost)
    {
        foreach (var one in said)
            if (one.Answer.IsAdmitted)
                await one.Limit.GiveBack(cost);
    }

    /// <summary>Those that are configured, of which those that cost a call come last: what refuses here never makes it.</summary>
    private Line[] Lines => ordered is { } known && known.Lines.Length == known.Of.Policies.Count ? known.Lines : Order();

    private Line[] Order()
    {
        lock (gate)
            watching ??= options.OnChange(_ => ordered = null);
        var configured = options.CurrentValue;
        var made = new Ordered(configured, [.. configured.Policies.OrderBy(static policy => policy.Exact).Select(static policy => new Line(policy))]);
        ordered = made;
        return made.Lines;
    }

    /// <summary>The places of those that fit, in their order.</summary>
    private static ReadOnlySpan<byte> Fitting(LimitAsking asking, Line[] lines, Span<byte> into)
    {
        var count = 0;
        for (var at = 0; at < lines.Length; at++)
            if (lines[at].Policy.Fits(asking))
                into[count++] = (byte)at;
        return into[..count];
    }

    /// <summary>Who asks within a wait or a ban is refused by that alone.</summary>
    /// <param name="counts">Whether what he asks counts against him.</param>
    private LimitPenalty? Penalty(LimitAsking asking, Line[] lines, ReadOnlySpan<byte> fitting, bool counts)
    {
        (LimitPenalty? longest, LimitPolicy? by) = (null, null);
        foreach (var at in fitting)
        {
            var policy = lines[at].Policy;
            if (!policy.Penalises || Of(asking, lines[at]).Terms.Book is not { HasPenalties: true } book || book.Of(Offender(asking, policy)) is not { } penalty)
                continue;
            if (counts && !penalty.IsBan)
                book.Violated(penalty.Of, policy.Name);
            if (longest is null || penalty.RetryAfter > longest.RetryAfter)
                (longest, by) = (penalty, policy);
        }
        if (counts && longest is not null)
            LimitMeter.Refused(by!.Name, longest.IsBan ? "ban" : "wait");
        return longest;
    }

    private static TenantId Owner(LimitAsking asking, LimitPolicy policy) => policy.IsOfSystem ? Installation : asking.Tenant!.Value;

    /// <summary>Whom a limit that penalises meant, of an asking that it fits.</summary>
    private static string Offender(LimitAsking asking, LimitPolicy policy) => policy.Per == LimitPer.Address ? $"address:{asking.Address}" : $"key:{asking.Key}";

    private KnownLimit Of(LimitAsking asking, Line line)
    {
        var owner = Owner(asking, line.Policy);
        if (line.Recent(owner, asking) is { } recent)
            return recent;
        var known = Known(owner, line.Policy, line.Policy.Part(asking));
        line.Remember(owner, asking, known);
        return known;
    }

    private sealed record Ordered(LimitsOptions Of, Line[] Lines);

    /// <param name="Local">The same, where it decides in this process.</param>
    private sealed record KnownLimit(ILimit Limit, LocalLimit? Local, TermsInForce Terms);

    /// <summary>A configured limit, and those of it that were asked of late: a decision looks up no name.</summary>
    private sealed class Line(LimitPolicy policy)
    {
        /// <summary>A power of two.</summary>
        private const int Places = 256;

        private readonly Seen?[] recent = new Seen?[Places];

        public LimitPolicy Policy => policy;

        public KnownLimit? Recent(TenantId owner, LimitAsking asking)
        {
            var (part, second) = Parts(asking);
            return Volatile.Read(ref recent[Place(owner.Value, part, second)]) is { } seen && seen.Owner == owner.Value && seen.Part == part && seen.Second == second ? seen.Limit : null;
        }

        public void Remember(TenantId owner, LimitAsking asking, KnownLimit limit)
        {
            var (part, second) = Parts(asking);
            Volatile.Write(ref recent[Place(owner.Value, part, second)], new Seen(owner.Value, part, second, limit));
        }

        private (string? Part, string? Second) Parts(LimitAsking asking) => policy.Per switch
        {
            LimitPer.Key => (asking.Key, null),
            LimitPer.Route => (asking.Route, null),
            LimitPer.KeyAndRoute => (asking.Key, asking.Route),
            LimitPer.Address => (asking.Address, null),
            _ => default,
        };

        // Names differ in their length, middle or end; whose place is another's is looked up.
        private static int Place(string owner, string? part, string? second) => (int)(Mixed(Mixed(Mixed(0, owner), part), second) & (Places - 1));

        private static uint Mixed(uint before, string? text) => text is { Length: > 0 and var length } ? (((((before * 31) + (uint)length) * 31) + text[length >> 1]) * 31) + text[length - 1] : before * 31;

        private sealed record Seen(string Owner, string? Part, string? Second, KnownLimit Limit);
    }

    private KnownLimit Known(TenantId tenant, LimitPolicy policy, string? part)
    {
        var at = (tenant, policy.Name, part ?? "");
        return all.TryGetValue(at, out var known) ? known : Made(at, policy, part);
    }

    private KnownLimit Made((TenantId Tenant, string Name, string Part) at, LimitPolicy policy, string? part)
    {
        lock (gate)
        {
            if (all.TryGetValue(at, out var known))
                return known;
            if (all.Count >= sweepAt)
                Sweep();
            var key = part is null ? TenantKey.Of(at.Tenant, at.Name) : TenantKey.Of(at.Tenant, at.Name, TenantKey.Escape(part));
            var terms = new TermsInForce(books, at.Tenant, at.Name, policy.Terms);
            Replica<QuotaCopy> Find() => replicas.Get(QuotaKind.Singleton, key);
            LocalLimit Current(SharedLimit asked) => this.Current(at, asked, terms);
            LocalLimit? local = policy switch
            {
                { Exact: true } => null,
                { Terms.IsAdaptive: true } => new LocalAdaptive(policy, time),
                { Algorithm: LimitAlgorithm.TokenBucket } => new LocalQuota(at.Name, terms, Find, Current, time),
                _ => new LocalShare(at.Name, terms, Find, Current, time),
            };
            return all[at] = new KnownLimit(local ?? (ILimit)new ExactLimit(at.Name, terms.Now, () => grains.GetGrain<IRateLimitGrain>(key)), local, terms);
        }
    }

    // Only one limit of a key may follow its truth: of two, one would hear nothing.
    private LocalLimit Current((TenantId, string, string) at, SharedLimit asked, TermsInForce terms)
    {
        lock (gate)
        {
            var current = all.GetOrAdd(at, static (_, asked) => new KnownLimit(asked.Limit, asked.Limit, asked.Terms), (Limit: asked, Terms: terms)).Local!;
            current.Reopen();
            return current;
        }
    }

    private void Sweep()
    {
        foreach (var (at, limit) in all)
            if (limit.Local is null or { IsIdle: true })
                all.TryRemove(at, out _);
        ordered = null;
        books.Sweep();
        sweepAt = Math.Max(SweptFrom, all.Count * 2);
    }
}
