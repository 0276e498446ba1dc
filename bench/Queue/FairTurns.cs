using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Whose items were begun, one after the other, of tenants that have work throughout, with their weights; every item costs 1 and the quantum is 1.</summary>
/// <param name="places">Items in hand at a time.</param>
internal sealed class FairTurns(IReadOnlyDictionary<TenantId, int> weights, int places)
{
    private readonly Dictionary<TenantId, (int Served, long Last)> tenants = weights.Keys.ToDictionary(tenant => tenant, _ => (0, 0L));
    private readonly int all = weights.Values.Sum();
    private long begun;
    private int guests;
    private double longest;

    /// <summary>Items of those that have work throughout.</summary>
    public int Served { get; private set; }

    /// <summary>Somebody else joins, with so much weight.</summary>
    public void Comes(int weight) => guests += weight;

    public void Begun(TenantId tenant)
    {
        begun++;
        if (!tenants.TryGetValue(tenant, out var so))
            return;
        Stood(tenant, begun - 1 - so.Last);
        tenants[tenant] = (so.Served + 1, begun);
        Served++;
    }

    /// <summary>(Σ s)² / (n Σ s²) of what each was served per weight: 1 where all are alike, 1/n where one has everything.</summary>
    public double Jain()
    {
        var shares = tenants.Select(one => (double)one.Value.Served / weights[one.Key]).ToList();
        return Math.Pow(shares.Sum(), 2) / (shares.Count * shares.Sum(share => share * share));
    }

    /// <summary>The furthest that a share is from its weight's, in parts of that.</summary>
    public double Off() => tenants.Max(one => Math.Abs(((double)one.Value.Served / Served / ((double)weights[one.Key] / all)) - 1));

    /// <summary>The longest that one stood aside, until it was served or until now, in parts of the bound.</summary>
    public double Aside()
    {
        foreach (var (tenant, so) in tenants)
            Stood(tenant, begun - so.Last);
        return longest;
    }

    // Between two grants others are granted sum(w) over them at most, and what one answer grants on top; items begin in another order than they are granted, as many apart as are in hand.
    private void Stood(TenantId tenant, long others) => longest = Math.Max(longest, (double)others / (all - weights[tenant] + guests + (3 * places)));
}
