using System.Text;
using Sophia.Postgres;

namespace Sophia.Queues;

/// <summary>Does what people decide about items that nobody has.</summary>
internal sealed class PostgresDecisions(TenantTransaction transaction)
{
    public async Task<WorkChange[]> Change(IReadOnlyList<long> ids, WorkDecision decision, DateTimeOffset now)
    {
        var known = await transaction.Ask(ask => ask.Add("SELECT id, queue, order_key, state, gate FROM sophia.queue_items WHERE tenant=$1 AND id=ANY($2)").Ints([.. ids]),
            async reader => (await reader.Rows(row => new Known(row.GetInt64(0), row.GetString(1), row.TextOrNull(2), (WorkState)row.GetInt16(3), (WorkGate)row.GetInt16(4)))).ToDictionary(row => row.Id));
        var (changes, counts) = (new WorkChange[ids.Count], new Dictionary<string, QueueCounts>(StringComparer.Ordinal));
        var freed = new HashSet<(string Queue, string Key)>();
        await transaction.Tell(tell =>
        {
            for (var i = 0; i < changes.Length; i++)
            {
                if (!known.TryGetValue(ids[i], out var item))
                {
                    changes[i] = new WorkChange(ids[i], null, false);
                    continue;
                }
                var after = Changed(tell, item, decision, freed, now);
                changes[i] = new WorkChange(item.Id, after ?? item.State, after is not null);
                if (after is not { } state || state == item.State)
                    continue;
                (counts.TryGetValue(item.Queue, out var of) ? of : counts[item.Queue] = new QueueCounts()).Move(item.State, state);
                known[item.Id] = item with { State = state };
            }
            foreach (var (queue, of) in counts)
                PostgresIntake.Count(tell, queue, of);
        });
        return changes;
    }

    /// <summary>The item's state afterwards; null where the decision is not for items of its state.</summary>
    /// <param name="freed">Order keys whose turn came to another item here: which one that is was not asked before.</param>
    private static WorkState? Changed(TenantStatements tell, Known item, WorkDecision decision, HashSet<(string Queue, string Key)> freed, DateTimeOffset now)
    {
        var isAside = item.State is WorkState.Dead or WorkState.Quarantined;
        switch (decision)
        {
            case WorkDecision.Purge when isAside:
                tell.Add("UPDATE sophia.queue_items SET state=3, payload='', changed_at=$3 WHERE tenant=$1 AND id=$2").Int(item.Id).Time(now);
                return WorkState.Done;
            case WorkDecision.Quarantine held when item.State is WorkState.Pending or WorkState.Dead:
                tell.Add("UPDATE sophia.queue_items SET state=5, cause=6, error=$3, changed_at=$4 WHERE tenant=$1 AND id=$2").Int(item.Id).Text(held.Because).Time(now);
                // Only the one whose turn it was lets the next one go.
                if (item is { State: WorkState.Pending, Key: { } key } && (item.Gate != WorkGate.EarlierOfItsKey || freed.Contains((item.Queue, key))))
                {
                    freed.Add((item.Queue, key));
                    PostgresEnds.Free(tell, item.Queue, key, now);
                }
                return WorkState.Quarantined;
            case WorkDecision.Revive revive when isAside:
                tell.Add("""
                    UPDATE sophia.queue_items i SET state=1, due_at=$3, rank=$3 - priority * $4 * interval '1 second', attempts=greatest(0, max_attempts-coalesce($5, max_attempts)), lapses=0, cause=NULL, deadline=NULL,
                        replay=coalesce($6, replay), changed_at=$3, gate=CASE WHEN order_key IS NOT NULL
                            AND EXISTS(SELECT FROM sophia.queue_items o WHERE o.tenant=$1 AND o.queue=i.queue AND o.order_key=i.order_key AND o.state < 3) THEN 2 ELSE 1 END
                    WHERE tenant=$1 AND id=$2
                    """).Int(item.Id).Time(now).Int((long)WorkRules.PriorityStep.TotalSeconds).Int((long?)revive.Attempts).Int(revive.Replay);
                return WorkState.Pending;
            case WorkDecision.Edit edit when isAside:
                tell.Add("UPDATE sophia.queue_items SET payload=$3, changed_at=$4 WHERE tenant=$1 AND id=$2").Int(item.Id).Bytes(Encoding.UTF8.GetBytes(edit.Payload)).Time(now);
                return item.State;
            default:
                return null;
        }
    }

    private sealed record Known(long Id, string Queue, string? Key, WorkState State, WorkGate Gate);
}
