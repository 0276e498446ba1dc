namespace Sophia.Resilience;

/// <summary>Who is exchanged next where places are fewer than keys that are due. Pure; moments are timestamps.</summary>
/// <remarks>Tenants take turns, so that one whose keys are many holds up nobody else's. Of each tenant what is urgent comes first, and what is late by a whole exchange is urgent, too: else keys that are new all the time would let the copies of those before them grow old.</remarks>
internal static class ReplicaTurns
{
    /// <param name="hurriedEvery">As <see cref="ReplicaOptions.HurriedEvery"/>.</param>
    /// <param name="exchangeEvery">As <see cref="ReplicaOptions.ExchangeEvery"/>.</param>
    public static IEnumerable<Replica> Order(IEnumerable<Replica> due, long now, long hurriedEvery, long exchangeEvery) => due
        .Select(replica => (Replica: replica, DueAt: replica.IsHurried ? Math.Min(replica.NextAt, replica.StartedAt + hurriedEvery) : replica.NextAt, MayWait: !replica.IsHurried && now - replica.NextAt < exchangeEvery))
        .GroupBy(static one => one.Replica.Tenant)
        // In an order that is the same each time.
        .SelectMany(static tenant => tenant.OrderBy(static one => one.MayWait).ThenBy(static one => one.DueAt).ThenBy(static one => one.Replica.Kind, StringComparer.Ordinal).ThenBy(static one => one.Replica.Key, StringComparer.Ordinal)
            .Select(static (one, turn) => (one.Replica, one.DueAt, one.MayWait, Turn: turn)))
        .OrderBy(static one => one.Turn).ThenBy(static one => one.MayWait).ThenBy(static one => one.DueAt).ThenBy(static one => one.Replica.Kind, StringComparer.Ordinal).ThenBy(static one => one.Replica.Key, StringComparer.Ordinal)
        .Select(static one => one.Replica);
}
