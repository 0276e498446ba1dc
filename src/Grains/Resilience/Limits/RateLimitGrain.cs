using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Divides one limit among the processes, or counts it by itself; the key is "tenant/limit" or "tenant/limit/part".</summary>
/// <remarks>What each process may have is decided in <see cref="QuotaRules"/>, which is pure. Which leases are about is in memory, and handed on by an activation that ends in order; until when there can be any is fast state. An activation that finds such leases, and is not told whose, gives nobody more than he has until they have ended, so
/// that no share is given twice, but where one process is alone (<see cref="LimitsOptions.IsAlone"/>): its old leases ended with it. Where that memory was lost, the old leases may overlap with new ones until they end. What is counted exactly is durable before anybody is admitted: where there is no such state, nobody ever was.</remarks>
[InTenantPool]
internal sealed partial class RateLimitGrain(
    [PersistentState(RateLimitGrain.QuotaState, Stores.Fast)] IPersistentState<RateLimitState> stored, [PersistentState(RateLimitGrain.CountState, Stores.Durable)] IPersistentState<ExactCountState> counted, IOptionsMonitor<LimitsOptions> options, LimitBooks books, TimeProvider time, ILogger<RateLimitGrain> logger) : Grain, IRateLimitGrain
{
    /// <summary>What the store calls its kind, the state that holds a count, and the one that says until when there are leases.</summary>
    public const string Kind = "ratelimit", CountState = "count", QuotaState = "quota";

    /// <summary>How long a share holds without an exchange: three exchanges.</summary>
    public static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    /// <summary>How often it is written at most until when leases can be about.</summary>
    private static readonly TimeSpan RememberEvery = TimeSpan.FromSeconds(5);

    /// <summary>How often a process is asked out of turn what it was asked for.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, DateTimeOffset> askedAt = new(StringComparer.Ordinal);
    private ReplicaSubscribers subscribers = null!;
    private TenantKey key;
    private LimitTerms? told;
    private QuotaState? quota;
    private ExactCount? count;
    private LimitTerms? counts;
    private DateTimeOffset learnsUntil;
    private long epoch, version, grants;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TenantKey.Parse(this.GetPrimaryKeyString());
        subscribers = new ReplicaSubscribers(QuotaKind.Kind, key.ToString(), time);
        if (Policy is null)
            return;
        using (CallerContext.ForSystem("terms of a limit"))
            told = await GrainFactory.GetGrain<ILimitBookGrain>(TenantKey.Of(key.Tenant)).Terms(key.Name!);
        var now = time.GetUtcNow();
        var known = options.CurrentValue.IsAlone ? null : stored.State.Known;
        (learnsUntil, epoch) = (options.CurrentValue.IsAlone || known is not null ? default : stored.State.LeasesUntil, Math.Max(now.UtcTicks, stored.State.Epoch + 1));
        quota = known?.Quota ?? QuotaRules.Begin(QuotaPolicy.Of(Terms), isFull: learnsUntil <= now && !stored.MayBeLost(), now);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Callers come and go: of whom nothing counts any more, nothing is kept.
        try
        {
            if (!await Forgotten(cancellationToken) && reason.ReasonCode is DeactivationReasonCode.ShuttingDown or DeactivationReasonCode.Migrating)
                await HandOn();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogKept(key.ToString(), failure);
        }
    }

    public async Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation)
    {
        var (terms, policy, now) = (MustBeSet(exact: false), QuotaPolicy.Of(Terms), time.GetUtcNow());
        var report = exchange.Report is { } bytes ? QuotaKind.ReadReport(bytes) : new QuotaReport(0, 0);
        if (report.Left is { } tokens)
            return Left(exchange.Process, report.Uses, tokens, policy, now + Held(terms), now);
        subscribers.Subscribe(exchange);
        await Remember(terms, now);
        (quota, var grant) = QuotaRules.Exchange(quota!, exchange.Process, report.Uses, report.Demand, policy, now < learnsUntil, Held(terms), now);
        version++;
        if (grant.IsShort)
            await AskOthers(policy, quota, exchange.Process, now);
        return new ReplicaAnswer(Copy(new QuotaCopy(grant.Share, grant.Tokens, Number())), LeaseFor);
    }

    public Task<RateLimitView> View()
    {
        var (terms, now) = (MustBeSet(null), time.GetUtcNow());
        var names = subscribers.Living.ToDictionary(one => one.Process, one => one.Name, StringComparer.Ordinal);
        return Task.FromResult(new RateLimitView(key.ToString(), terms, Policy!.Exact ? Count(terms).Used(Moment) : null, [.. quota!.Holders.Where(holder => holder.Until > now && names.ContainsKey(holder.Process))
            .Select(holder => new RateLimitShare(names[holder.Process], holder.Held / (double)QuotaRules.Whole, holder.Demand))]));
    }

    public async Task<LimitAnswer> Take(long cost, CancellationToken cancellation)
    {
        var exact = Count(MustBeSet(exact: true));
        var verdict = exact.Take(Moment, cost);
        if (verdict.IsAdmitted)
            await Write(exact);
        return Answer(verdict);
    }

    public Task<LimitAnswer> Look(long cost, CancellationToken cancellation) => Task.FromResult(Answer(Count(MustBeSet(exact: true)).Look(Moment, cost)));

    public async Task<bool> Forget()
    {
        SystemCall.MustBe();
        DeactivateOnIdle();
        return await Forgotten(CancellationToken.None);
    }

    public async Task GiveBack(long cost)
    {
        var exact = Count(MustBeSet(exact: true));
        exact.Returned(Moment, cost);
        await Write(exact);
    }

    private ReplicaAnswer Left(string process, int uses, double tokens, QuotaPolicy policy, DateTimeOffset until, DateTimeOffset now)
    {
        quota = QuotaRules.Left(quota!, process, uses, tokens, policy, until, now);
        version++;
        return new ReplicaAnswer(Copy(new QuotaCopy(0, 0, Number())), LeaseFor);
    }

    private LimitPolicy? Policy => key.Name is null ? null : options.CurrentValue.Of(key.Name);

    // What this process's copy of the book says is newer than what was asked at the beginning.
    private LimitTerms Terms => (books.Of(key.Tenant) is { Copy: not null } book ? book.TermsOf(key.Name!) : told) is { } set && set.Algorithm == Policy!.Algorithm ? set : Policy!.Terms;

    private long Moment => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * Nanoseconds.ATick;

    private LimitTerms MustBeSet(bool? exact)
    {
        SystemCall.MustBe();
        return Policy is { } policy && quota is not null && (exact is null || policy.Exact == exact) ? Terms : throw new RefusedException(RefusalCode.NotFound, "No limit is set for this.");
    }

    /// <summary>How long a process's share counts as its: of a window, also what it may have taken just before it was heard of last.</summary>
    private static TimeSpan Held(LimitTerms terms) => terms.Algorithm is LimitAlgorithm.FixedWindow or LimitAlgorithm.SlidingWindow ? LeaseFor + TimeSpan.FromSeconds(terms.WindowSeconds * 1.1) : LeaseFor;

    private ExactCount Count(LimitTerms terms)
    {
        if (count is not null && counts == terms)
            return count;
        var (now, before) = (Moment, count);
        count = ExactCount.Of(terms, now);
        if (before is not null && counts!.WindowSeconds == terms.WindowSeconds && counts.Algorithm != LimitAlgorithm.TokenBucket)
            count.Numbers = before.Numbers;
        else if (before is null && counted.State.Numbers is { Count: > 0 } written && counted.State.Window == terms.WindowSeconds)
            count.Numbers = [.. written];
        counts = terms;
        return count;
    }

    private Task Write(ExactCount exact) => counted.CommitAsync(
        new ExactCountState { Numbers = exact.Numbers, Window = counts!.WindowSeconds, EndsAt = time.GetUtcNow() + Nanoseconds.Span(exact.Look(Moment, 1).ResetAfter) }, onFailure: DeactivateOnIdle);

    /// <summary>Removes what is kept if nothing of it counts any more: the count by its limit as it is now, and of a limit that is set no more when its time is over; leases when they ended, or were all given back.</summary>
    private async Task<bool> Forgotten(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var isCounted = counted.RecordExists && (Policy is { Exact: true } ? Count(Terms).Used(Moment) > 0 : counted.State.EndsAt > now);
        var isLeased = stored.RecordExists && stored.State.LeasesUntil > now && !(quota is not null && learnsUntil <= now && QuotaRules.IsWhole(quota, QuotaPolicy.Of(Terms), now));
        var (count, leases) = (counted.RecordExists && !isCounted, stored.RecordExists && !isLeased);
        if (count)
            await counted.ClearStateAsync(cancellation);
        if (leases)
            await stored.ClearStateAsync(cancellation);
        return count || leases;
    }

    // The next activation need not wait until leases have ended of which it would know nothing.
    private async Task HandOn()
    {
        if (quota is not null && stored.RecordExists && !options.CurrentValue.IsAlone && learnsUntil <= time.GetUtcNow())
            await stored.CommitAsync(stored.State with { Epoch = Math.Max(epoch, stored.State.Epoch), Known = QuotaKnown.Of(quota) }, onFailure: static () => { });
    }

    /// <summary>Tells the others what they should have, where it is less, and has them say what they were asked for. What they had counts as theirs until they have said that they let go.</summary>
    private async Task AskOthers(QuotaPolicy policy, QuotaState held, string askedBy, DateTimeOffset now)
    {
        var targets = QuotaRules.Targets(held.Holders, policy);
        var living = subscribers.Living.Select(one => one.Process).ToHashSet(StringComparer.Ordinal);
        var due = held.Holders.Where(holder => holder.Process != askedBy && living.Contains(holder.Process) && askedAt.GetValueOrDefault(holder.Process) + AskEvery <= now && subscribers.HeardAt(holder.Process) + AskEvery <= now)
            .ToDictionary(holder => holder.Process, holder => Math.Min(holder.Held, targets[holder.Process]), StringComparer.Ordinal);
        foreach (var process in askedAt.Keys.Where(process => !targets.ContainsKey(process)).ToList())
            askedAt.Remove(process);
        foreach (var process in due.Keys)
            askedAt[process] = now;
        await subscribers.Push(process => Copy(new QuotaCopy(due[process], 0, 0, Asks: true)), due.ContainsKey);
    }

    private static LimitAnswer Answer(in LimitVerdict verdict) => new(verdict.IsAdmitted, verdict.Remaining, verdict.IsAdmitted ? TimeSpan.Zero : Nanoseconds.Span(verdict.RetryAfter), Nanoseconds.Span(verdict.ResetAfter));

    private ReplicaCopy Copy(QuotaCopy copy) => new(epoch, version, QuotaKind.Write(copy));

    [LoggerMessage(5123, LogLevel.Debug, "What is kept of {Limit} stays as it was written last: it could not be removed, or brought up to date")]
    private partial void LogKept(string limit, Exception failure);

    // Unlike those of any activation before.
    private long Number() => epoch + ++grants;

    private async Task Remember(LimitTerms terms, DateTimeOffset now)
    {
        if (stored.State.LeasesUntil >= now + Held(terms) && stored.State.Known is null)
            return;
        await stored.CommitAsync(new RateLimitState { Epoch = epoch, LeasesUntil = now + Held(terms) + RememberEvery }, onFailure: DeactivateOnIdle);
    }
}

