using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The limits of this process, by key. One that nobody asks costs some hundred bytes and no exchange, until so many are there that it is forgotten.</summary>
internal sealed class Limits(Replicas replicas, LimitBooks books, IGrainFactory grains, IOptionsMonitor<LimitsOptions> options, TimeProvider time) : ILimits, ITenantCopies
{
    /// <summary>Limits remembered before those that nobody asked for minutes are looked for.</summary>
    internal const int SweptFrom = 10_000;

    private static readonly TenantId Installation = TenantId.Parse(TenantKey.System);

    private readonly ConcurrentDictionary<(TenantId Tenant, string Name, string Part), ILimit> all = new();
    private readonly Lock gate = new();
    private int sweepAt = SweptFrom;

    public ValueTask<LimitTaken> TryTake(LimitAsking asking, CancellationToken cancellation = default) => options.CurrentValue.Policies.Count > 0 && Of(asking) is { Count: > 0 } policies ? Take(asking, policies, cancellation) : new(LimitTaken.Free);

    public async ValueTask<LimitTaken> Look(LimitAsking asking, CancellationToken cancellation = default)
    {
        var policies = Of(asking);
        if (Penalty(asking, policies) is { } penalty)
            return new LimitTaken([], penalty);
        List<LimitSaid> said = [];
        foreach (var (limit, _) in Asked(asking, policies))
        {
            said.Add(new LimitSaid(limit, await limit.Look(asking.Cost, cancellation), asking.Cost));
            if (!said[^1].Answer.IsAdmitted)
                break;
        }
        return new LimitTaken(said);
    }

    public ILimit? For(TenantId tenant, string name, string? part = null) => options.CurrentValue.Of(name) is { } policy ? For(policy.IsOfSystem ? Installation : tenant, policy, part) : null;

    public IReadOnlyList<LimitSet> Configured => [.. options.CurrentValue.Policies.Select(static policy => policy.Told())];

    public LimitSet With(string name, double limit, double? windowSeconds, double? burst)
    {
        if (options.CurrentValue.Of(name) is not { } policy)
            throw new FormatException($"No limit \"{name}\" is configured.");
        var window = windowSeconds is { } seconds ? seconds is > 0 and < 1e8 ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero : policy.Window;
        var told = policy with { Limit = limit, Window = window, Burst = burst ?? (policy.Burst is { } usual && limit == policy.Limit ? usual : null) };
        if (policy.Terms.IsAdaptive)
            throw new FormatException($"\"{name}\" sets itself, between the bounds that are configured.");
        return told.Wrong() is { } wrong ? throw new FormatException($"{wrong}.") : told.Told();
    }

    public string Rule(LimitTerms terms, bool exact) => LimitPolicy.Rule(terms, exact);

    public bool HoldsRecords => false;

    public void Forget(TenantId tenant)
    {
        foreach (var at in all.Keys)
            if (at.Tenant == tenant)
                all.TryRemove(at, out _);
    }

    private async ValueTask<LimitTaken> Take(LimitAsking asking, IReadOnlyList<LimitPolicy> policies, CancellationToken cancellation)
    {
        if (Penalty(asking, policies) is { } penalty)
        {
            LimitMeter.Refused(policies[0].Name, penalty.IsBan ? "ban" : "wait");
            return new LimitTaken([], penalty);
        }
        var said = new List<LimitSaid>(policies.Count);
        try
        {
            foreach (var (limit, policy) in Asked(asking, policies))
            {
                var answer = await limit.Ask(asking.Cost, cancellation);
                said.Add(new LimitSaid(limit, answer, asking.Cost));
                if (answer.IsAdmitted)
                    continue;
                LimitMeter.Refused(policy.Name, "limit");
                if (policy.Penalises && Offender(asking, policy) is { } who)
                    books.Of(who.Tenant).Violated(who.Of, policy.Name);
                await GiveBack(said, asking.Cost);
                return new LimitTaken(said);
            }
        }
        catch
        {
            await GiveBack(said, asking.Cost);
            throw;
        }
        return new LimitTaken(said);
    }

    private static async ValueTask GiveBack(List<LimitSaid> said, long cost)
    {
        foreach (var one in said)
            if (one.Answer.IsAdmitted)
                await one.Limit.GiveBack(cost);
    }

    private List<LimitPolicy> Of(LimitAsking asking)
    {
        List<LimitPolicy> found = [];
        foreach (var policy in options.CurrentValue.Policies)
            if (policy.IsFor(asking.Resource, asking.Route) && policy.Part(asking, out _) && !(asking.IsKnown && policy.IsOfSystem))
                found.Add(policy);
        return found;
    }

    // Those that cost a call come last: what refuses here never makes it.
    private IEnumerable<(ILimit Limit, LimitPolicy Policy)> Asked(LimitAsking asking, IReadOnlyList<LimitPolicy> policies)
    {
        foreach (var exact in (bool[])[false, true])
            foreach (var policy in policies)
                if (policy.Exact == exact && policy.Part(asking, out var part))
                    yield return (For(policy.IsOfSystem ? Installation : asking.Tenant!.Value, policy, part), policy);
    }

    /// <summary>Who asks within a wait or a ban is refused by that alone, and what he asks counts against him.</summary>
    private LimitPenalty? Penalty(LimitAsking asking, IReadOnlyList<LimitPolicy> policies)
    {
        LimitPenalty? found = null;
        foreach (var policy in policies)
            if (policy.Penalises && Offender(asking, policy) is { } who && books.Of(who.Tenant).Of(who.Of) is { } penalty && (found is null || penalty.RetryAfter > found.RetryAfter))
            {
                found = penalty;
                if (!penalty.IsBan)
                    books.Of(who.Tenant).Violated(who.Of, policy.Name);
            }
        return found;
    }

    private static (TenantId Tenant, string Of)? Offender(LimitAsking asking, LimitPolicy policy) => policy.Per == LimitPer.Address
        ? asking.Address is { } address ? (Installation, $"address:{address}") : null
        : asking is { Tenant: { } tenant, Key: { } key } ? (tenant, $"key:{key}") : null;

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
            LimitTerms Terms() => books.Of(at.Tenant).TermsOf(at.Name) is { } set && set.Algorithm == configured.Algorithm ? set : configured;
            Replica<QuotaCopy> Find() => replicas.Get(QuotaKind.Singleton, key);
            LocalLimit Current(SharedLimit asked) => this.Current(at, asked);
            return all[at] = policy switch
            {
                { Exact: true } => new ExactLimit(at.Name, Terms, () => grains.GetGrain<IRateLimitGrain>(key)),
                { Terms.IsAdaptive: true } => new LocalAdaptive(policy, time),
                { Algorithm: LimitAlgorithm.TokenBucket } => new LocalQuota(at.Name, Terms, Find, Current, time),
                _ => new LocalShare(at.Name, Terms, Find, Current, time),
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
