using System.Globalization;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Queues;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Asks silos, breakers, levels, queues and pipelines how they are. Each is asked by itself: what does not answer is named, and what is known of it stays.</summary>
internal sealed class DomainLook(IGrainFactory grains, ContainmentOptions options, DegradationOptions degradation, ILogStore log, TimeProvider time)
{
    /// <summary>Of one owner; more are not in the graph.</summary>
    private const int MostBreakers = 100, MostPipelines = 200, MostQueues = 100;

    /// <summary>How long a silo that ended is shown as a failure: afterwards it is taken for one that nobody misses.</summary>
    private static readonly TimeSpan MissedFor = TimeSpan.FromMinutes(10);

    /// <summary>How long a breaker that is half-open is shown as a failure: a minute. Who calls has had his probes back by then.</summary>
    private static readonly TimeSpan TriedOutFor = TimeSpan.FromMinutes(1);

    /// <summary>How long the store of the log is waited for, and what is only shown.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Queues of a tenant of which is asked when they gave something up last: those that gave up most.</summary>
    private const int MostQueuesAsked = 3;

    private readonly QueueCounts counted = new();
    private readonly RefusalCounts refused = new();

    /// <param name="working">Is told of tenants that have work, which are not all in use.</param>
    public async Task<DomainSight> Around(IReadOnlyList<TenantId> chosen, HashSet<string> working, List<string> unseen)
    {
        using var _ = CallerContext.ForSystem("look at failure domains");
        var tenants = Asked(async () => (IReadOnlyList<string>)[.. (await grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).List()).Select(tenant => tenant.Value)], "the list of tenants", unseen);
        var silos = Asked(Silos, "the silos", unseen);
        var noisy = Asked(() => Noisy(working, chosen), "the shares of work", unseen);
        var system = Asked(() => System(unseen), "the installation", unseen);
        await Task.WhenAll(tenants, silos, noisy, system);
        var shares = await noisy ?? new Dictionary<string, string>();
        var looked = await Task.WhenAll(chosen.Select(tenant => Asked(() => Tenant(tenant, shares.GetValueOrDefault(tenant.Value), unseen), tenant.Value, unseen)));
        if (await tenants is { } there)
        {
            counted.Keep(there);
            refused.Keep(there);
        }
        return new DomainSight(0, await tenants, await silos, await system, [.. looked.OfType<OwnerSight>()], [], 0, unseen);
    }

    private async Task<IReadOnlyList<SiloSight>?> Silos()
    {
        var now = time.GetUtcNow();
        var view = await grains.GetGrain<ISilosGrain>(TenantKey.System).View();
        return [.. view.Silos.Where(silo => silo.Status != "dead" || now - (silo.SeenAt ?? silo.StartedAt) < MissedFor).OrderBy(silo => silo.Name, StringComparer.Ordinal).Select(silo => new SiloSight(silo.Name, silo switch
        {
            { Status: "dead" } => "it is gone",
            { Status: "active", Load: null } => "it does not answer",
            { Load.IsOverloaded: true } => "it refuses work because it has too much",
            _ => null,
        }))];
    }

    private async Task<IReadOnlyDictionary<string, string>?> Noisy(HashSet<string> working, IReadOnlyList<TenantId> chosen)
    {
        var (work, runs) = (grains.GetGrain<IWorkDispatcherGrain>(WorkLimits.OwnDispatcher).View(), grains.GetGrain<IWorkDispatcherGrain>(WorkLimits.RunsDispatcher).View());
        working.UnionWith((await work).Tenants.Concat((await runs).Tenants).Select(share => share.Tenant).Except(chosen).Select(tenant => tenant.Value));
        return DomainEvidence.Noisy(await work, await runs);
    }

    private async Task<OwnerSight?> System(List<string> unseen)
    {
        var level = grains.GetGrain<IDegradationGrain>(TenantKey.System).View();
        var breakers = Breakers(TenantId.Parse(TenantKey.System));
        var store = Store();
        var book = Asked<LimitBookView>(async () => await grains.GetGrain<ILimitBookGrain>(TenantKey.System).View().WaitAsync(Patience, time), "limits of the installation", unseen);
        await Task.WhenAll(level, breakers, store, book);
        return new OwnerSight(TenantKey.System, null, [], [], Sights(await breakers), [.. Dependencies(await level), new PartSight(DomainEvidence.LogStore, await store)], Signals(await level))
        {
            Troubles = [.. await book is { } limits ? TroubleRules.Of(limits) : [], .. TroubleRules.Of(await breakers), .. TroubleRules.Of(await level)],
        };
    }

    private async Task<OwnerSight?> Tenant(TenantId tenant, string? noisy, List<string> unseen)
    {
        var level = grains.GetGrain<IDegradationGrain>(TenantKey.Of(tenant)).View();
        var breakers = Breakers(tenant);
        var queues = grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant)).View();
        var pipelines = grains.Pipelines(tenant);
        // What contains failures does not wait long for what is only shown.
        var book = Asked<LimitBookView>(async () => await grains.GetGrain<ILimitBookGrain>(TenantKey.Of(tenant)).View().WaitAsync(Patience, time), $"limits of {tenant}", unseen);
        var policies = Asked<PoliciesView>(async () => await grains.GetGrain<IPolicyGrain>(TenantKey.Of(tenant)).View().WaitAsync(Patience, time), $"bulkheads of {tenant}", unseen);
        await Task.WhenAll(level, breakers, queues, pipelines, book, policies);
        var newest = await Asked<IReadOnlyDictionary<string, DateTimeOffset>>(async () => await Newest(tenant, await queues).WaitAsync(Patience, time), $"dead work of {tenant}", unseen) ?? new Dictionary<string, DateTimeOffset>();
        var seen = (await pipelines).OrderBy(pipeline => pipeline.Name, StringComparer.Ordinal).Take(MostPipelines).Select(pipeline => new PipelineSight(pipeline.Name, [.. pipeline.Sources.Select(source => new SourceSight(source.Type, source.Breaker)).Distinct()])).ToArray();
        return new OwnerSight(tenant.Value, noisy, seen, [.. counted.Since(tenant.Value, [.. (await queues).Where(queue => queue.Queue.Length > 0).OrderBy(queue => queue.Queue, StringComparer.Ordinal).Take(MostQueues)]).Select(since => Queue(since.Queue, since.Done, since.GivenUp))],
            Sights(await breakers), Dependencies(await level), Signals(await level))
        {
            Troubles =
            [
                .. await book is { } limits ? TroubleRules.Of(limits) : [], .. TroubleRules.Of(await breakers), .. await policies is { } bulkheads ? refused.Since(bulkheads, time.GetUtcNow()) : [],
                .. TroubleRules.Of(await queues, newest), .. TroubleRules.Of(await level),
            ],
        };
    }

    /// <summary>When queues gave something up last.</summary>
    private async Task<IReadOnlyDictionary<string, DateTimeOffset>?> Newest(TenantId tenant, IReadOnlyList<QueueView> queues)
    {
        var dead = grains.GetGrain<IDeadLetterGrain>(TenantKey.Of(tenant));
        var newest = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var queue in TroubleRules.WithDead(queues).Take(MostQueuesAsked))
            if ((await dead.List(new WorkQuery(queue.Queue, Limit: 1))).Items is [var item, ..])
                newest[queue.Queue] = item.ChangedAt;
        return newest;
    }

    private async Task<IReadOnlyList<BreakerView>> Breakers(TenantId owner)
    {
        var names = await grains.GetGrain<IBreakerDirectoryGrain>(TenantKey.Of(owner)).List();
        return await Task.WhenAll(names.Take(MostBreakers).Select(name => grains.GetGrain<ICircuitBreakerGrain>(TenantKey.Of(owner, name)).View()));
    }

    private IReadOnlyList<BreakerSight> Sights(IReadOnlyList<BreakerView> views) =>
        [.. views.Select(view => new BreakerSight(view.Dependency, Trouble(view), view.Hold == BreakerHold.Isolated, [.. view.Processes.Select(process => new ProcessCalls(process.Name, process.Calls))]))];

    private string? Trouble(BreakerView view) => (view.Hold, view.Phase) switch
    {
        (BreakerHold.Isolated, _) => ContainmentHands.IsOurs(view.HeldBy) ? null : $"it is isolated: {view.HeldBecause}",
        (_, BreakerPhase.Open) => $"its breaker is open: {view.Because}",
        // It opened and is tried out: not well yet. Where nobody calls it stays so, and nobody knows: that is no failure.
        (_, BreakerPhase.HalfOpen) when view.Trips > 0 && view.Since + TriedOutFor > time.GetUtcNow() => "its breaker is half-open: it failed until a moment ago, and is tried out",
        _ => null,
    };

    private PartSight Queue(QueueView queue, long done, long dead)
    {
        var waits = queue.OldestDueAt is { } due ? time.GetUtcNow() - due : TimeSpan.Zero;
        return new PartSight(queue.Queue, queue.HeldBecause is not null ? null // Whoever holds it knows.
            : dead >= options.QueueGivesUp && dead > done ? string.Create(CultureInfo.InvariantCulture, $"it gave up {dead} items since the last look, and ended {done} well")
            : waits >= options.QueueWaitsFor && done + dead == 0 && queue.Leased == 0 ? string.Create(CultureInfo.InvariantCulture, $"nobody works on it: its oldest item has waited {waits.TotalMinutes:0} min")
            : null);
    }

    private async Task<string?> Store()
    {
        try
        {
            await log.Head(TenantId.Parse(options.AuditedIn), CancellationToken.None).WaitAsync(Patience, time);
            return null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return failure is TimeoutException ? "it does not answer" : $"it fails: {failure.Message}";
        }
    }

    // What the level reads and is no signal of its own is a dependency that fails.
    private static IReadOnlyList<PartSight> Dependencies(DegradationView view) =>
        [.. view.Readings.Where(reading => !Enum.TryParse<HealthSignal>(reading.What, out _)).Select(reading => new PartSight(reading.What, reading.Said))];

    private IReadOnlyList<SignalSight> Signals(DegradationView view) =>
    [
        .. from active in view.Rules
           where active.HealingSince is null
           from rule in degradation.Rules
           where rule.Name == active.Name && (rule.Signal == HealthSignal.QueueAge || (rule.Signal == HealthSignal.Disk && rule.Enter >= 2))
           select new SignalSight(rule.Signal!.Value, active.Because),
    ];

    private static async Task<T?> Asked<T>(Func<Task<T?>> ask, string what, List<string> unseen) where T : class
    {
        try
        {
            return await ask();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            unseen.Add($"{what}: {failure.Message}");
            return null;
        }
    }
}
