using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The limits of this process, by key. One that nobody asks costs some hundred bytes and no exchange, until so many are there that it is forgotten.</summary>
internal sealed class Limits(Replicas replicas, LimitBooks books, IGrainFactory grains, IOptionsMonitor<LimitsOptions> options, TimeProvider time) : ILimits, ITenantCopies, IDisposable
{
    /// <summary>Limits remembered before those that nobody asked for minutes are looked for.</summary>
    internal const int SweptFrom = 10_000;

    private static readonly TenantId Installation = TenantId.Parse(TenantKey.System);

    private readonly ConcurrentDictionary<(TenantId Tenant, string Name, string Part), ILimit> all = new();
    private readonly Lock gate = new();
    private volatile Ordered? ordered;
    private IDisposable? watching;
    private int sweepAt = SweptFrom;

    public ValueTask<LimitTaken> TryTake(LimitAsking asking, CancellationToken cancellation = default)
    {
        var (policies, count) = (Policies, 0);
        foreach (var policy in policies)
            count += policy.Fits(asking) ? 1 : 0;
        if (count == 0)
            return new(LimitTaken.Free);
        if (Penalty(asking, policies, counts: true) is { } penalty)
            return new(new LimitTaken([], penalty));
        var (said, at, next) = (new LimitSaid[count], 0, 0);
        for (; next < policies.Length; next++)
        {
            if (!policies[next].Fits(asking))
                continue;
            if (Of(asking, policies[next]) is not LocalLimit limit)
                break;
            said[at] = new LimitSaid(limit, limit.AskNow(asking.Cost), asking.Cost);
            if (!said[at++].Answer.IsAdmitted)
                return Refused(asking, policies[next], said[..at]);
        }
        return at == count ? new(new LimitTaken(said)) : Asked(asking, policies, next, said, at, cancellation);
    }

    public async ValueTask<LimitTaken> Look(LimitAsking asking, CancellationToken cancellation = default)
    {
        var policies = Policies;
        if (Penalty(asking, policies, counts: false) is { } penalty)
            return new LimitTaken([], penalty);
        List<LimitSaid> said = [];
        foreach (var policy in policies)
        {
            if (!policy.Fits(asking))
                continue;
            var limit = Of(asking, policy);
            said.Add(new LimitSaid(limit, await limit.Look(asking.Cost, cancellation), asking.Cost));
            if (!said[^1].Answer.IsAdmitted)
                break;
        }
        return new LimitTaken(said);
    }

    public ILimit? For(TenantId tenant, string name, string? part = null) => options.CurrentValue.Of(name) is { } policy ? For(policy.IsOfSystem ? Installation : tenant, policy, part) : null;

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
    }

    // From the first limit on that is asked by a call.
    private async ValueTask<LimitTaken> Asked(LimitAsking asking, LimitPolicy[] policies, int next, LimitSaid[] said, int at, CancellationToken cancellation)
    {
        try
        {
            for (; next < policies.Length; next++)
            {
                if (!policies[next].Fits(asking))
                    continue;
                var limit = Of(asking, policies[next]);
                said[at] = new LimitSaid(limit, await limit.Ask(asking.Cost, cancellation), asking.Cost);
                if (!said[at++].Answer.IsAdmitted)
                    return await Refused(asking, policies[next], said[..at]);
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
        var isUnshared = said[^1].Answer.IsUnshared;
        LimitMeter.Refused(by.Name, isUnshared ? "unshared" : "limit");
        if (by.Penalises && !isUnshared) // Who is merely early did nothing wrong.
            Book(asking, by).Violated(Offender(asking, by), by.Name);
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
    private LimitPolicy[] Policies => ordered is { } known && known.Policies.Length == known.Of.Policies.Count ? known.Policies : Order();

    private LimitPolicy[] Order()
    {
        lock (gate)
            watching ??= options.OnChange(_ => ordered = null);
        var configured = options.CurrentValue;
        var made = new Ordered(configured, [.. configured.Policies.OrderBy(static policy => policy.Exact)]);
        ordered = made;
        return made.Policies;
    }

    /// <summary>Who asks within a wait or a ban is refused by that alone.</summary>
    /// <param name="counts">Whether what he asks counts against him.</param>
    private LimitPenalty? Penalty(LimitAsking asking, LimitPolicy[] policies, bool counts)
    {
        (LimitPenalty? longest, LimitPolicy? by) = (null, null);
        foreach (var policy in policies)
        {
            if (!policy.Penalises || !policy.Fits(asking) || Book(asking, policy) is not { HasPenalties: true } book || book.Of(Offender(asking, policy)) is not { } penalty)
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

    private LimitBook Book(LimitAsking asking, LimitPolicy policy) => books.Of(policy.IsOfSystem ? Installation : asking.Tenant!.Value);

    /// <summary>Whom a limit that penalises meant, of an asking that it fits.</summary>
    private static string Offender(LimitAsking asking, LimitPolicy policy) => policy.Per == LimitPer.Address ? $"address:{asking.Address}" : $"key:{asking.Key}";

    private ILimit Of(LimitAsking asking, LimitPolicy policy) => For(policy.IsOfSystem ? Installation : asking.Tenant!.Value, policy, policy.Part(asking));

    private sealed record Ordered(LimitsOptions Of, LimitPolicy[] Policies);

    private ILimit For(TenantId tenant, LimitPolicy policy, string? part)
    {
        var at = (tenant, policy.Name, part ?? "");
        return all.TryGetValue(at, out var known) ? known : Made(at, policy, part);
    }

    private ILimit Made((TenantId Tenant, string Name, string Part) at, LimitPolicy policy, string? part)
    {
        lock (gate)
        {
            if (all.TryGetValue(at, out var known))
                return known;
            if (all.Count >= sweepAt)
                Sweep();
            var key = part is null ? TenantKey.Of(at.Tenant, at.Name) : TenantKey.Of(at.Tenant, at.Name, TenantKey.Escape(part));
            var configured = policy.Terms;
            var terms = new TermsInForce(books, at.Tenant, at.Name, configured);
            Replica<QuotaCopy> Find() => replicas.Get(QuotaKind.Singleton, key);
            LocalLimit Current(SharedLimit asked) => this.Current(at, asked);
            return all[at] = policy switch
            {
                { Exact: true } => new ExactLimit(at.Name, terms.Now, () => grains.GetGrain<IRateLimitGrain>(key)),
                { Terms.IsAdaptive: true } => new LocalAdaptive(policy, time),
                { Algorithm: LimitAlgorithm.TokenBucket } => new LocalQuota(at.Name, terms.Now, Find, Current, time),
                _ => new LocalShare(at.Name, terms.Now, Find, Current, time),
            };
        }
    }

    // Only one limit of a key may follow its truth: of two, one would hear nothing.
    private LocalLimit Current((TenantId, string, string) at, SharedLimit asked)
    {
        lock (gate)
        {
            var current = (LocalLimit)all.GetOrAdd(at, asked);
            current.Reopen();
            return current;
        }
    }

    private void Sweep()
    {
        foreach (var (at, limit) in all)
            if (limit is LocalLimit { IsIdle: true } or ExactLimit)
                all.TryRemove(at, out _);
        books.Sweep();
        sweepAt = Math.Max(SweptFrom, all.Count * 2);
    }
}
