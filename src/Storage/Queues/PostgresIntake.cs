using System.Text;
using Sophia.Operations;
using Sophia.Postgres;

namespace Sophia.Queues;

/// <summary>Takes items in: one question for what is there already, then everything at once.</summary>
internal sealed class PostgresIntake(TenantTransaction transaction)
{
    public async Task<EnqueueAnswer[]> Take(IReadOnlyList<NewWork> items, QueueBounds bounds, DateTimeOffset now)
    {
        var queues = items.Select(item => item.Queue).Distinct(StringComparer.Ordinal).ToArray();
        var deduped = items.Where(item => item.DedupKey is not null).ToArray();
        var ordered = items.Where(item => item.OrderKey is not null).ToArray();
        var (depths, all, known, busy, last) = await transaction.Ask(ask =>
        {
            ask.Add("SELECT queue, pending + leased + dead + quarantined, dead + quarantined FROM sophia.queues WHERE tenant=$1 AND queue=ANY($2)").Texts(queues);
            ask.Add("SELECT coalesce(sum(pending + leased + dead + quarantined), 0)::bigint, coalesce(sum(dead + quarantined), 0)::bigint FROM sophia.queues WHERE tenant=$1 AND queue NOT IN ($2, $3)").Text(WorkLimits.OwnQueue).Text(WorkLimits.RunsQueue);
            ask.Add("SELECT i.queue, i.dedup, i.id FROM sophia.queue_items i JOIN unnest($2, $3) AS asked(queue, dedup) ON i.queue=asked.queue AND i.dedup=asked.dedup WHERE i.tenant=$1 AND i.dedup IS NOT NULL")
                .Texts([.. deduped.Select(item => item.Queue)]).Texts([.. deduped.Select(item => item.DedupKey!)]);
            ask.Add("""
                SELECT DISTINCT i.queue, i.order_key FROM sophia.queue_items i JOIN unnest($2, $3) AS asked(queue, order_key) ON i.queue=asked.queue AND i.order_key=asked.order_key
                    WHERE i.tenant=$1 AND i.order_key IS NOT NULL AND i.state < 3
                """).Texts([.. ordered.Select(item => item.Queue)]).Texts([.. ordered.Select(item => item.OrderKey!)]);
            ask.Add("SELECT last FROM sophia.queue_numbers WHERE tenant=$1 AND name='item'");
        }, async reader =>
        {
            var depths = (await reader.Rows(row => (row.GetString(0), row.GetInt64(1), row.GetInt64(2)))).ToDictionary(row => row.Item1, row => (NotDone: row.Item2, GivenUp: row.Item3), StringComparer.Ordinal);
            await reader.NextResultAsync();
            var all = (await reader.Rows(row => (NotDone: row.GetInt64(0), GivenUp: row.GetInt64(1))))[0];
            await reader.NextResultAsync();
            var known = (await reader.Rows(row => ((row.GetString(0), row.GetString(1)), row.GetInt64(2)))).GroupBy(row => row.Item1).ToDictionary(row => row.Key, row => row.First().Item2);
            await reader.NextResultAsync();
            var busy = (await reader.Rows(row => (row.GetString(0), row.GetString(1)))).ToHashSet();
            await reader.NextResultAsync();
            return (depths, all, known, busy, await reader.ReadAsync() ? reader.GetInt64(0) : 0);
        });
        await Know(transaction, queues);
        var answers = new EnqueueAnswer[items.Count];
        var counts = queues.ToDictionary(queue => queue, _ => new QueueCounts(), StringComparer.Ordinal);
        var first = last;
        await transaction.Tell(tell =>
        {
            for (var i = 0; i < answers.Length; i++)
            {
                var item = items[i];
                if (item.DedupKey is not null && known.TryGetValue((item.Queue, item.DedupKey), out var before))
                    answers[i] = new EnqueueAnswer(EnqueueState.Known, before, null);
                else if (!WorkLimits.IsOwn(item.Queue) && all.NotDone >= bounds.Tenant)
                    answers[i] = new EnqueueAnswer(EnqueueState.Full, 0, null, new QueueFull(bounds.Tenant, OfTenant: true, all.GivenUp));
                else if (depths.GetValueOrDefault(item.Queue) is var depth && depth.NotDone + counts[item.Queue].Accepted >= bounds.Queue)
                    answers[i] = new EnqueueAnswer(EnqueueState.Full, 0, null, new QueueFull(bounds.Queue, OfTenant: false, depth.GivenUp));
                else
                {
                    answers[i] = new EnqueueAnswer(EnqueueState.Accepted, ++last, null);
                    Insert(tell, last, item, item.OrderKey is { } key && !busy.Add((item.Queue, key)), now);
                    counts[item.Queue].Take();
                    all.NotDone += WorkLimits.IsOwn(item.Queue) ? 0 : 1;
                    if (item.DedupKey is not null)
                        known[(item.Queue, item.DedupKey)] = last;
                }
            }
            if (last > first)
                tell.Add("INSERT INTO sophia.queue_numbers(tenant, name, last) VALUES($1, 'item', $2) ON CONFLICT(tenant, name) DO UPDATE SET last=$2").Int(last);
            foreach (var (queue, of) in counts)
                Count(tell, queue, of);
        });
        return answers;
    }

