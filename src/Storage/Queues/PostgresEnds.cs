using Sophia.Log;
using Sophia.Postgres;

namespace Sophia.Queues;

/// <summary>Ends leases: one question for what is remembered of the items, then everything at once.</summary>
internal sealed class PostgresEnds(TenantTransaction transaction)
{
    public async Task<EndedRow[]> End(IReadOnlyList<EndOrder> ends, DateTimeOffset now)
    {
        var known = await transaction.Ask(ask => ask.Add("SELECT id, lease, queue, order_key, dedup IS NOT NULL OR replay IS NOT NULL, attempts, max_attempts, lapses, replay IS NOT NULL FROM sophia.queue_items WHERE tenant=$1 AND id=ANY($2) AND state=2")
            .Ints([.. ends.Select(end => end.Token.Id)]), async reader => (await reader.Rows(row => (Token: new LeaseToken(row.GetInt64(0), row.GetInt64(1)),
            Held: new Held(row.GetString(2), row.TextOrNull(3), row.GetBoolean(4), new HeldWork(row.GetInt32(5), row.GetInt32(6), row.GetInt32(7), row.GetBoolean(8)))))).ToDictionary(row => row.Token, row => row.Held));
        var (rows, counts) = (new EndedRow[ends.Count], new Dictionary<string, QueueCounts>(StringComparer.Ordinal));
        var decided = ends.Select(end => known.TryGetValue(end.Token, out var held) && (end.Queue is null || end.Queue == held.Queue) && known.Remove(end.Token) ? (held, End: (ItemEnd?)end.Decide(held.Work)) : (held: null!, null)).ToArray();
        await transaction.Tell(tell =>
        {
            for (var i = 0; i < rows.Length; i++)
                rows[i] = decided[i] is { End: { } decision, held: var held } ? Ended(tell, ends[i].Token.Id, held, decision, counts, now) : new EndedRow(FinishAnswer.Late, "", false);
            foreach (var (queue, of) in counts)
                PostgresIntake.Count(tell, queue, of);
        });
        return rows;
    }

    /// <summary>Opens the gate of the next item of an order key whose earlier one ended.</summary>
    public static void Free(TenantStatements tell, string queue, string? key, DateTimeOffset now)
    {
        if (key is not null)
            tell.Add("""
                UPDATE sophia.queue_items SET gate=CASE WHEN due_at<=$4 THEN 1 ELSE 0 END WHERE tenant=$1 AND gate=2 AND state=1
                    AND id=(SELECT id FROM sophia.queue_items WHERE tenant=$1 AND queue=$2 AND order_key=$3 AND state < 3 ORDER BY id LIMIT 1)
                """).Text(queue).Text(key).Time(now);
    }

    private static EndedRow Ended(TenantStatements tell, long id, Held held, ItemEnd decision, Dictionary<string, QueueCounts> counts, DateTimeOffset now)
    {
        var of = counts.TryGetValue(held.Queue, out var known) ? known : counts[held.Queue] = new QueueCounts();
        switch (decision)
        {
            case ItemEnd.Again again:
                Wait(tell, id, again, now);
                of.Move(WorkState.Leased, WorkState.Pending);
                return new EndedRow(FinishAnswer.Again, held.Queue, again.DueAt <= now);
            case ItemEnd.GivenUp given:
                tell.Add("UPDATE sophia.queue_items SET state=$3, cause=$4, error=$5, lease_until=NULL, worker=NULL, lapses=lapses+$6, changed_at=$7 WHERE tenant=$1 AND id=$2").Int(id).Int((long)given.State).Int((long)given.Cause).Text(given.Error)
                    .Int(given.Cause == WorkCause.Lapsed ? 1 : 0).Time(now);
                Free(tell, held.Queue, held.Key, now);
                of.Move(WorkState.Leased, given.State);
                return new EndedRow(given.State == WorkState.Dead ? FinishAnswer.Dead : FinishAnswer.Quarantined, held.Queue, held.Key is not null);
            default:
                if (held.Keep)
                    tell.Add("UPDATE sophia.queue_items SET state=3, lease_until=NULL, worker=NULL, error=NULL, cause=NULL, payload='', changed_at=$3 WHERE tenant=$1 AND id=$2").Int(id).Time(now);
                else
                    tell.Add("DELETE FROM sophia.queue_items WHERE tenant=$1 AND id=$2").Int(id);
                Free(tell, held.Queue, held.Key, now);
                of.Move(WorkState.Leased, WorkState.Done);
                return new EndedRow(FinishAnswer.Done, held.Queue, held.Key is not null);
        }
    }

    private static void Wait(TenantStatements tell, long id, ItemEnd.Again again, DateTimeOffset now)
    {
        if (again.Anew)
            tell.Add("""
                UPDATE sophia.queue_items SET state=1, gate=$3, due_at=$4, rank=$4 - priority * $6 * interval '1 second', lease_until=NULL, worker=NULL, error=$5, attempts=0, lapses=0, deadline=NULL, changed_at=$7 WHERE tenant=$1 AND id=$2
                """).Int(id).Int(again.DueAt <= now ? 1 : 0).Time(again.DueAt).Text(again.Error).Int((long)WorkRules.PriorityStep.TotalSeconds).Time(now);
        else
            tell.Add("UPDATE sophia.queue_items SET state=1, gate=$3, due_at=$4, lease_until=NULL, worker=NULL, error=$5, attempts=attempts-$6, lapses=lapses+$7, changed_at=$8 WHERE tenant=$1 AND id=$2").Int(id)
                .Int(again.DueAt <= now ? 1 : 0).Time(again.DueAt).Text(again.Error).Int(again.Counts ? 0 : 1).Int(again.Lapsed ? 1 : 0).Time(now);
    }

    private sealed record Held(string Queue, string? Key, bool Keep, HeldWork Work);
}