/// <summary>Until when shares of an earlier activation can be in use.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.RateLimitState")]
internal sealed record RateLimitState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    [Id(1)]
    public long Epoch { get; init; }

    [Id(2)]
    public DateTimeOffset LeasesUntil { get; init; }

    /// <summary>Of an activation that ended in order: whose leases they are. Gone with the first exchange after that.</summary>
    [Id(3)]
    public QuotaKnown? Known { get; init; }
}

/// <summary>A <see cref="QuotaState"/> as it is kept.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.QuotaKnown")]
internal sealed record QuotaKnown([property: Id(0)] IReadOnlyList<QuotaHolder> Holders, [property: Id(1)] double Pool, [property: Id(2)] DateTimeOffset PoolAt)
{
    internal QuotaState Quota => new([.. Holders], Pool, PoolAt);

    public static QuotaKnown Of(QuotaState quota) => new(quota.Holders, quota.Pool, quota.PoolAt);
}

/// <summary>What counts against a limit that is counted exactly.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ExactCountState")]
internal sealed record ExactCountState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>As <see cref="ExactCount.Numbers"/> has them.</summary>
    [Id(1)]
    public IReadOnlyList<long> Numbers { get; init; } = [];

    /// <summary>The window that they were counted in, seconds.</summary>
    [Id(2)]
    public double Window { get; init; }

    /// <summary>When nothing of it counts any more, if nobody asks.</summary>
    [Id(3)]
    public DateTimeOffset EndsAt { get; init; }
}
