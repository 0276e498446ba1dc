using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Does and undoes what was decided, on the breakers, queues and levels themselves.</summary>
/// <remarks>
/// Each thing that is held says by whom: a containment holds under its own name, does nothing where a person holds already, and lets go only of what it holds itself. So doing or undoing it again changes nothing.
/// This is the whole of what containment can do: nothing here stops what comes in, the audit, or sign-in.
/// </remarks>
internal sealed class ContainmentHands(IGrainFactory grains, TenantId auditedIn)
{
    private const string Mark = "containment ";

    /// <summary>Characters of a reason that every one of them takes.</summary>
    private const int LongestReason = 200;

    public async Task<ContainmentOutcome> Do(ContainmentAct act)
    {
        try
        {
            var note = act.Kind switch
            {
                ContainmentActKind.Apply => await Apply(act),
                ContainmentActKind.Lift => await Lift(act),
                _ => await Holder(act) is { } holder && holder == By(act.Containment) ? null : "somebody else ended it",
            };
            return new ContainmentOutcome(act.Containment, act.Kind, Done: true, InPlace: act.Kind != ContainmentActKind.Lift && note is null, note);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return new ContainmentOutcome(act.Containment, act.Kind, Done: false, InPlace: false, $"it could not be done yet: {failure.Message}");
        }
    }

    public static string By(long containment) => $"{Mark}{containment}";

    /// <summary>Whether a hold is one of containments', so that another of them may take it over.</summary>
    public static bool IsOurs(string? holder) => holder?.StartsWith(Mark, StringComparison.Ordinal) == true;

    /// <returns>Why it does not hold; null: it does.</returns>
    private async Task<string?> Apply(ContainmentAct act)
    {
        if (await Holder(act) is { } holder && !IsOurs(holder))
            return $"{holder} holds it already";
        var (by, because, owner) = (By(act.Containment), Short(act.Because), TenantId.Parse(act.Owner));
        switch (act.Strategy)
        {
            case ContainmentStrategy.OpenBreaker or ContainmentStrategy.Reroute:
                await Breaker(act).Set(BreakerHold.Isolated, by, because, Audit(owner));
                return null;
            case ContainmentStrategy.QuarantineQueue:
                await Hold(act.Name);
                return null;
            case ContainmentStrategy.Shed:
                await Level(act).Hold(DegradationLevel.Minimal, by, because, Lasts(act.For), Audit(owner));
                return null;
            default:
                await Level(act).Hold(DegradationLevel.Emergency, by, because, Lasts(act.For), Audit(owner));
                await Hold(null);
                return null;
        }

        async Task Hold(string? queue)
        {
            if (await QueueHolder(act, queue ?? "") != by)
                await Queues(act).Hold(queue, because, by);
        }
    }

    /// <returns>What else is to be known.</returns>
    private async Task<string?> Lift(ContainmentAct act)
    {
        var (by, because, owner) = (By(act.Containment), Short(act.Because), TenantId.Parse(act.Owner));
        switch (act.Strategy)
        {
            case ContainmentStrategy.OpenBreaker or ContainmentStrategy.Reroute:
                if (await Holder(act) == by)
                    await Breaker(act).Set(BreakerHold.None, by, because, Audit(owner));
                return null;
            case ContainmentStrategy.QuarantineQueue:
                if (await QueueHolder(act, act.Name) == by)
                    await Queues(act).LetGo(act.Name, because, by);
                return null;
            case ContainmentStrategy.IsolateTenant:
                if (await QueueHolder(act, "") == by)
                    await Queues(act).LetGo(null, because, by);
                goto default;
            default:
                if (await LevelHolder(act) == by)
                    await Level(act).Release(by, because, Audit(owner));
                return null;
        }
    }

    /// <summary>Who holds what the act is about; null: nobody.</summary>
    private Task<string?> Holder(ContainmentAct act) => act.Strategy switch
    {
        ContainmentStrategy.OpenBreaker or ContainmentStrategy.Reroute => BreakerHolder(act),
        ContainmentStrategy.QuarantineQueue => QueueHolder(act, act.Name),
        _ => LevelHolder(act),
    };

    private async Task<string?> BreakerHolder(ContainmentAct act) => (await Breaker(act).View()) is { Hold: not BreakerHold.None } view ? view.HeldBy ?? "somebody" : null;

    private async Task<string?> LevelHolder(ContainmentAct act) => (await Level(act).View()).Hold?.By;

    private async Task<string?> QueueHolder(ContainmentAct act, string queue) =>
        (await Queues(act).View()).FirstOrDefault(view => view.Queue == queue) is { HeldBecause: not null } view ? view.HeldBy ?? "somebody" : null;

    private ICircuitBreakerGrain Breaker(ContainmentAct act) => grains.GetGrain<ICircuitBreakerGrain>(TenantKey.Of(TenantId.Parse(act.Owner), act.Name));

    private IWorkQueueGrain Queues(ContainmentAct act) => grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(TenantId.Parse(act.Owner)));

    private IDegradationGrain Level(ContainmentAct act) => grains.GetGrain<IDegradationGrain>(TenantKey.Of(TenantId.Parse(act.Owner)));

    private TenantId Audit(TenantId owner) => owner.Value == TenantKey.System ? auditedIn : owner;

    private static TimeSpan Lasts(TimeSpan time) => time < TimeSpan.FromMinutes(1) ? TimeSpan.FromMinutes(1) : time > TimeSpan.FromDays(30) ? TimeSpan.FromDays(30) : time;

    private static string Short(string because) => ContainmentRules.Short(because, LongestReason);
}
