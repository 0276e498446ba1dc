using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Queues;

/// <summary>Hands items out.</summary>
internal sealed class QueueLeases(DatabaseConnection connection)
{
    public LeasedRows Lease(LeaseOrder order)
    {
        var (leased, held) = Queue(order.Queue);
        var weight = (int)Math.Max(1, connection.Scalar("SELECT ifnull((SELECT weight FROM queues WHERE queue=''), 1)"));
        if (held)
            return new LeasedRows([], 0, 0, weight, false);
        connection.Changed("UPDATE queue_items SET gate=1 WHERE id IN (SELECT id FROM queue_items WHERE state=1 AND gate=0 AND due_at<=?1 LIMIT ?2)", LogTime.Micros(order.Now), WorkLimits.MaxAtOnce);
        var counts = new QueueCounts();
        var items = Take(order, Math.Min(order.Items, order.Cap - leased), counts);
        connection.Write(order.Queue, counts);
        var (left, next) = Left(connection, order.Queue);
        var capped = left > 0 && leased + items.Count >= order.Cap;
        return new LeasedRows(items, capped ? 0 : left, capped ? 0 : next, weight, capped);
    }

    public bool[] Extend(string queue, IReadOnlyList<LeaseToken> leases, DateTimeOffset until)
    {
        var held = new bool[leases.Count];
        for (var i = 0; i < held.Length; i++)
        {
            connection.Prepare("UPDATE queue_items SET lease_until=max(lease_until, ?3) WHERE id=?1 AND state=2 AND lease=?2 AND queue=?4").Text(4, queue).Int(1, leases[i].Id).Int(2, leases[i].Lease).Int(3, LogTime.Micros(until)).Run();
            held[i] = connection.Scalar("SELECT changes()") == 1;
        }
        return held;
    }

    /// <summary>Ready items of a queue, as far as they are counted, and what the first one costs.</summary>
    public static (int Ready, int NextCost) Left(DatabaseConnection connection, string queue)
    {
        using var count = connection.Prepare("SELECT count(*) FROM (SELECT 1 FROM queue_items INDEXED BY queue_ready WHERE queue=?1 AND state=1 AND gate=1 LIMIT ?2)").Text(1, queue).Int(2, QueueOutlook.Counted);
        count.Step();
        var ready = (int)count.Int(0);
        if (ready == 0)
            return (0, 0);
        using var next = connection.Prepare("SELECT cost FROM queue_items INDEXED BY queue_ready WHERE queue=?1 AND state=1 AND gate=1 ORDER BY rank, id LIMIT 1").Text(1, queue);
        next.Step();
        return (ready, (int)next.Int(0));
    }

    private List<Work> Take(LeaseOrder order, long most, QueueCounts counts)
    {
        var taken = new List<Work>();
        if (most <= 0)
            return taken;
        var (lease, cost) = (0L, 0L);
        using (var rows = connection.Prepare("""
            SELECT id, kind, payload, attempts, max_attempts, cost, deadline, replay, order_key FROM queue_items INDEXED BY queue_ready WHERE queue=?1 AND state=1 AND gate=1 ORDER BY rank, id LIMIT ?2
            """).Text(1, order.Queue).Int(2, most + WorkLimits.MaxAtOnce))
        {
            var expired = new List<(long Id, string? Key)>();
            while (taken.Count < most && rows.Step())
            {
                if (rows.IntOrNull(6) is { } deadline && deadline < LogTime.Micros(order.Now))
                {
                    expired.Add((rows.Int(0), rows.TextOrNull(8)));
                    continue;
                }
                if ((cost += rows.Int(5)) > order.Cost)
                    break;
                lease = lease == 0 ? QueueMemory.Of(connection).Next(QueueTable.Lease) : lease;
                taken.Add(new Work(new LeaseToken(rows.Int(0), lease), order.Queue, rows.Text(1), rows.Text(2), (int)rows.Int(3) + 1, (int)rows.Int(4), (int)rows.Int(5),
                    WorkRules.OnceKey(order.Queue, rows.Int(0), rows.IntOrNull(7)), order.Until));
            }
            rows.Reset();
            foreach (var (id, key) in expired)
                Expire(order, id, key, counts);
        }
        foreach (var work in taken)
        {
            connection.Prepare("UPDATE queue_items SET state=2, lease=?2, lease_until=?3, worker=?4, attempts=attempts+1, changed_at=?5 WHERE id=?1").Int(1, work.Token.Id).Int(2, lease)
                .Int(3, LogTime.Micros(order.Until)).Text(4, order.Worker).Int(5, LogTime.Micros(order.Now)).Run();
            counts.Move(WorkState.Pending, WorkState.Leased);
        }
        return taken;
    }

    private void Expire(LeaseOrder order, long id, string? key, QueueCounts counts)
    {
        connection.Prepare("UPDATE queue_items SET state=4, cause=5, error='It was not begun before its deadline.', changed_at=?2 WHERE id=?1").Int(1, id).Int(2, LogTime.Micros(order.Now)).Run();
        counts.Move(WorkState.Pending, WorkState.Dead);
        QueueEnds.Free(connection, order.Queue, key, order.Now);
    }

    private (long Leased, bool Held) Queue(string queue)
    {
        using var find = connection.Prepare("SELECT queue, leased, held_at FROM queues WHERE queue IN ('', ?1)").Text(1, queue);
        var (leased, held) = (0L, false);
        while (find.Step())
        {
            leased = find.Text(0).Length > 0 ? find.Int(1) : leased;
            held |= !find.IsNull(2);
        }
        return (leased, held);
    }
}
