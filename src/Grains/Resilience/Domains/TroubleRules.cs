using System.Globalization;
using Sophia.Queues;

namespace Sophia.Resilience;

/// <summary>What is to be looked at of a tenant, and how operators are shown it. Pure.</summary>
internal static class TroubleRules
{
    /// <summary>Of one kind and one owner, the newest or the most.</summary>
    private const int MostOfOwner = 20;

    public static IEnumerable<TroubleSight> Of(LimitBookView book) => book.Offenders.Where(one => one.Until is not null).Take(MostOfOwner).Select(one => new TroubleSight(one.IsBanned ? TroubleKind.Banned : TroubleKind.Waits, one.Of,
        string.Create(CultureInfo.InvariantCulture, $"the limit \"{one.Limit}\" refused it, and it asked on{(one.Bans > 1 ? $"; its ban {one.Bans}" : "")}"), one.LastAt, one.Until, 1));

    public static IEnumerable<TroubleSight> Of(IReadOnlyList<BreakerView> breakers) => breakers
        .Select(view => view switch
        {
            { Hold: BreakerHold.Isolated } => new TroubleSight(TroubleKind.BreakerOpen, view.Dependency, $"isolated by {view.HeldBy}: {view.HeldBecause}", view.HeldAt, null, 1),
            { Hold: BreakerHold.None, IsMetricsOnly: false, Phase: BreakerPhase.Open } or { Hold: BreakerHold.None, IsMetricsOnly: false, Phase: BreakerPhase.HalfOpen, Trips: > 0 } => new TroubleSight(TroubleKind.BreakerOpen, view.Dependency, view.Because ?? "it opened", view.Since, view.Until, 1),
            _ => null,
        }).OfType<TroubleSight>().OrderByDescending(one => one.Since).Take(MostOfOwner);

    public static IEnumerable<TroubleSight> Of(DegradationView level) => level.Hold is not { } hold ? []
        : [new TroubleSight(TroubleKind.LevelHeld, "", $"held at {level.Hold.Level.ToString().ToLowerInvariant()} by {hold.By}: {hold.Because}", hold.At, hold.Until, 1)];

    /// <param name="newest">When the newest item of a queue was given up, by queue.</param>
    public static IEnumerable<TroubleSight> Of(IReadOnlyList<QueueView> queues, IReadOnlyDictionary<string, DateTimeOffset> newest) =>
    [
        .. queues.Where(queue => queue.HeldBecause is not null).OrderByDescending(queue => queue.HeldAt).Take(MostOfOwner)
            .Select(queue => new TroubleSight(TroubleKind.QueueHeld, queue.Queue, $"held by {queue.HeldBy}: {queue.HeldBecause}", queue.HeldAt, null, 1)),
        .. WithDead(queues).Take(MostOfOwner).Select(queue => new TroubleSight(TroubleKind.DeadWork, queue.Queue,
            string.Create(CultureInfo.InvariantCulture, $"{queue.Dead:N0} given up, {queue.Quarantined:N0} quarantined"), newest.TryGetValue(queue.Queue, out var at) ? at : null, null, queue.Dead + queue.Quarantined)),
    ];

    /// <summary>Those with dead work, the most first.</summary>
    public static IEnumerable<QueueView> WithDead(IReadOnlyList<QueueView> queues) => queues.Where(queue => queue.Queue.Length > 0 && queue.Dead + queue.Quarantined > 0).OrderByDescending(queue => queue.Dead + queue.Quarantined).ThenBy(queue => queue.Queue, StringComparer.Ordinal);

    /// <param name="inTurn">Tenants that are looked at in turns.</param>
    public static TroublesView View(DomainMemory memory, DateTimeOffset? lookedAt, int inTurn, ContainmentOptions options)
    {
        var lines = memory.Owners.Values.Select(owner => (Owner: owner, At: memory.LookedAt[owner.Owner]))
            .Concat(memory.System is { } system && lookedAt is { } at ? [(system, at)] : [])
            .SelectMany(seen => (seen.Owner.Troubles ?? []).Select(what => new TroubleLine(seen.Owner.Owner, what, seen.At)))
            .GroupBy(line => line.What.Kind).OrderBy(same => same.Key)
            .Select(same => same.OrderByDescending(line => line.What.Since ?? DateTimeOffset.MinValue).ThenByDescending(line => line.What.Count).ThenBy(line => line.Owner, StringComparer.Ordinal).ThenBy(line => line.What.Name, StringComparer.Ordinal).ToArray()).ToArray();
        return new TroublesView(lookedAt, memory.Owners.Count, memory.Tenants.Count(tenant => !memory.Ever.Contains(tenant)), Math.Max(1, Math.Ceiling(inTurn / (double)options.TenantsAtOnce)) * options.LookEvery.TotalSeconds,
            [.. lines.SelectMany(same => same.Take(TroublesView.MostOfKind))], lines.Sum(same => Math.Max(0, same.Length - TroublesView.MostOfKind)));
    }
}

/// <summary>What bulkheads had refused at the last look, so that the next one tells what came since. For the watch.</summary>
internal sealed class RefusalCounts
{
    private readonly Dictionary<string, Dictionary<string, (long Total, long New, DateTimeOffset At)>> counted = new(StringComparer.Ordinal);

    /// <summary>Refusals of a tenant that a look within <see cref="TroublesView.RefusedFor"/> found new. What was refused before the first look counts as old.</summary>
    public IReadOnlyList<TroubleSight> Since(PoliciesView view, DateTimeOffset now)
    {
        var before = counted.GetValueOrDefault(view.Owner);
        var after = new Dictionary<string, (long Total, long New, DateTimeOffset At)>(StringComparer.Ordinal);
        foreach (var bulkhead in view.Bulkheads)
        {
            var total = bulkhead.Processes.Sum(one => one.Seen.Full + one.Seen.Late);
            var known = before?.GetValueOrDefault(bulkhead.Kind) ?? default;
            after[bulkhead.Kind] = before is not null && total > known.Total ? (total, total - known.Total, now) : (total, known.New, known.At);
        }
        counted[view.Owner] = after;
        return [.. after.Where(one => one.Value.New > 0 && now - one.Value.At <= TroublesView.RefusedFor).OrderByDescending(one => one.Value.At)
            .Select(one => new TroubleSight(TroubleKind.Refused, one.Key, string.Create(CultureInfo.InvariantCulture, $"{one.Value.New:N0} calls of the kind {one.Key} refused since the look before: as many were under way and waited as may"), one.Value.At, null, one.Value.New))];
    }

    /// <param name="tenants">All that there are.</param>
    public void Keep(IReadOnlyCollection<string> tenants)
    {
        foreach (var gone in counted.Keys.Except(tenants, StringComparer.Ordinal).ToList())
            counted.Remove(gone);
    }
}
