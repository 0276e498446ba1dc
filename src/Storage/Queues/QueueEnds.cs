using System.Text;
using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Queues;

/// <summary>Ends leases, and does what people decide about items that nobody has.</summary>
internal sealed class QueueEnds(DatabaseConnection connection)
{
    private readonly Dictionary<string, QueueCounts> counts = new(StringComparer.Ordinal);

    public EndedRow[] End(IReadOnlyList<EndOrder> ends, DateTimeOffset now)
    {
        var rows = new EndedRow[ends.Count];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = End(ends[i], now);
        WriteCounts();
        return rows;
    }

    public WorkChange[] Change(IReadOnlyList<long> ids, WorkDecision decision, DateTimeOffset now)
    {
        var changes = new WorkChange[ids.Count];
        for (var i = 0; i < changes.Length; i++)
            changes[i] = Change(ids[i], decision, now);
        WriteCounts();
        return changes;
    }

    /// <summary>Opens the gate of the next item of an order key whose earlier one ended; whether a worker may take it at once.</summary>
    public static bool Free(DatabaseConnection connection, string queue, string? key, DateTimeOffset now)
    {
        if (key is null)
            return false;
        long id, due;
        using (var find = connection.Prepare("SELECT id, due_at, gate FROM queue_items WHERE queue=?1 AND order_key=?2 AND state < 3 ORDER BY id LIMIT 1").Text(1, queue).Text(2, key))
        {
            if (!find.Step() || find.Int(2) != (long)WorkGate.EarlierOfItsKey)
                return false;
            (id, due) = (find.Int(0), find.Int(1));
        }
        var ready = due <= LogTime.Micros(now);
        connection.Prepare("UPDATE queue_items SET gate=?2 WHERE id=?1").Int(1, id).Int(2, ready ? 1 : 0).Run();
        return ready;
    }

    private EndedRow End(EndOrder order, DateTimeOffset now)
    {
        string queue;
        string? key;
        bool keep;
        HeldWork held;
        using (var find = connection.Prepare("SELECT queue, order_key, dedup IS NOT NULL OR replay IS NOT NULL, attempts, max_attempts, lapses, replay IS NOT NULL FROM queue_items WHERE id=?1 AND state=2 AND lease=?2")
            .Int(1, order.Token.Id).Int(2, order.Token.Lease))
        {
            if (!find.Step() || (order.Queue is { } asked && asked != find.Text(0)))
                return new EndedRow(FinishAnswer.Late, "", false);
            (queue, key, keep) = (find.Text(0), find.TextOrNull(1), find.Int(2) != 0);
            held = new HeldWork((int)find.Int(3), (int)find.Int(4), (int)find.Int(5), find.Int(6) != 0);
        }
        var of = Of(queue);
        switch (order.Decide(held))
        {
            case ItemEnd.Again again:
                Wait(order.Token.Id, again, now);
                of.Move(WorkState.Leased, WorkState.Pending);
                return new EndedRow(FinishAnswer.Again, queue, again.DueAt <= now);
            case ItemEnd.GivenUp given:
                connection.Prepare("UPDATE queue_items SET state=?2, cause=?3, error=?4, lease_until=NULL, worker=NULL, lapses=lapses+?5, changed_at=?6 WHERE id=?1").Int(1, order.Token.Id).Int(2, (long)given.State)
                    .Int(3, (long)given.Cause).Text(4, given.Error).Int(5, given.Cause == WorkCause.Lapsed ? 1 : 0).Int(6, LogTime.Micros(now)).Run();
                of.Move(WorkState.Leased, given.State);
                return new EndedRow(given.State == WorkState.Dead ? FinishAnswer.Dead : FinishAnswer.Quarantined, queue, Free(connection, queue, key, now));
            default:
                if (keep)
                    connection.Prepare("UPDATE queue_items SET state=3, lease_until=NULL, worker=NULL, error=NULL, cause=NULL, payload=x'', changed_at=?2 WHERE id=?1").Int(1, order.Token.Id).Int(2, LogTime.Micros(now)).Run();
                else
                    connection.Prepare("DELETE FROM queue_items WHERE id=?1").Int(1, order.Token.Id).Run();
                of.Move(WorkState.Leased, WorkState.Done);
                return new EndedRow(FinishAnswer.Done, queue, Free(connection, queue, key, now));
        }
    }

