using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Guards one dependency for all processes; the key is "tenant/dependency".</summary>
/// <remarks>What may happen next is decided in <see cref="BreakerRules"/>, which is pure. No probe is given before it is written down that it is. The phase is fast state: a breaker that lost it, as its store or a process
/// that knows a later one says, starts half-open under a higher epoch, so that nobody floods a dependency that was failing. What a person said is durable. That it opened or closed by its rule counts at once and is owed to the audit,
/// which is told between two calls and never waited for long.</remarks>
[InTenantPool]
internal sealed partial class CircuitBreakerGrain(
    [PersistentState("breaker", Stores.Fast)] IPersistentState<BreakerState> stored,
    [PersistentState("held", Stores.Durable)] IPersistentState<BreakerHeld> held,
    IOptionsMonitor<BreakersOptions> options, ILogStore log, TimeProvider time, ILogger<CircuitBreakerGrain> logger) : Grain, ICircuitBreakerGrain
{
    /// <summary>How long a copy holds, and what a process said counts: three exchanges.</summary>
    public static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    /// <summary>How long processes that have said nothing yet in a round are waited for before the others open the breaker for them too: 1 s. It is their voice that tells one sick process from a failing dependency.</summary>
    public static readonly TimeSpan HearFor = TimeSpan.FromSeconds(1);

    /// <summary>How soon the audit is told again what it did not take: 5 s.</summary>
    private static readonly TimeSpan AuditAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>How often the list of breakers is told that this one is used: 1 hour.</summary>
    private static readonly TimeSpan ListAgainAfter = TimeSpan.FromHours(1);

    private readonly Dictionary<string, (BreakerEvidence Evidence, string Name, DateTimeOffset At)> evidence = new(StringComparer.Ordinal);
    private ReplicaSubscribers subscribers = null!;
    private TenantKey key;
    private IGrainTimer? due;
    private DateTimeOffset? askedAt;
    private DateTimeOffset auditAt;
    private DateTimeOffset? listedAt;

    private BreakerOptions Options => options.CurrentValue.Of(key.Name!);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TenantKey.Parse(this.GetPrimaryKeyString());
        subscribers = new ReplicaSubscribers(BreakerKind.Kind, key.ToString(), time);
        if (stored.MayBeLost() && held.RecordExists) // One that was never used has no phase to lose.
            stored.State = Lost(time.GetUtcNow().ToUnixTimeSeconds(), time.GetUtcNow());
        LookLater();
        return Task.CompletedTask;
    }

    public async Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation)
    {
        SystemCall.MustBe();
        await List();
        var isNew = subscribers.Subscribe(exchange);
        var now = time.GetUtcNow();
        // A word that is durable, and whose place here could not be written, is told now.
        var after = BreakerRules.Pass(BreakerRules.Tell(Remembered(exchange, now), held.State, now), Options, now);
        var report = exchange.Report is { } bytes ? BreakerKind.ReadReport(bytes) : null;
        if (report is not null)
            after = Heard(after, exchange, report, now);
        if (Seen(after, now) is { } opened)
            after = opened;
        else
            await AskOthers(after, now);
        if (isNew && report is not null && (report.Epoch, report.Round) == (after.Epoch, after.Round) && held.State.Hold != BreakerHold.Isolated)
            after = BreakerRules.Grant(after, exchange.Process, report.Wants, Options, now);
        await Save(after, exchange.Process);
        var isOld = (exchange.KnownEpoch, exchange.KnownVersion) != (after.Epoch, after.Version);
        return new ReplicaAnswer(isOld || after.Probes.Any(probe => probe.Process == exchange.Process) ? CopyFor(exchange.Process, after) : null, LeaseFor);
    }

    public Task<BreakerView> View() => Task.FromResult(BreakerViews.Of(key, stored.State, held.State, Options, Fresh()));

    public async Task<BreakerView> Set(BreakerHold hold, string by, string because, TenantId auditedIn)
    {
        SystemCall.MustBe();
        var now = time.GetUtcNow();
        if (hold != BreakerHold.None && (held.State.Hold, held.State.By, held.State.Because) == (hold, by, because)) // Asked again: the answer of the first time was lost.
        {
            await Save(BreakerRules.Tell(stored.State, held.State, now), null);
            return await View();
        }
        await new TenantAudit(log, auditedIn, time).Write($"breaker-{Word(hold)}", by, $"{key}: {because}");
        await List();
        await held.CommitAsync(new BreakerHeld { Hold = hold, By = by, Because = because, At = now, Number = held.State.Number + 1, IsOpenInAudit = hold == BreakerHold.Isolated && held.State.IsOpenInAudit }, onFailure: DeactivateOnIdle);
        await Save(BreakerRules.Tell(stored.State, held.State, now), null);
        LogSet(key.ToString(), Word(hold), by, because);
        return await View();
    }

    private BreakerState Heard(BreakerState state, ReplicaExchange exchange, BreakerReport report, DateTimeOffset now)
    {
        if ((report.Epoch, report.Round) != (state.Epoch, state.Round))
            return state;
        evidence[exchange.Process] = (new BreakerEvidence(exchange.Process, report.Counts, report.OpensHere), exchange.Name, now);
        foreach (var settled in report.Settled)
            state = BreakerRules.Settle(state, exchange.Process, settled.Number, settled.Succeeded, Options, now);
        return state;
    }

    /// <summary>What becomes of it by what was seen; null: first the others are to be heard.</summary>
    private BreakerState? Seen(BreakerState state, DateTimeOffset now)
    {
        if ((state.Epoch, state.Round) != (stored.State.Epoch, stored.State.Round))
            return state; // Nobody has spoken in this round.
        var after = BreakerRules.See(state, [.. Fresh().Select(one => one.Evidence)], Options, now);
        if (ReferenceEquals(after, state))
            askedAt = null;
        return ReferenceEquals(after, state) || askedAt + HearFor <= now || subscribers.Living.All(one => evidence.ContainsKey(one.Process)) ? after : null;
    }

    private async Task AskOthers(BreakerState state, DateTimeOffset now)
    {
        if (askedAt is not null)
            return;
        askedAt = now;
        LookLater();
        await subscribers.Push(process => CopyFor(process, state, asks: true), process => !evidence.ContainsKey(process));
    }

    /// <summary>A process that knows more than this grain has it from an activation whose memory is gone.</summary>
    private BreakerState Remembered(ReplicaExchange exchange, DateTimeOffset now) =>
        new ReplicaCopy(exchange.KnownEpoch, exchange.KnownVersion, []).IsNewerThan(stored.State.Epoch, stored.State.Version) ? Lost(exchange.KnownEpoch + 1, now) : stored.State;

    // What a person said is not lost, and comes to every process with the higher epoch. Nor is it lost that the audit has an opening without its end.
    private BreakerState Lost(long epoch, DateTimeOffset now)
    {
        var wasOpen = stored.State.Unaudited is [.., var last] ? last.Phase == BreakerPhase.Open && stored.State.Trips > 0 : held.State.IsOpenInAudit;
        return BreakerRules.Lost(epoch, now) with { Told = held.State.Number, Unaudited = stored.State.Unaudited, Trips = wasOpen ? 1 : 0 };
    }

    private async Task Look(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var after = BreakerRules.Pass(stored.State, Options, now);
        await Save(Seen(after, now) ?? after, null);
        await Audit();
        LookLater();
    }

    private async Task Audit()
    {
        if (stored.State.Unaudited is not [_, ..] owed || time.GetUtcNow() < auditAt)
            return;
        using var _ = CallerContext.ForSystem("audit of a breaker");
        try
        {
            var audit = new TenantAudit(log, key.Tenant.Value == TenantKey.System ? TenantId.Parse(options.CurrentValue.AuditedIn) : key.Tenant, time);
            foreach (var change in owed)
                await audit.WriteOnce(change.Phase == BreakerPhase.Closed ? "breaker-closed" : "breaker-opened", "rule", $"{key}: {change.Because}", change.At, key.Name);
            if (stored.State.Trips > 0 != held.State.IsOpenInAudit)
                await held.CommitAsync(held.State with { IsOpenInAudit = stored.State.Trips > 0 }, onFailure: DeactivateOnIdle);
            await stored.CommitAsync(stored.State with { Unaudited = [] }, onFailure: DeactivateOnIdle);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            auditAt = time.GetUtcNow() + AuditAgainAfter;
            LogUnaudited(key.ToString(), owed.Count, failure.Message);
        }
    }

    /// <summary>The one way by which it changes.</summary>
    private async Task Save(BreakerState after, string? asking)
    {
        var before = stored.State;
        if (ReferenceEquals(before, after))
            return;
        if (!Options.MetricsOnly)
            after = BreakerRules.Owe(before, after);
        await stored.CommitAsync(after, onFailure: DeactivateOnIdle);
        LookLater();
        if (ReferenceEquals(before.History, after.History))
            return; // Only its own process must know of a probe, and does by the answer.
        if ((before.Epoch, before.Round) != (after.Epoch, after.Round))
        {
            evidence.Clear();
            askedAt = null;
            BreakerMeter.Turned(key.Name!, after.Phase);
            LogTurned(key.ToString(), after.Phase, after.Because ?? "");
        }
        await subscribers.Push(process => CopyFor(process, after), process => process != asking);
    }

    private IReadOnlyList<(BreakerEvidence Evidence, string Name, DateTimeOffset At)> Fresh()
    {
        var now = time.GetUtcNow();
        foreach (var process in evidence.Where(one => now - one.Value.At > LeaseFor).Select(one => one.Key).ToList())
            evidence.Remove(process);
        return [.. evidence.Values.OrderBy(one => one.Evidence.Process, StringComparer.Ordinal)];
    }

    private ReplicaCopy CopyFor(string process, BreakerState state, bool asks = false)
    {
        var now = time.GetUtcNow();
        return new ReplicaCopy(state.Epoch, state.Version, BreakerKind.Write(new BreakerCopy(state.Epoch, state.Round, state.Phase, held.State.Hold, state.Because, held.State.Because,
            state is { Phase: BreakerPhase.Open, Until: { } until } && until > now ? until - now : TimeSpan.Zero, BreakerRules.Share(state, Options),
            [.. state.Probes.Where(probe => probe.Process == process && !probe.Succeeded && probe.ExpiresAt > now).Select(probe => new BreakerGrant(probe.Number, probe.ExpiresAt - now))], asks)));
    }

    private void LookLater()
    {
        due?.Dispose();
        DateTimeOffset?[] next = [BreakerRules.Due(stored.State), askedAt + HearFor, stored.State.Unaudited.Count > 0 ? auditAt : null];
        due = next.Min() is not { } at ? null
            : this.RegisterGrainTimer(Look, new GrainTimerCreationOptions(at > time.GetUtcNow() ? at - time.GetUtcNow() : TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    private async Task List()
    {
        var now = time.GetUtcNow();
        if (now - listedAt < ListAgainAfter)
            return;
        try
        {
            await GrainFactory.GetGrain<IBreakerDirectoryGrain>(TenantKey.Of(key.Tenant)).Add(key.Name!);
            if (!held.RecordExists)
                await held.CommitAsync(held.State, onFailure: DeactivateOnIdle); // What says, after a loss of the phase, that there was one.
            listedAt = now;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogUnlisted(key.ToString(), failure.Message); // The next exchange tries again; the breaker works meanwhile.
        }
    }

    private static string Word(BreakerHold hold) => hold switch { BreakerHold.Isolated => "isolate", BreakerHold.HeldClosed => "close", _ => "reset" };

    [LoggerMessage(5111, LogLevel.Warning, "Breaker {Key} is {Phase}: {Because}")]
    private partial void LogTurned(string key, BreakerPhase phase, string because);

    [LoggerMessage(5113, LogLevel.Information, "Breaker {Key} is not in the list of breakers yet: {Reason}")]
    private partial void LogUnlisted(string key, string reason);

    [LoggerMessage(5114, LogLevel.Warning, "Breaker {Key}: the audit did not take that it opened or closed ({Count} entries), and is told again: {Reason}")]
    private partial void LogUnaudited(string key, int count, string reason);

    [LoggerMessage(5112, LogLevel.Warning, "Breaker {Key}: {What} by {By}: {Because}")]
    private partial void LogSet(string key, string what, string by, string because);
}
