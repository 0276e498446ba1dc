using System.Text;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Sqlite;

namespace Sophia.Queues;

/// <summary>Takes items in.</summary>
internal sealed class QueueIntake(DatabaseConnection connection)
{
    private readonly Dictionary<string, (long Depth, QueueCounts Counts)> queues = new(StringComparer.Ordinal);
    private readonly Dictionary<string, QueueFull> full = new(StringComparer.Ordinal);
    private long ofPrograms;

    public EnqueueAnswer[] Take(IReadOnlyList<NewWork> items, QueueBounds bounds, DateTimeOffset now)
    {
        ofPrograms = QueueMemory.Of(connection).OfPrograms();
        var answers = new EnqueueAnswer[items.Count];
        for (var i = 0; i < items.Count; i++)
            answers[i] = Take(items[i], bounds, now);
        foreach (var (queue, (_, counts)) in queues)
            connection.Write(queue, counts);
        return answers;
    }

    /// <summary>Makes a queue's row where there is none.</summary>
    /// <exception cref="RefusedException">Conflict: the tenant has too many queues.</exception>
    public static void Know(DatabaseConnection connection, string queue)
    {
        using var find = connection.Prepare("SELECT 1 FROM queues WHERE queue=?1").Text(1, queue);
        if (find.Step())
            return;
        if (queue.Length > 0 && connection.Scalar("SELECT count(*) FROM queues") > QueueSchema.MaxQueues)
            throw new RefusedException(RefusalCode.Conflict, $"A tenant has at most {QueueSchema.MaxQueues} queues.");
        connection.Prepare("INSERT INTO queues(queue, accepted, pending, leased, done, dead, quarantined, weight) VALUES(?1, 0, 0, 0, 0, 0, 0, 1)").Text(1, queue).Run();
    }

    private EnqueueAnswer Take(NewWork item, QueueBounds bounds, DateTimeOffset now)
    {
        if (item.DedupKey is not null && Known(item) is { } known)
            return new EnqueueAnswer(EnqueueState.Known, known, null);
        if (!queues.TryGetValue(item.Queue, out var queue))
            queue = (QueueMemory.Of(connection).Depth(item.Queue), new QueueCounts());
        var ofTenant = !WorkLimits.IsOwn(item.Queue) && ofPrograms >= bounds.Tenant;
        if (ofTenant || queue.Depth >= bounds.Queue)
        {
            queues[item.Queue] = queue;
            return new EnqueueAnswer(EnqueueState.Full, 0, null, Full(item.Queue, ofTenant, bounds));
        }
        var id = QueueMemory.Of(connection).Next(QueueTable.Item);
        Insert(id, item, now);
        queue.Counts.Take();
        queues[item.Queue] = (queue.Depth + 1, queue.Counts);
        ofPrograms += WorkLimits.IsOwn(item.Queue) ? 0 : 1;
        return new EnqueueAnswer(EnqueueState.Accepted, id, null);
    }

    private QueueFull Full(string queue, bool ofTenant, QueueBounds bounds)
    {
        var of = ofTenant ? "" : queue;
        if (full.TryGetValue(of, out var known))
            return known;
        using var find = ofTenant ? connection.Prepare("SELECT sum(dead + quarantined) FROM queues WHERE queue NOT IN (?1, ?2)").Text(1, WorkLimits.OwnQueue).Text(2, WorkLimits.RunsQueue)
            : connection.Prepare("SELECT dead + quarantined FROM queues WHERE queue=?1").Text(1, queue);
        find.Step();
        return full[of] = new QueueFull(ofTenant ? bounds.Tenant : bounds.Queue, ofTenant, find.Int(0));
    }

    private long? Known(NewWork item)
    {
        using var find = connection.Prepare("SELECT id FROM queue_items WHERE queue=?1 AND dedup=?2").Text(1, item.Queue).Text(2, item.DedupKey);
        return find.Step() ? find.Int(0) : null;
    }

    private void Insert(long id, NewWork item, DateTimeOffset now)
    {
        var due = item.NotBefore is { } later && later > now ? later : now;
        var gate = IsBehind(item) ? WorkGate.EarlierOfItsKey : due > now ? WorkGate.Time : WorkGate.Worker;
        var insert = connection.Prepare("""
            INSERT INTO queue_items(id, format, key_id, queue, kind, state, gate, rank, due_at, priority, cost, enqueued_at, changed_at, deadline, attempts, max_attempts, lapses, dedup, order_key, lease, origin, payload)
            VALUES(?1, 1, 0, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, 0, ?11, 0, ?12, ?13, 0, ?14, ?15)
            """).Int(1, id).Text(2, item.Queue).Text(3, item.Kind).Int(4, (long)gate).Int(5, LogTime.Micros(WorkRules.Rank(due, item.Priority))).Int(6, LogTime.Micros(due)).Int(7, item.Priority)
            .Int(8, item.Cost).Int(9, LogTime.Micros(now)).Int(10, QueueTable.Micros(item.Deadline)).Int(11, item.MaxAttempts).Text(12, item.DedupKey).Text(13, item.OrderKey).Text(14, item.Origin);
        insert.Blob(15, Encoding.UTF8.GetBytes(item.Payload)).Run();
    }

    private bool IsBehind(NewWork item)
    {
        if (item.OrderKey is null)
            return false;
        using var find = connection.Prepare("SELECT 1 FROM queue_items WHERE queue=?1 AND order_key=?2 AND state < 3 LIMIT 1").Text(1, item.Queue).Text(2, item.OrderKey);
        return find.Step();
    }
}