    private void Wait(long id, ItemEnd.Again again, DateTimeOffset now)
    {
        if (again.Anew)
            connection.Prepare("UPDATE queue_items SET state=1, gate=?2, due_at=?3, rank=?3 - priority * ?5, lease_until=NULL, worker=NULL, error=?4, attempts=0, lapses=0, deadline=NULL, changed_at=?6 WHERE id=?1").Int(1, id)
                .Int(2, again.DueAt <= now ? 1 : 0).Int(3, LogTime.Micros(again.DueAt)).Text(4, again.Error).Int(5, WorkRules.PriorityStep.Ticks / TimeSpan.TicksPerMicrosecond).Int(6, LogTime.Micros(now)).Run();
        else
            connection.Prepare("UPDATE queue_items SET state=1, gate=?2, due_at=?3, lease_until=NULL, worker=NULL, error=?4, attempts=attempts-?5, lapses=lapses+?6, changed_at=?7 WHERE id=?1").Int(1, id)
                .Int(2, again.DueAt <= now ? 1 : 0).Int(3, LogTime.Micros(again.DueAt)).Text(4, again.Error).Int(5, again.Counts ? 0 : 1).Int(6, again.Lapsed ? 1 : 0).Int(7, LogTime.Micros(now)).Run();
    }

    private WorkChange Change(long id, WorkDecision decision, DateTimeOffset now)
    {
        string queue;
        string? key;
        WorkState state;
        WorkGate gate;
        using (var find = connection.Prepare("SELECT queue, order_key, state, gate FROM queue_items WHERE id=?1").Int(1, id))
        {
            if (!find.Step())
                return new WorkChange(id, null, false);
            (queue, key, state, gate) = (find.Text(0), find.TextOrNull(1), (WorkState)find.Int(2), (WorkGate)find.Int(3));
        }
        var isAside = state is WorkState.Dead or WorkState.Quarantined;
        switch (decision)
        {
            case WorkDecision.Purge when isAside:
                connection.Prepare("UPDATE queue_items SET state=3, payload=x'', changed_at=?2 WHERE id=?1").Int(1, id).Int(2, LogTime.Micros(now)).Run();
                return Moved(id, queue, state, WorkState.Done);
            case WorkDecision.Quarantine held when state is WorkState.Pending or WorkState.Dead:
                connection.Prepare("UPDATE queue_items SET state=5, cause=6, error=?2, changed_at=?3 WHERE id=?1").Int(1, id).Text(2, held.Because).Int(3, LogTime.Micros(now)).Run();
                // Only the one whose turn it was lets the next one go.
                if (state == WorkState.Pending && gate != WorkGate.EarlierOfItsKey)
                    Free(connection, queue, key, now);
                return Moved(id, queue, state, WorkState.Quarantined);
            case WorkDecision.Revive revive when isAside:
                Revive(id, queue, key, revive, now);
                return Moved(id, queue, state, WorkState.Pending);
            case WorkDecision.Edit edit when isAside:
                connection.Prepare("UPDATE queue_items SET payload=?2, changed_at=?3 WHERE id=?1").Int(1, id).Blob(2, Encoding.UTF8.GetBytes(edit.Payload)).Int(3, LogTime.Micros(now)).Run();
                return new WorkChange(id, state, true);
            default:
                return new WorkChange(id, state, false);
        }
    }

    // Its place is behind what is at work of its key; when that ends it is the next, being the oldest.
    private void Revive(long id, string queue, string? key, WorkDecision.Revive revive, DateTimeOffset now)
    {
        var behind = false;
        if (key is not null)
        {
            using var find = connection.Prepare("SELECT 1 FROM queue_items WHERE queue=?1 AND order_key=?2 AND state < 3 LIMIT 1").Text(1, queue).Text(2, key);
            behind = find.Step();
        }
        connection.Prepare("""
            UPDATE queue_items SET state=1, gate=?2, due_at=?3, rank=?3 - priority * ?4, attempts=max(0, max_attempts-ifnull(?5, max_attempts)), lapses=0, cause=NULL, deadline=NULL, replay=ifnull(?6, replay), changed_at=?3 WHERE id=?1
            """).Int(1, id).Int(2, (long)(behind ? WorkGate.EarlierOfItsKey : WorkGate.Worker)).Int(3, LogTime.Micros(now)).Int(4, WorkRules.PriorityStep.Ticks / TimeSpan.TicksPerMicrosecond).Int(5, revive.Attempts).Int(6, revive.Replay).Run();
    }

    private WorkChange Moved(long id, string queue, WorkState from, WorkState to)
    {
        Of(queue).Move(from, to);
        return new WorkChange(id, to, true);
    }

    private QueueCounts Of(string queue) => counts.TryGetValue(queue, out var of) ? of : counts[queue] = new QueueCounts();

    private void WriteCounts()
    {
        foreach (var (queue, of) in counts)
            connection.Write(queue, of);
    }
}