    /// <summary>Makes the rows of queues where there are none.</summary>
    /// <exception cref="RefusedException">Conflict: the tenant has too many queues.</exception>
    public static async Task Know(TenantTransaction transaction, string[] queues)
    {
        var (all, known) = await transaction.Ask(ask => ask.Add("SELECT (SELECT count(*) FROM sophia.queues WHERE tenant=$1), (SELECT count(*) FROM sophia.queues WHERE tenant=$1 AND queue=ANY($2))").Texts(queues), async reader =>
        {
            await reader.ReadAsync();
            return (reader.GetInt64(0), reader.GetInt64(1));
        });
        if (known == queues.Length)
            return;
        if (all + queues.Length - known > QueueSchema.MaxQueues + 1)
            throw new RefusedException(RefusalCode.Conflict, $"A tenant has at most {QueueSchema.MaxQueues} queues.");
        await transaction.Tell(tell => tell.Add("INSERT INTO sophia.queues(tenant, queue, accepted, pending, leased, done, dead, quarantined, weight) SELECT $1, queue, 0, 0, 0, 0, 0, 0, 1 FROM unnest($2) AS asked(queue) ON CONFLICT DO NOTHING").Texts(queues));
    }

    public static void Count(TenantStatements tell, string queue, QueueCounts of)
    {
        if (of.Changed)
            tell.Add("UPDATE sophia.queues SET accepted=accepted+$3, pending=pending+$4, leased=leased+$5, done=done+$6, dead=dead+$7, quarantined=quarantined+$8 WHERE tenant=$1 AND queue=$2").Text(queue).Int(of.Accepted)
                .Int(of.Of(WorkState.Pending)).Int(of.Of(WorkState.Leased)).Int(of.Of(WorkState.Done)).Int(of.Of(WorkState.Dead)).Int(of.Of(WorkState.Quarantined));
    }

    private static void Insert(TenantStatements tell, long id, NewWork item, bool behind, DateTimeOffset now)
    {
        var due = item.NotBefore is { } later && later > now ? later : now;
        var gate = behind ? WorkGate.EarlierOfItsKey : due > now ? WorkGate.Time : WorkGate.Worker;
        tell.Add("""
            INSERT INTO sophia.queue_items(tenant, id, format, key_id, queue, kind, state, gate, rank, due_at, priority, cost, enqueued_at, changed_at, deadline, attempts, max_attempts, lapses, dedup, order_key, lease, origin, payload)
            VALUES($1, $2, 1, 0, $3, $4, 1, $5, $6, $7, $8, $9, $10, $10, $11, 0, $12, 0, $13, $14, 0, $15, $16)
            """).Int(id).Text(item.Queue).Text(item.Kind).Int((long)gate).Time(WorkRules.Rank(due, item.Priority)).Time(due).Int(item.Priority).Int(item.Cost).Time(now).Time(item.Deadline).Int(item.MaxAttempts)
            .Text(item.DedupKey).Text(item.OrderKey).Text(item.Origin).Bytes(Encoding.UTF8.GetBytes(item.Payload));
    }
}
