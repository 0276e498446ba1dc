using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>What a simulation knows of every item, and what must hold of it at every moment.</summary>
internal sealed class QueueLedger(int seed, TimeProvider time, IQueueStore store)
{
    private readonly Dictionary<(TenantId, long), Known> items = [];
    private readonly HashSet<(TenantId, LeaseToken)> leases = [];
    private readonly HashSet<(TenantId, string)> effects = [];
    private int made;

    /// <summary>Leases that were handed out, ends that came too late, and items by state at the end.</summary>
    public (int Leases, int Late, int Done, int Dead, int Quarantined) Seen { get; private set; }

    /// <param name="plain">One that succeeds at once, without a key.</param>
    public NewWork Job(TenantId tenant, Random random, bool plain)
    {
        var number = ++made;
        var what = plain ? "ok" : random.Next(12) switch { 0 => "reject", 1 => "fail", 2 => "twice", _ => "ok" };
        return new NewWork(WorkLimits.OwnQueue, "simulated", what)
        {
            DedupKey = $"{number}", Cost = 1 + random.Next(SimulatedQueue.MaxCost), OrderKey = plain || random.Next(2) == 0 ? null : $"k{random.Next(3)}", Priority = plain ? 5 : random.Next(10),
            NotBefore = !plain && random.Next(6) == 0 ? time.GetUtcNow() + TimeSpan.FromSeconds(random.Next(1, 20)) : null,
        };
    }

    public void Accepted(TenantId tenant, long id, NewWork work)
    {
        if (items.TryGetValue((tenant, id), out var known))
            Assert.Equal(known.Work.DedupKey, work.DedupKey);
        else
            items[(tenant, id)] = new Known(work);
    }

    /// <summary>No lease twice, nobody beside another whose lease stands, and nothing before an earlier one of its key.</summary>
    public async Task HandedOut(TenantId tenant, Work work, DateTimeOffset until)
    {
        Seen = Seen with { Leases = Seen.Leases + 1 };
        Assert.True(leases.Add((tenant, work.Token)), Why(tenant, work, "was handed out twice under one lease"));
        // Who gave it in may not have heard so yet.
        var known = Of(tenant, work.Token.Id) ?? (items[(tenant, work.Token.Id)] = new Known(new NewWork(work.Queue, work.Kind, work.Payload) { DedupKey = (await store.Find(tenant, work.Token.Id, default))!.DedupKey, OrderKey = (await store.Find(tenant, work.Token.Id, default))!.OrderKey }));
        Assert.True(known.Until is not { } before || before <= time.GetUtcNow(), Why(tenant, work, $"was handed out beside one whose lease stands until {known.Until:O}"));
        Assert.True(known.Done == 0, Why(tenant, work, "was handed out after it was done"));
        known.Until = until;
        if (known.Work.OrderKey is not { } key)
            return;
        foreach (var ((_, id), other) in items.Where(one => one.Key.Item1 == tenant && one.Key.Item2 < work.Token.Id && one.Value.Work.OrderKey == key))
            Assert.True((await store.Find(tenant, id, default))?.State is null or WorkState.Done or WorkState.Dead or WorkState.Quarantined, Why(tenant, work, $"was handed out before {id} of its key {key} had ended"));
    }

    public void Renewed(TenantId tenant, LeaseToken token, DateTimeOffset until) => Of(tenant, token.Id)!.Until = until;

    /// <summary>Does the work: an effect that carries its once-key takes place once, however often it is done.</summary>
    public WorkResult Effect(TenantId tenant, Work work, bool faulty)
    {
        if (work.Payload == "reject" || work.Payload == "fail" || (work.Payload == "twice" && work.Attempt < 3 && faulty))
            return new WorkResult(work.Token, work.Payload == "reject" ? WorkEnd.Rejected : WorkEnd.Failed, work.Payload);
        effects.Add((tenant, work.OnceKey));
        return new WorkResult(work.Token, WorkEnd.Done);
    }

    public void Ended(TenantId tenant, Work work, WorkResult result, FinishAnswer answer)
    {
        var known = Of(tenant, work.Token.Id)!;
        if (answer == FinishAnswer.Late)
            Seen = Seen with { Late = Seen.Late + 1 };
        else
            known.Until = null;
        if (answer != FinishAnswer.Done)
            return;
        Assert.Equal(WorkEnd.Done, result.End);
        Assert.True(++known.Done == 1, Why(tenant, work, "was done twice"));
    }

    /// <summary>Between two grants to a tenant others are granted at most what docs/adr/0030 says; what one answer grants stands together and may come on top.</summary>
    public void CheckStarvation(IReadOnlyList<(TenantId Tenant, int Cost)> granted, int maxCost, int places)
    {
        foreach (var (tenant, weight) in SimulatedQueue.Tenants)
        {
            var others = SimulatedQueue.Tenants.Where(other => other.Id != tenant).ToList();
            var bound = (maxCost + weight - 1) / weight * others.Sum(other => other.Weight) + others.Count * (maxCost - 1) + places * maxCost;
            var aside = 0;
            foreach (var (to, cost) in granted)
            {
                aside = to == tenant ? 0 : aside + cost;
                Assert.True(aside <= bound, $"seed {seed}: tenant {tenant} stood aside for {aside}, more than {bound}");
            }
        }
    }

    /// <summary>Everything that was accepted is done once, or dead or held back with a reason; nothing else is there.</summary>
    public async Task Settle()
    {
        foreach (var (tenant, _) in SimulatedQueue.Tenants)
        {
            var view = (await store.Queues(tenant, default)).Single(queue => queue.Queue == WorkLimits.OwnQueue);
            Assert.Equal(items.Count(one => one.Key.Item1 == tenant), view.Accepted);
            Assert.Equal((0L, 0L, view.Accepted), (view.Pending, view.Leased, view.Done + view.Dead + view.Quarantined));
            foreach (var ((_, id), known) in items.Where(one => one.Key.Item1 == tenant))
            {
                var item = await store.Find(tenant, id, default);
                var why = $"seed {seed}: tenant {tenant}, item {id} ({known.Work.Payload}) is {item?.State}, cause {item?.Cause}, done {known.Done} times";
                if (item is null or { State: WorkState.Done })
                    Assert.True(known.Work.Payload is "ok" or "twice" && effects.Contains((tenant, WorkRules.OnceKey(WorkLimits.OwnQueue, id, null))), why);
                else
                    Assert.True(known.Done == 0 && item.Error is not null && (item.State, item.Cause) is (WorkState.Dead, WorkCause.Failed or WorkCause.Rejected or WorkCause.Lapsed) or (WorkState.Quarantined, WorkCause.Lapsed), why);
                Seen = item?.State switch
                {
                    WorkState.Dead => Seen with { Dead = Seen.Dead + 1 },
                    WorkState.Quarantined => Seen with { Quarantined = Seen.Quarantined + 1 },
                    _ => Seen with { Done = Seen.Done + 1 },
                };
            }
        }
    }

    private Known? Of(TenantId tenant, long id) => items.GetValueOrDefault((tenant, id));

    private string Why(TenantId tenant, Work work, string what) => $"seed {seed}, {time.GetUtcNow():O}: tenant {tenant}, item {work.Token.Id} (lease {work.Token.Lease}, attempt {work.Attempt}) {what}";

    private sealed class Known(NewWork work)
    {
        public NewWork Work => work;

        /// <summary>Until when somebody has it, as that one knows; null: nobody.</summary>
        public DateTimeOffset? Until { get; set; }

        public int Done { get; set; }
    }
}
