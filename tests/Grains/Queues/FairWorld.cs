using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Tenants with backlogs around a ring, in virtual time; keeps what was served, and the longest that anybody stood aside.</summary>
internal sealed class FairWorld
{
    private const int MaxCost = 20;
    private readonly Random random;
    private readonly bool startsOver;
    private readonly Func<Random, int> costOf;
    private readonly Backlogged[] all;
    private FairRing ring = new();
    private long served;

    /// <param name="startsOver">The planted fault: the ring forgets its cursor at every call.</param>
    public FairWorld(int seed, int tenants, Func<int, int>? weight = null, Func<Random, int>? cost = null, bool startsOver = false)
    {
        (random, this.startsOver, costOf) = (new Random(seed), startsOver, cost ?? (_ => 1));
        all = [.. Enumerable.Range(0, tenants).Select(i => new Backlogged(TenantId.Parse($"t{i}"), weight?.Invoke(i) ?? 1))];
    }

    /// <summary>Fills backlogs; the first tenant is the noisy one.</summary>
    public void Backlog(Func<int, int> items, int noisy)
    {
        for (var i = 0; i < all.Length; i++)
            Arrive(all[i], i == 0 ? noisy : items(i));
    }

    /// <summary>Some tenants get a few items and leave again when these are done.</summary>
    public void Churn(int from, int most)
    {
        for (var i = random.Next(most); i > 0; i--)
            Arrive(all[from + random.Next(all.Length - from)], 1 + random.Next(5));
    }

    public void Serve(int items)
    {
        for (var left = items; left > 0;)
        {
            if (startsOver)
            {
                ring = new FairRing();
                foreach (var one in all.Where(one => one.Items > 0))
                    ring.Offer(new WorkOffer(one.Tenant, one.Items, one.NextCost, one.Weight));
            }
            var grants = ring.Grant(Math.Min(left, 1 + random.Next(32)));
            Assert.NotEmpty(grants);
            foreach (var grant in grants)
                left -= Leased(grant);
        }
    }

    public double Jain(Func<int, bool>? which = null)
    {
        var shares = all.Where((_, i) => which?.Invoke(i) ?? true).Select(one => (double)one.Served / one.Weight).ToList();
        return Math.Pow(shares.Sum(), 2) / (shares.Count * shares.Sum(share => share * share));
    }

    /// <summary>The most by which the cost served per weight differs between two tenants, all having work throughout.</summary>
    public double Lag() => all.Max(one => (double)one.Served / one.Weight) - all.Min(one => (double)one.Served / one.Weight);

    public IEnumerable<(double Share, double Due)> Shares() => all.Select(one => ((double)one.Served / served, (double)one.Weight / all.Sum(other => other.Weight)));

    /// <summary>That nobody who had work stood aside for longer than ceil(C / (Q w)) * sum(Q w) + sum(C - 1) of the others' cost. A call's grants stand together, so up to one call more is between two of them.</summary>
    public void AssertBounds()
    {
        foreach (var one in all)
        {
            var others = all.Where(other => other != one).ToList();
            var rounds = (MaxCost + one.Weight - 1) / one.Weight;
            var bound = rounds * others.Sum(other => other.Weight) + others.Count * (MaxCost - 1) + 32 * MaxCost;
            Assert.True(one.LongestAside <= bound, $"{one.Tenant} stood aside for {one.LongestAside} of a bound of {bound}");
            if (one.Items > 0)
                Assert.True(served - one.LastServed <= bound, $"{one.Tenant} stands aside since {served - one.LastServed} of a bound of {bound}");
        }
    }

    /// <summary>Waits of a tenant that sends an item now and then to one worker, alone or beside one that floods. A thousand of them, in the queue as it runs: FairQueueTests.</summary>
    public static (double P99, double LongestService) QuietWaits(int seed, bool noisy)
    {
        const double longest = 2.0;
        var random = new Random(seed);
        var (ring, quiet, flood) = (new FairRing(), TenantId.Parse("quiet"), TenantId.Parse("flood"));
        var (now, waits, arrivals) = (0.0, new List<double>(), new Queue<double>());
        var next = random.NextDouble() * 20;
        if (noisy)
            ring.Offer(new WorkOffer(flood, 256, 1, 1));
        while (waits.Count < 2_000)
        {
            if (!noisy && arrivals.Count == 0)
                now = Math.Max(now, next);
            for (; next <= now; next += random.NextDouble() * 20)
            {
                arrivals.Enqueue(next);
                ring.Offer(new WorkOffer(quiet, arrivals.Count, 1, 1));
            }
            var grant = ring.Grant(1).Single();
            if (grant.Tenant == quiet)
                waits.Add(now - arrivals.Dequeue());
            var (left, service) = (grant.Tenant == quiet ? arrivals.Count : 256, 1 + random.NextDouble() * (longest - 1));
            ring.Settle(new GrantOutcome(grant, 1, 1, left, 1, 1));
            now += service;
        }
        return (waits.Order().ElementAt((int)(waits.Count * 0.99)), longest);
    }

    private void Arrive(Backlogged one, int items)
    {
        if (items == 0)
            return;
        if (one.Items == 0)
            (one.LastServed, one.NextCost) = (served, costOf(random));
        one.Items += items;
        ring.Offer(new WorkOffer(one.Tenant, Math.Min(one.Items, QueueOutlook.Counted), one.NextCost, one.Weight));
    }

    private int Leased(WorkGrant grant)
    {
        var one = all.Single(other => other.Tenant == grant.Tenant);
        var (items, cost) = (0, 0);
        while (items < grant.Items && one.Items > 0 && cost + one.NextCost <= grant.Cost)
        {
            one.LongestAside = Math.Max(one.LongestAside, served - one.LastServed);
            (items, cost) = (items + 1, cost + one.NextCost);
            served += one.NextCost;
            one.Served += one.NextCost;
            one.Items--;
            (one.LastServed, one.NextCost) = (served, costOf(random));
        }
        ring.Settle(new GrantOutcome(grant, items, cost, Math.Min(one.Items, QueueOutlook.Counted), one.Items == 0 ? 0 : one.NextCost, one.Weight));
        return Math.Max(items, 1);
    }

    private sealed class Backlogged(TenantId tenant, int weight)
    {
        public TenantId Tenant => tenant;

        public int Weight => weight;

        public int Items { get; set; }

        public int NextCost { get; set; } = 1;

        public long Served { get; set; }

        public long LastServed { get; set; }

        public long LongestAside { get; set; }
    }
}
