using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>What the dispatcher knows of workers: who asked of late, what they were granted, have in hand and spent.</summary>
internal sealed class WorkersAtWork(TimeProvider time)
{
    /// <summary>Who has not asked for so long is gone: twice the longest patience, and more.</summary>
    private static readonly TimeSpan GoneAfter = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, Worker> workers = [];
    private Dictionary<TenantId, TimeSpan> earlier = [], now = [];
    private DateTimeOffset began = time.GetUtcNow();

    public int Count => workers.Count;

    public void Seen(WorkerReport report)
    {
        if (!workers.TryGetValue(report.Worker, out var worker))
            workers[report.Worker] = worker = new Worker();
        worker.SeenAt = time.GetUtcNow();
        Turn(worker.SeenAt);
        foreach (var outcome in report.Outcomes)
        {
            worker.Open.Remove(outcome.Grant.Number);
            worker.Change(outcome.Grant.Tenant, outcome.Items);
        }
        foreach (var effort in report.Efforts)
        {
            worker.Change(effort.Tenant, -effort.Ended);
            now[effort.Tenant] = now.GetValueOrDefault(effort.Tenant) + effort.Busy;
        }
    }

    public void Granted(string worker, IReadOnlyList<WorkGrant> grants)
    {
        var at = time.GetUtcNow();
        foreach (var grant in grants)
            workers[worker].Open[grant.Number] = (grant, at);
    }

    /// <summary>Forgets who is gone; the grants that nobody will tell of, because who had them is gone or because they were never heard: a worker may go on asking after an answer that got lost.</summary>
    public IReadOnlyList<WorkGrant> Bury()
    {
        var at = time.GetUtcNow();
        var gone = workers.Where(one => at - one.Value.SeenAt > GoneAfter).ToList();
        foreach (var (name, _) in gone)
            workers.Remove(name);
        var lost = gone.SelectMany(one => one.Value.Open.Values).Select(open => open.Grant).ToList();
        foreach (var worker in workers.Values)
            foreach (var (number, open) in worker.Open.Where(open => at - open.Value.At > GoneAfter).ToList())
            {
                worker.Open.Remove(number);
                lost.Add(open.Grant);
            }
        return [.. lost.OrderBy(grant => grant.Number)];
    }

    public Dictionary<TenantId, int> InHand()
    {
        var all = new Dictionary<TenantId, int>();
        foreach (var worker in workers.Values)
            foreach (var (tenant, items) in worker.InHand)
                all[tenant] = all.GetValueOrDefault(tenant) + items;
        return all;
    }

    /// <summary>Time spent by tenant in the last half minute to minute.</summary>
    public Dictionary<TenantId, TimeSpan> Busy()
    {
        Turn(time.GetUtcNow());
        var all = new Dictionary<TenantId, TimeSpan>(earlier);
        foreach (var (tenant, spent) in now)
            all[tenant] = all.GetValueOrDefault(tenant) + spent;
        return all;
    }

    private void Turn(DateTimeOffset at)
    {
        if (at - began < TimeSpan.FromSeconds(30))
            return;
        earlier = at - began < TimeSpan.FromSeconds(60) ? now : [];
        (now, began) = ([], at);
    }

    private sealed class Worker
    {
        public DateTimeOffset SeenAt { get; set; }

        public Dictionary<long, (WorkGrant Grant, DateTimeOffset At)> Open { get; } = [];

        public Dictionary<TenantId, int> InHand { get; } = [];

        public void Change(TenantId tenant, int by)
        {
            var items = InHand.GetValueOrDefault(tenant) + by;
            if (items > 0)
                InHand[tenant] = items;
            else
                InHand.Remove(tenant);
        }
    }
}
