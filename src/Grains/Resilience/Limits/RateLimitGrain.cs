using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Divides one quota of a tenant among the processes; the key is "tenant/resource" or "tenant/resource/part".</summary>
/// <remarks>What each process may have is decided in <see cref="QuotaRules"/>, which is pure. Which leases are about is in memory; until when there can be any is fast state. An activation that finds such leases gives nobody more than he has until they have ended, so
/// that no share is given twice; where that memory was lost, too, the old leases may overlap with new ones until they end.</remarks>
[InTenantPool]
internal sealed class RateLimitGrain(
    [PersistentState("quota", Stores.Fast)] IPersistentState<RateLimitState> stored, IOptionsMonitor<LimitsOptions> options, TimeProvider time) : Grain, IRateLimitGrain
{
    /// <summary>How long a share holds without an exchange: three exchanges.</summary>
    public static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    /// <summary>How often it is written at most until when leases can be about.</summary>
    private static readonly TimeSpan RememberEvery = TimeSpan.FromSeconds(5);

    /// <summary>How often a process is asked out of turn what it was asked for.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, DateTimeOffset> askedAt = new(StringComparer.Ordinal);
    private ReplicaSubscribers subscribers = null!;
    private TenantKey key;
    private QuotaPolicy? known;
    private QuotaState? quota;
    private DateTimeOffset learnsUntil;
    private long epoch, version, grants;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TenantKey.Parse(this.GetPrimaryKeyString());
        var now = time.GetUtcNow();
        known = key.Name is null ? null : options.CurrentValue.Of(key.Name);
        (learnsUntil, epoch) = (stored.State.LeasesUntil, Math.Max(now.UtcTicks, stored.State.Epoch + 1));
        quota = known is null ? null : QuotaRules.Begin(known, isFull: learnsUntil <= now && !stored.MayBeLost(), now);
        subscribers = new ReplicaSubscribers(QuotaKind.Kind, key.ToString(), time);
        return Task.CompletedTask;
    }

    public async Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation)
    {
        if (CallerContext.SystemReason is null)
            throw new RefusedException(RefusalCode.Forbidden, "There is no such thing, or it is not yours.");
        var (policy, before) = Known();
        subscribers.Subscribe(exchange);
        var now = time.GetUtcNow();
        await Remember(now);
        var report = exchange.Report is { } bytes ? QuotaKind.ReadReport(bytes) : new QuotaReport(0, 0);
        (quota, var grant) = QuotaRules.Exchange(before, exchange.Process, report.Uses, report.Demand, policy, now < learnsUntil, LeaseFor, now);
        version++;
        if (grant.IsShort)
            await AskOthers(policy, quota, exchange.Process, now);
        return new ReplicaAnswer(Copy(new QuotaCopy(grant.Share, grant.Tokens, Number())), LeaseFor);
    }

    public Task<RateLimitView> View()
    {
        var (policy, now) = (Known().Policy, time.GetUtcNow());
        var names = subscribers.Living.ToDictionary(one => one.Process, one => one.Name, StringComparer.Ordinal);
        return Task.FromResult(new RateLimitView(key.ToString(), policy.Rate, policy.Burst, [.. quota!.Holders.Where(holder => holder.Until > now)
            .Select(holder => new RateLimitShare(names.GetValueOrDefault(holder.Process, holder.Process), holder.Held / (double)QuotaRules.Whole, holder.Demand))]));
    }

    private (QuotaPolicy Policy, QuotaState Quota) Known() => known is not null && quota is not null ? (known, quota) : throw new RefusedException(RefusalCode.NotFound, "No limit is set for this.");

    /// <summary>Tells the others what they should have, where it is less, and has them say what they were asked for. What they had counts as theirs until they have said that they let go.</summary>
    private async Task AskOthers(QuotaPolicy policy, QuotaState held, string askedBy, DateTimeOffset now)
    {
        var targets = QuotaRules.Targets(held.Holders, policy);
        var due = held.Holders.Where(holder => holder.Process != askedBy && holder.Until - LeaseFor + AskEvery <= now && askedAt.GetValueOrDefault(holder.Process) + AskEvery <= now)
            .ToDictionary(holder => holder.Process, holder => Math.Min(holder.Held, targets[holder.Process]), StringComparer.Ordinal);
        foreach (var process in askedAt.Keys.Where(process => !targets.ContainsKey(process)).ToList())
            askedAt.Remove(process);
        foreach (var process in due.Keys)
            askedAt[process] = now;
        await subscribers.Push(process => Copy(new QuotaCopy(due[process], 0, 0, Asks: true)), due.ContainsKey);
    }

    private ReplicaCopy Copy(QuotaCopy copy) => new(epoch, version, QuotaKind.Write(copy));

    // Unlike those of any activation before.
    private long Number() => epoch + ++grants;

    private async Task Remember(DateTimeOffset now)
    {
        if (stored.State.LeasesUntil >= now + LeaseFor)
            return;
        await stored.CommitAsync(new RateLimitState { Epoch = epoch, LeasesUntil = now + LeaseFor + RememberEvery }, onFailure: DeactivateOnIdle);
    }
}

/// <summary>Until when shares of an earlier activation can be in use.</summary>
[GenerateSerializer, Alias("Sophia.RateLimitState")]
internal sealed record RateLimitState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    [Id(1)]
    public long Epoch { get; init; }

    [Id(2)]
    public DateTimeOffset LeasesUntil { get; init; }
}
