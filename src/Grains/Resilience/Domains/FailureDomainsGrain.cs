using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Knows what depends on what, what fails, and what contains it; the key is "system".</summary>
/// <remarks>
/// The graph is <see cref="DomainGraphs"/>', who is hit <see cref="BlastRadius"/>', what is done <see cref="ContainmentRules"/>': all of them pure. This grain never waits for what it judges: <see cref="IDomainWatchGrain"/> is sent
/// out and tells what it saw and did. Nothing is done before the decision is kept; so after a crash at any point the watch is sent to do the same again, which comes to the same.
/// </remarks>
internal sealed partial class FailureDomainsGrain(
    [PersistentState("containment", Stores.Durable)] IPersistentState<ContainmentState> stored,
    IOptionsMonitor<ContainmentOptions> options, TimeProvider time, ILogger<FailureDomainsGrain> logger) : Grain, IFailureDomainsGrain
{
    /// <summary>How long a copy holds, and what a process said counts: three exchanges.</summary>
    public static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    /// <summary>When a front end counts as silent, and until when it is missed.</summary>
    private static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(30), MissedFor = TimeSpan.FromMinutes(5);

    /// <summary>When an errand of which nothing was heard is given up.</summary>
    private static readonly TimeSpan ErrandFor = TimeSpan.FromSeconds(30);

    /// <summary>One in so many of those that are looked at at a time may be one that nobody uses: its grains are woken for it, once.</summary>
    private const int NewAmong = 4;

    /// <summary>Errands in a row of which nothing was heard, before the activation takes itself for one whose place another has taken.</summary>
    private const int MostUnheard = 2;

    private readonly SortedDictionary<string, (ProcessReport Report, DateTimeOffset At)> reports = new(StringComparer.Ordinal);
    private ReplicaSubscribers subscribers = null!;
    private DomainMemory memory = DomainMemory.Nothing;
    private DomainGraph graph = DomainGraph.Empty;
    private (long Number, DateTimeOffset At)? errand;
    private long lastErrand;
    private int unheard;
    private DateTimeOffset? lookedAt;
    private IReadOnlyList<string> notSeen = [];
    private string? neverAfter;
    private bool isUnsure;

    private ContainmentOptions Options => options.CurrentValue;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        subscribers = new ReplicaSubscribers(DomainTruth.Kind, this.GetPrimaryKeyString(), time);
        graph = DomainGraphs.Of(Options.Topology, memory, Reports());
        this.RegisterGrainTimer(Send, new GrainTimerCreationOptions(Options.LookEvery, Options.LookEvery) { KeepAlive = true });
        return Task.CompletedTask;
    }

    // Another process says it from now on.
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        DomainMeter.Saw(DomainGraph.Empty, new ContainmentState());
        return Task.CompletedTask;
    }

    public Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation)
    {
        SystemCall.MustBe();
        subscribers.Subscribe(exchange);
        if (exchange.Report is { } bytes)
            reports[exchange.Process] = (DomainTruth.ReadReport(bytes), time.GetUtcNow());
        return Task.FromResult(new ReplicaAnswer(exchange.KnownVersion == 1 ? null : new ReplicaCopy(1, 1, DomainTruth.Write(new DomainCopy(1))), LeaseFor));
    }

    public Task<DomainsView> View(TenantId? tenant)
    {
        SystemCall.MustBe();
        return Task.FromResult(DomainViews.Of(graph, stored.State, Options, lookedAt, notSeen, tenant?.Value));
    }

    public Task<TroublesView> Troubles()
    {
        SystemCall.MustBe();
        return Task.FromResult(TroubleRules.View(memory, lookedAt, InTurn().Count, Options));
    }

    public Task<DomainImpact?> Impact(string node, TenantId? tenant)
    {
        SystemCall.MustBe();
        return Task.FromResult(DomainViews.Impact(graph, stored.State.Failing, node, tenant?.Value));
    }

    public async Task<ContainmentView> Decide(long containment, ContainmentDecision decision, string by, string because, TenantId? tenant)
    {
        SystemCall.MustBe();
        if (string.IsNullOrWhiteSpace(because) || because.Length > ContainmentRules.LongestReason)
            throw new RefusedException(RefusalCode.Invalid, $"because: say why, in at most {ContainmentRules.LongestReason} characters.");
        if (!Enum.IsDefined(decision))
            throw new RefusedException(RefusalCode.Invalid, "approve, decline, lift or pin.");
        await Known();
        var known = stored.State.Containments.FirstOrDefault(one => one.Id == containment && (tenant is null || one.Owner == tenant.Value.Value))
            ?? throw new RefusedException(RefusalCode.NotFound, "There is no such containment.");
        // Who disturbs others does not decide about that.
        if (tenant is not null && known.HitsATenant)
            throw new RefusedException(RefusalCode.Forbidden, "Only operators of the system's tenant decide about this one.");
        var after = ContainmentRules.Decide(stored.State, known, decision, by, because, time.GetUtcNow())
            ?? throw new RefusedException(RefusalCode.Conflict, $"Containment {containment} is {known.Phase.ToString().ToLowerInvariant()}.");
        if (!ReferenceEquals(after, stored.State))
        {
            await stored.CommitAsync(after, onFailure: DeactivateOnIdle);
            Told(after, stored.State.LastChange - 1);
        }
        errand = null;
        await Send(default);
        return DomainViews.Of(stored.State.Containments.First(one => one.Id == containment), Options, tenant is null);
    }

    public async Task<ContainmentView> Begin(string node, ContainmentStrategy? strategy, TimeSpan lasts, string by, string because, TenantId? tenant)
    {
        SystemCall.MustBe();
        if (string.IsNullOrWhiteSpace(because) || because.Length > ContainmentRules.LongestReason)
            throw new RefusedException(RefusalCode.Invalid, $"because: say why, in at most {ContainmentRules.LongestReason} characters.");
        if (lasts < ContainmentStrategies.ShortestByHand || lasts > ContainmentStrategies.LongestByHand)
            throw new RefusedException(RefusalCode.Invalid, $"minutes: from {ContainmentStrategies.ShortestByHand.TotalMinutes} to {ContainmentStrategies.LongestByHand.TotalMinutes}; what is to last longer is pinned.");
        if (graph.Find(node) is not { } found || (tenant is { } own && found.Tenant != own.Value))
            throw new RefusedException(RefusalCode.NotFound, "There is no such node.");
        var fitting = ContainmentStrategies.For(found.Kind);
        if (fitting.Count == 0 || (strategy is { } wanted && !fitting.Contains(wanted)))
            throw new RefusedException(RefusalCode.Invalid, $"That is nothing that can be done about it{(fitting.Count == 0 ? "" : $": {string.Join(", ", fitting)}")}.");
        var chosen = strategy ?? fitting[0];
        // Who is offered less does not decide about that.
        if (tenant is not null && chosen is ContainmentStrategy.IsolateTenant or ContainmentStrategy.Shed)
            throw new RefusedException(RefusalCode.Forbidden, "Only operators of the system's tenant decide about this one.");
        var state = await Known();
        var now = time.GetUtcNow();
        var (after, begun) = ContainmentRules.Begin(state, new ContainmentPicture(graph, state.Failing), found, chosen, now + lasts, by, because, now);
        if (!ReferenceEquals(after, state))
        {
            await stored.CommitAsync(after, onFailure: DeactivateOnIdle);
            Told(after, state.LastChange);
        }
        errand = null;
        await Send(default);
        return DomainViews.Of(stored.State.Containments.First(one => one.Id == begun.Id), Options, tenant is null);
    }

    public async Task Saw(DomainSight sight)
    {
        SystemCall.MustBe();
        if (errand?.Number != sight.Number)
            return;
        (errand, unheard) = (null, 0);
        var now = time.GetUtcNow();
        (memory, lookedAt, notSeen) = (memory.With(sight, now), now, sight.Unseen);
        graph = DomainGraphs.Of(Options.Topology, memory, Reports());
        var state = await Known();
        var after = ContainmentRules.Audited(state, sight.AuditedTo);
        foreach (var outcome in sight.Outcomes)
            after = ContainmentRules.Settle(after, outcome, now);
        var blind = after.Containments.Where(one => one is { Holds: true, Blinds: true }).Select(one => one.Node).ToHashSet(StringComparer.Ordinal);
        var evidence = DomainEvidence.Of(Options.Topology, memory, Silent(now)).Where(one => graph.Find(one.Key) is not null).ToDictionary(one => one.Key, one => one.Value, StringComparer.Ordinal);
        var failing = FailureRules.See(after.Failing, evidence, blind.Contains, Options.HealFor, now);
        after = ContainmentRules.See(after, new ContainmentPicture(graph, failing), Options, now);
        await Keep(state, after);
        DomainMeter.Saw(graph, after);
        if (ContainmentRules.Unwritten(after).Count > 0 || after.Containments.Any(one => one.Phase is ContainmentPhase.Applying or ContainmentPhase.Lifting && one.Note is null))
            await Send(default);
    }

    /// <summary>Sends the watch out, with what is kept and not done yet. One errand at a time.</summary>
    private async Task Send(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (errand is { } under && now - under.At < ErrandFor)
            return;
        if (errand is not null && ++unheard >= MostUnheard)
        {
            DeactivateOnIdle(); // Others reach another activation, and tell that one: this one would show for ever what was.
            return;
        }
        using var _ = CallerContext.ForSystem("look at failure domains");
        lastErrand = Math.Max(now.UtcTicks, lastErrand + 1); // Later than any of an activation before this one.
        errand = (lastErrand, now);
        var state = await Newest(now);
        var first = stored.State.Failing.Select(failure => graph.Find(failure.Node)?.Tenant).Concat(stored.State.Containments.Where(one => one.Holds && one.Owner != TenantKey.System).Select(one => one.Owner)).OfType<string>().Distinct(StringComparer.Ordinal).ToArray();
        await GrainFactory.GetGrain<IDomainWatchGrain>(TenantKey.System).Look(new DomainErrand(lastErrand,
            InTurn(), first, state is null ? [] : ContainmentRules.Unwritten(state), state is null ? [] : ContainmentRules.Acts(state, Options, now))
        {
            Never = Never(),
        });
    }

    /// <summary>Tenants that are looked at again and again: those in use, and those that something was wrong with.</summary>
    private IReadOnlyList<string> InTurn() => [.. Reports().SelectMany(report => report.Tenants).Concat(memory.Troubled).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>What is kept, read anew where something is to be done by it: an activation whose place another has taken does nothing by what it remembers. Null: it cannot be read.</summary>
    private async Task<ContainmentState?> Newest(DateTimeOffset now)
    {
        if (!isUnsure && ContainmentRules.Acts(stored.State, Options, now).Count == 0)
            return stored.State;
        try
        {
            await stored.ReadStateAsync();
            isUnsure = false;
            return stored.State;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogUnkept(failure.Message);
            return null;
        }
    }

    // After a failed write nobody knows what is kept.
    private async Task<ContainmentState> Known()
    {
        if (isUnsure)
            await stored.ReadStateAsync();
        isUnsure = false;
        return stored.State;
    }

    private async Task Keep(ContainmentState before, ContainmentState after)
    {
        if (ReferenceEquals(before, after))
            return;
        try
        {
            stored.State = after;
            await stored.WriteStateAsync();
            Told(after, before.LastChange);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            stored.State = before; // What is not kept is not done. The next look sees the same again.
            isUnsure = true;
            LogUnkept(failure.Message);
        }
    }

    private void Told(ContainmentState after, long since)
    {
        foreach (var change in after.History.Where(change => change.Number > since).Reverse())
        {
            DomainMeter.Changed(change.What);
            LogChanged(change.Node, change.What, change.Containment, change.By ?? "rules", change.Because);
        }
    }

    /// <summary>Some that nobody uses and that were not looked at yet, in turns: one that cannot be looked at keeps no other out.</summary>
    private IReadOnlyList<string> Never()
    {
        var left = memory.Tenants.Where(tenant => !memory.Ever.Contains(tenant)).ToArray();
        string[] turn = [.. left.Where(tenant => string.CompareOrdinal(tenant, neverAfter) > 0).Concat(left).Distinct(StringComparer.Ordinal).Take(Math.Max(1, Options.TenantsAtOnce / NewAmong))];
        neverAfter = turn.Length == 0 ? null : turn[^1];
        return turn;
    }

    private IReadOnlyList<ProcessReport> Reports()
    {
        var now = time.GetUtcNow();
        foreach (var gone in reports.Where(one => now - one.Value.At > MissedFor).Select(one => one.Key).ToList())
            reports.Remove(gone);
        // Of one name the newest counts: it has taken the place of the others.
        return [.. reports.Values.GroupBy(one => one.Report.Name, StringComparer.Ordinal).Select(same => same.MaxBy(one => one.At).Report).OrderBy(report => report.Name, StringComparer.Ordinal)];
    }

    private IReadOnlyList<string> Silent(DateTimeOffset now) =>
        [.. reports.Values.Where(one => one.Report.Role == ProcessRole.FrontEnd).GroupBy(one => one.Report.Name, StringComparer.Ordinal).Where(same => same.Max(one => one.At) is var at && now - at > SilentAfter).Select(same => same.Key)];

    [LoggerMessage(5152, LogLevel.Warning, "{Node}: {What} (containment {Containment}, by {By}): {Because}")]
    private partial void LogChanged(string node, string what, long containment, string by, string because);

    [LoggerMessage(5153, LogLevel.Warning, "What follows from failures could not be kept, and is not done before it is: {Reason}")]
    private partial void LogUnkept(string reason);
}
