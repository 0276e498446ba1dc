using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Holds how far one tenant, or the whole installation, is degraded; the key is the tenant, or "system".</summary>
/// <remarks>
/// What follows from what was seen is decided in <see cref="DegradationRules"/>, which is pure. What an operator sets is durable before it is answered. What the rules say counts at once and
/// is written as soon as that can be done: the store that fails may be the very reason. What the audit is to hear of it is owed to it in the same state.
/// </remarks>
[InTenantPool]
internal sealed partial class DegradationGrain(
    [PersistentState("degradation", Stores.Durable)] IPersistentState<DegradationState> stored,
    IOptionsMonitor<DegradationOptions> options, ILogStore log, TimeProvider time, ILogger<DegradationGrain> logger) : Grain, IDegradationGrain
{
    /// <summary>How long a copy holds, and what a process said counts: three exchanges.</summary>
    public static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    /// <summary>Between two looks at the breakers.</summary>
    private static readonly TimeSpan BreakersEvery = TimeSpan.FromSeconds(10);

    /// <summary>Changes that wait for the audit; the oldest goes first.</summary>
    private const int MostUnwritten = 100;

    private const int LongestReason = 500, MostBreakers = 100;

    private readonly Dictionary<string, (HealthReport Report, DateTimeOffset At)> reports = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<string, string> broken = new Dictionary<string, string>();
    private DateTimeOffset? brokenAt;
    private DegradationState current = new();
    private ReplicaSubscribers subscribers = null!;
    private TenantKey key;
    private IGrainTimer look = null!;
    private bool isUnsaved, isUnsure;

    private bool IsSystem => key.Tenant.Value == TenantKey.System;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TenantKey.Parse(this.GetPrimaryKeyString());
        subscribers = new ReplicaSubscribers(DegradationKind.Kind, key.ToString(), time);
        current = stored.State;
        look = this.RegisterGrainTimer(Look, new GrainTimerCreationOptions(options.CurrentValue.LookEvery, options.CurrentValue.LookEvery));
        return Task.CompletedTask;
    }

    public async Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation)
    {
        SystemCall.MustBe();
        subscribers.Subscribe(exchange);
        if (exchange.Report is { } bytes)
            reports[exchange.Process] = (DegradationKind.ReadReport(bytes), time.GetUtcNow());
        await Become(DegradationRules.See(DegradationRules.After(current, exchange.KnownVersion), Seen(), options.CurrentValue, time.GetUtcNow()), exchange.Process);
        return new ReplicaAnswer((exchange.KnownEpoch, exchange.KnownVersion) == (1, current.Version) ? null : Copy(), LeaseFor);
    }

    public Task<DegradationView> View() => Task.FromResult(new DegradationView(key.ToString(), DegradationRules.InForce(current), current.Hold?.At ?? current.Since, DegradationRules.Because(current), current.Level, current.Hold,
        DegradationRules.Effects(current, options.CurrentValue), [.. current.Rules.Select(active => new DegradationRuleView(active.Name, options.CurrentValue.Rules.FirstOrDefault(rule => rule.Name == active.Name)?.Level ?? current.Level,
            active.Since, active.Because, active.HealingSince))], HealthMerge.Readings(Seen()), current.History));

    public async Task<DegradationView> Hold(DegradationLevel level, string by, string because, TimeSpan expires, TenantId auditedIn)
    {
        SystemCall.MustBe();
        if (string.IsNullOrWhiteSpace(because) || because.Length > LongestReason)
            throw new RefusedException(RefusalCode.Invalid, $"because: say why, in at most {LongestReason} characters.");
        if (!Enum.IsDefined(level))
            throw new RefusedException(RefusalCode.Invalid, "level: full, partial, minimal or emergency.");
        if (expires < TimeSpan.FromMinutes(1) || expires > TimeSpan.FromDays(30))
            throw new RefusedException(RefusalCode.Invalid, "minutes: from 1 to 43,200.");
        var now = time.GetUtcNow();
        if (current.Hold is { } same && (same.Level, same.By, same.Because) == (level, by, because) && now + expires - same.Until is var later && later.Duration() < TimeSpan.FromMinutes(1))
            return await View(); // Asked again: the answer of the first time was lost.
        await new TenantAudit(log, auditedIn, time).Write("degradation-hold", by, $"{key}: {Word(level)} until {now + expires:O}: {because}");
        return await SetByHand(DegradationRules.Hold(current, new DegradationHold(level, by, because, now, now + expires)), by);
    }

    public async Task<DegradationView> Release(string by, string because, TenantId auditedIn)
    {
        SystemCall.MustBe();
        if (current.Hold is null)
            return await View();
        if (because.Length > LongestReason)
            throw new RefusedException(RefusalCode.Invalid, $"because: at most {LongestReason} characters.");
        await new TenantAudit(log, auditedIn, time).Write("degradation-release", by, $"{key}: {because}");
        return await SetByHand(DegradationRules.Release(current, by, because, time.GetUtcNow()), by);
    }

    private async Task<DegradationView> SetByHand(DegradationState after, string by)
    {
        await stored.CommitAsync(after, onFailure: DeactivateOnIdle);
        current = after;
        isUnsaved = false;
        LogTurned(key.ToString(), DegradationRules.InForce(after), $"by {by}: {after.History[0].Because}");
        DegradationMeter.Turned(IsSystem, DegradationRules.InForce(after));
        await subscribers.Push(_ => Copy(), static _ => true);
        return await View();
    }

    private async Task Look(CancellationToken cancellation)
    {
        using var _ = CallerContext.ForSystem("level of degradation");
        await LookAtBreakers();
        await Become(DegradationRules.See(current, Seen(), options.CurrentValue, time.GetUtcNow()), null);
        await WriteDown();
    }

    /// <summary>The one way by which the rules change it.</summary>
    private async Task Become(DegradationState after, string? asking)
    {
        var before = current;
        current = after;
        if (before.Version == after.Version)
            return;
        isUnsaved = true;
        if (!ReferenceEquals(before.History, after.History))
        {
            current = after with { Unaudited = [.. after.Unaudited.Concat(after.History.Except(before.History).Reverse()).TakeLast(MostUnwritten)] };
            look.Change(TimeSpan.Zero, options.CurrentValue.LookEvery);
            LogTurned(key.ToString(), after.History[0].Level, after.History[0].Because);
            if (before.Level != after.Level)
                DegradationMeter.Turned(IsSystem, DegradationRules.InForce(after));
        }
        await subscribers.Push(_ => Copy(), process => process != asking);
    }

    private async Task WriteDown()
    {
        try
        {
            await Audit();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogUnaudited(key.ToString(), current.Unaudited.Count, failure.Message);
        }
        try
        {
            if (!isUnsaved)
                return;
            if (isUnsure)
                await stored.ReadStateAsync(); // A write of before may have come through or not.
            isUnsure = true;
            stored.State = current;
            await stored.WriteStateAsync();
            isUnsaved = isUnsure = false;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogUnsaved(key.ToString(), failure.Message); // It counts all the same, and the next look tries again.
        }
    }

    private async Task Audit()
    {
        var audit = new TenantAudit(log, IsSystem ? TenantId.Parse(options.CurrentValue.AuditedIn) : key.Tenant, time);
        while (current.Unaudited is [var change, ..])
        {
            await audit.WriteOnce("degradation-level", change.By ?? "rules", $"{key}: {Word(change.Level)}: {change.Because}", change.At, key.Tenant.Value);
            (current, isUnsaved) = (current with { Unaudited = [.. current.Unaudited.Skip(1)] }, true);
        }
    }

    private async Task LookAtBreakers()
    {
        var now = time.GetUtcNow();
        if (now - brokenAt < BreakersEvery)
            return;
        brokenAt = now;
        try
        {
            var names = await GrainFactory.GetGrain<IBreakerDirectoryGrain>(key.ToString()).List();
            var views = await Task.WhenAll(names.Take(MostBreakers).Select(name => GrainFactory.GetGrain<ICircuitBreakerGrain>(TenantKey.Of(key.Tenant, name)).View()));
            broken = views.Where(view => !view.IsMetricsOnly && (view.Hold == BreakerHold.Isolated || (view.Hold == BreakerHold.None && view.Phase == BreakerPhase.Open)))
                .ToDictionary(view => view.Dependency, view => $"its breaker is open: {view.HeldBecause ?? view.Because}", StringComparer.Ordinal);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogUnseen(key.ToString(), failure.Message); // What was seen last counts on.
        }
    }

    private HealthSnapshot Seen()
    {
        var now = time.GetUtcNow();
        foreach (var gone in reports.Where(one => now - one.Value.At > LeaseFor).Select(one => one.Key).ToList())
            reports.Remove(gone);
        return HealthMerge.Of([.. reports.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => one.Value.Report)], broken, options.CurrentValue, IsSystem);
    }

    private ReplicaCopy Copy() => new(1, current.Version,
        DegradationKind.Write(new DegradationCopy(DegradationRules.InForce(current), DegradationRules.Because(current), current.Hold?.At ?? current.Since, DegradationRules.Effects(current, options.CurrentValue))));

    private static string Word(DegradationLevel level) => level.ToString().ToLowerInvariant();

    [LoggerMessage(5131, LogLevel.Warning, "What {Of} is offered is {Level}: {Because}")]
    private partial void LogTurned(string of, DegradationLevel level, string because);

    [LoggerMessage(5132, LogLevel.Warning, "The level of {Of} counts, but could not be written down and is tried again: {Reason}")]
    private partial void LogUnsaved(string of, string reason);

    [LoggerMessage(5134, LogLevel.Warning, "The audit did not take changes of what {Of} is offered ({Count}), and is told again: {Reason}")]
    private partial void LogUnaudited(string of, int count, string reason);

    [LoggerMessage(5133, LogLevel.Information, "The breakers of {Of} could not be looked at: {Reason}")]
    private partial void LogUnseen(string of, string reason);
}
