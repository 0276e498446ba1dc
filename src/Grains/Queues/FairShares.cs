using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>What each tenant that has work has of it, and is due. Pure.</summary>
internal static class FairShares
{
    /// <summary>Of each tenant that is in the ring, in workers' hands or was worked for of late. One that left the ring counts with weight 1.</summary>
    /// <param name="ring">Who offers work, with its weight.</param>
    /// <param name="hands">Items that workers have.</param>
    /// <param name="busy">Time spent in the window.</param>
    /// <param name="least">Items in hand below which nobody is noisy by their number.</param>
    public static IReadOnlyList<TenantShare> Of(IEnumerable<(TenantId Tenant, int Weight, int Ready, int Outstanding)> ring, IReadOnlyDictionary<TenantId, int> hands, IReadOnlyDictionary<TenantId, TimeSpan> busy, int least)
    {
        var known = ring.ToDictionary(one => one.Tenant);
        var tenants = known.Keys.Concat(hands.Keys).Concat(busy.Keys).Distinct().ToList();
        var (allHands, allBusy, allWeights) = (hands.Values.Sum(), TimeSpan.FromTicks(busy.Values.Sum(one => one.Ticks)), tenants.Sum(Weight));
        return [.. tenants.Select(tenant => new TenantShare(tenant, Weight(tenant), known.TryGetValue(tenant, out var place) ? place.Ready : 0, hands.GetValueOrDefault(tenant), busy.GetValueOrDefault(tenant),
            NoiseRules.IsNoisy(hands.GetValueOrDefault(tenant), allHands, busy.GetValueOrDefault(tenant), allBusy, Weight(tenant) / (double)allWeights, least)))];

        int Weight(TenantId tenant) => known.TryGetValue(tenant, out var place) ? place.Weight : 1;
    }
}
