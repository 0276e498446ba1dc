using Sophia.Tenants;

namespace Sophia.Queues;

// Deficit round robin. Tenants that have ready work stand in a ring. A visit adds quantum x weight to a tenant's deficit, and items are granted while the next one's
// cost fits; then the cursor goes on. What a lease did not use of its grant comes back to the deficit, so what counts is what was leased.
//
// Three things that are easily done wrong, and starve somebody: the cursor is a place in the ring and no number, so that who joins or leaves does not move it past anybody;
// where the places run out within a visit, the next call goes on with the rest of the same deficit and adds no quantum; and who comes back after leaving
// stands at the end of the round with nothing saved, so that leaving wins nothing.
//
// Bound: between two grants to tenant i, with work of cost C at most, the others are granted at most ceil(C / (Q w_i)) * sum(Q w_j) + sum(C - 1) over those that
// stood in the ring, because i needs that many visits, each other one is visited at most once between two of them, and brings less than C from before.

/// <summary>Chooses whose work is granted next. Pure: no clock, no chance.</summary>
internal sealed class FairRing(int quantum = 1)
{
    private readonly LinkedList<Entry> ring = new();
    private readonly Dictionary<TenantId, LinkedListNode<Entry>> places = [];
    private LinkedListNode<Entry>? cursor;
    private bool visiting;
    private long lastGrant;

    /// <summary>Items granted since it began.</summary>
    public long Granted { get; private set; }

    public IEnumerable<(TenantId Tenant, int Weight, int Ready, int Outstanding)> Tenants => ring.Select(entry => (entry.Tenant, entry.Weight, entry.Ready, entry.Outstanding));

    /// <summary>Whether anything could be granted.</summary>
    public bool HasReady => ring.Any(entry => entry.Ready > 0);

    public void Offer(WorkOffer offer)
    {
        if (offer.Ready <= 0)
            return;
        var entry = Known(offer.Tenant).Value;
        (entry.Ready, entry.NextCost, entry.Weight) = (Math.Max(entry.Ready, offer.Ready), Cost(offer.NextCost), Weight(offer.Weight));
        entry.OfferedSince = true;
    }

    /// <summary>Grants of so many items at most, each tenant's together.</summary>
    public IReadOnlyList<WorkGrant> Grant(int items)
    {
        var granted = new Dictionary<TenantId, (int Items, int Cost)>();
        var order = new List<TenantId>();
        for (var fruitless = 0; items > 0 && cursor is not null;)
        {
            var entry = cursor.Value;
            if (entry.Ready > 0 && !visiting)
                entry.Deficit += (long)quantum * entry.Weight;
            visiting = true;
            if (entry.Ready == 0 || entry.Deficit < entry.NextCost)
            {
                GoOn();
                if (++fruitless < ring.Count)
                    continue;
                if (!SkipRounds())
                    break;
                fruitless = 0;
                continue;
            }
            fruitless = 0;
            (items, entry.Ready, entry.Deficit) = (items - 1, entry.Ready - 1, entry.Deficit - entry.NextCost);
            if (!granted.TryGetValue(entry.Tenant, out var so))
                order.Add(entry.Tenant);
            granted[entry.Tenant] = (so.Items + 1, so.Cost + entry.NextCost);
        }
        return [.. order.Select(tenant => Recorded(tenant, granted[tenant]))];
    }

    /// <summary>What became of a grant; of a lost one, nothing.</summary>
    public void Settle(GrantOutcome outcome)
    {
        if (!places.TryGetValue(outcome.Grant.Tenant, out var place))
        {
            if (outcome.Left > 0)
                Offer(new WorkOffer(outcome.Grant.Tenant, outcome.Left, outcome.NextCost, outcome.Weight));
            return;
        }
        var entry = place.Value;
        entry.Outstanding = Math.Max(0, entry.Outstanding - 1);
        entry.Deficit = Math.Min(entry.Deficit + Math.Max(0, outcome.Grant.Cost - outcome.Cost), WorkLimits.MaxCost);
        if (outcome.Left > 0)
            (entry.Ready, entry.NextCost, entry.Weight) = (outcome.Left, Cost(outcome.NextCost), Weight(outcome.Weight));
        else if (entry is { OfferedSince: false })
        {
            entry.Ready = 0;
            if (entry.Outstanding == 0)
                Leave(place);
        }
    }

    /// <summary>A tenant that has nothing to do any more, or never will.</summary>
    public void Leave(TenantId tenant)
    {
        if (places.TryGetValue(tenant, out var place))
            Leave(place);
    }

    private WorkGrant Recorded(TenantId tenant, (int Items, int Cost) so)
    {
        var entry = places[tenant].Value;
        entry.Outstanding++;
        entry.OfferedSince = false;
        Granted += so.Items;
        return new WorkGrant(++lastGrant, tenant, so.Items, so.Cost);
    }

    private LinkedListNode<Entry> Known(TenantId tenant)
    {
        if (places.TryGetValue(tenant, out var known))
            return known;
        var entry = new Entry(tenant);
        // The end of the round is the place before the cursor.
        var place = cursor is null ? ring.AddLast(entry) : ring.AddBefore(cursor, entry);
        cursor ??= place;
        return places[tenant] = place;
    }

    private void Leave(LinkedListNode<Entry> place)
    {
        if (place == cursor)
            GoOn();
        if (place == cursor)
            cursor = null;
        ring.Remove(place);
        places.Remove(place.Value.Tenant);
    }

    private void GoOn()
    {
        cursor = cursor!.Next ?? ring.First;
        visiting = false;
    }

    /// <summary>After a round in which nobody could afford the next item: adds the rounds at once that would pass until somebody can, but one.</summary>
    private bool SkipRounds()
    {
        var rounds = long.MaxValue;
        foreach (var entry in ring)
            if (entry.Ready > 0)
                rounds = Math.Min(rounds, (entry.NextCost - entry.Deficit + (long)quantum * entry.Weight - 1) / ((long)quantum * entry.Weight));
        if (rounds == long.MaxValue)
            return false;
        foreach (var entry in ring)
            if (entry.Ready > 0)
                entry.Deficit += Math.Max(0, rounds - 1) * quantum * entry.Weight;
        return true;
    }

    private static int Cost(int cost) => Math.Clamp(cost, 1, WorkLimits.MaxCost);

    private static int Weight(int weight) => Math.Clamp(weight, 1, WorkLimits.MaxWeight);

    private sealed class Entry(TenantId tenant)
    {
        public TenantId Tenant => tenant;

        public int Weight { get; set; } = 1;

        public int Ready { get; set; }

        public int NextCost { get; set; } = 1;

        public long Deficit { get; set; }

        /// <summary>Grants of which nobody said yet what they came to.</summary>
        public int Outstanding { get; set; }

        /// <summary>Whether it offered work after its last grant: then that grant's outcome does not say that there is none.</summary>
        public bool OfferedSince { get; set; }
    }
}
