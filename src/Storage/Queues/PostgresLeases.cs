using System.Text;
using Npgsql;
using Sophia.Postgres;

namespace Sophia.Queues;

/// <summary>Hands items out.</summary>
internal sealed class PostgresLeases(TenantTransaction transaction)
{
    public async Task<LeasedRows> Lease(LeaseOrder order)
    {
        var (leased, held, weight, last) = await transaction.Ask(ask =>
        {
            ask.Add("SELECT queue, leased, held_at IS NOT NULL, weight FROM sophia.queues WHERE tenant=$1 AND queue IN ('', $2)").Text(order.Queue);
            ask.Add("SELECT last FROM sophia.queue_numbers WHERE tenant=$1 AND name='lease'");
        }, async reader =>
        {
            var (leased, held, weight) = (0L, false, 1);
            foreach (var (name, hands, isHeld, share) in await reader.Rows(row => (row.GetString(0), row.GetInt64(1), row.GetBoolean(2), row.GetInt32(3))))
                (leased, held, weight) = (name.Length > 0 ? hands : leased, held || isHeld, name.Length == 0 ? share : weight);
            await reader.NextResultAsync();
            return (leased, held, weight, await reader.ReadAsync() ? reader.GetInt64(0) : 0);
        });
        if (held)
            return new LeasedRows([], 0, 0, weight, false);
        var counts = new QueueCounts();
        var (taken, expired) = await Ready(order, Math.Min(order.Items, order.Cap - leased), last + 1);
        await transaction.Tell(tell =>
        {
            if (taken.Count > 0)
            {
                tell.Add("INSERT INTO sophia.queue_numbers(tenant, name, last) VALUES($1, 'lease', $2) ON CONFLICT(tenant, name) DO UPDATE SET last=$2").Int(last + 1);
                tell.Add("UPDATE sophia.queue_items SET state=2, lease=$3, lease_until=$4, worker=$5, attempts=attempts+1, changed_at=$6 WHERE tenant=$1 AND id=ANY($2)").Ints([.. taken.Select(work => work.Token.Id)]).Int(last + 1)
                    .Time(order.Until).Text(order.Worker).Time(order.Now);
            }
            if (expired.Count > 0)
                tell.Add("UPDATE sophia.queue_items SET state=4, cause=5, error='It was not begun before its deadline.', changed_at=$3 WHERE tenant=$1 AND id=ANY($2)").Ints([.. expired.Select(one => one.Id)]).Time(order.Now);
            foreach (var (_, key) in expired)
                PostgresEnds.Free(tell, order.Queue, key, order.Now);
            for (var i = 0; i < taken.Count; i++)
                counts.Move(WorkState.Pending, WorkState.Leased);
            for (var i = 0; i < expired.Count; i++)
                counts.Move(WorkState.Pending, WorkState.Dead);
            PostgresIntake.Count(tell, order.Queue, counts);
        });
        var (left, next) = await transaction.Ask(ask => AskLeft(ask, order.Queue), ReadLeft);
        var capped = left > 0 && leased + taken.Count >= order.Cap;
        return new LeasedRows(taken, capped ? 0 : left, capped ? 0 : next, weight, capped);
    }

    public async Task<bool[]> Extend(string queue, IReadOnlyList<LeaseToken> leases, DateTimeOffset until)
    {
        var held = await transaction.Ask(ask => ask.Add("""
            UPDATE sophia.queue_items i SET lease_until=greatest(lease_until, $4) FROM unnest($2, $3) AS asked(id, lease) WHERE i.tenant=$1 AND i.id=asked.id AND i.state=2 AND i.lease=asked.lease AND i.queue=$5 RETURNING i.id, i.lease
            """).Ints([.. leases.Select(lease => lease.Id)]).Ints([.. leases.Select(lease => lease.Lease)]).Time(until).Text(queue), async reader => (await reader.Rows(row => new LeaseToken(row.GetInt64(0), row.GetInt64(1)))).ToHashSet());
        return [.. leases.Select(held.Contains)];
    }

    public static void AskLeft(TenantStatements ask, string queue)
    {
        ask.Add("SELECT count(*) FROM (SELECT 1 FROM sophia.queue_items WHERE tenant=$1 AND queue=$2 AND state=1 AND gate=1 LIMIT $3) AS counted").Text(queue).Int(QueueOutlook.Counted);
        ask.Add("SELECT cost FROM sophia.queue_items WHERE tenant=$1 AND queue=$2 AND state=1 AND gate=1 ORDER BY rank, id LIMIT 1").Text(queue);
    }

    public static async Task<(int Ready, int NextCost)> ReadLeft(NpgsqlDataReader reader)
    {
        var ready = (int)await reader.One();
        var next = await reader.ReadAsync() ? reader.GetInt32(0) : 0;
        await reader.NextResultAsync();
        return (ready, next);
    }

    private Task<(List<Work> Taken, List<(long Id, string? Key)> Expired)> Ready(LeaseOrder order, long most, long lease) => transaction.Ask(ask =>
    {
        ask.Add("UPDATE sophia.queue_items SET gate=1 WHERE tenant=$1 AND id IN (SELECT id FROM sophia.queue_items WHERE tenant=$1 AND state=1 AND gate=0 AND due_at<=$2 LIMIT $3)").Time(order.Now).Int(WorkLimits.MaxAtOnce);
        ask.Add("SELECT id, order_key FROM sophia.queue_items WHERE tenant=$1 AND queue=$2 AND state=1 AND gate=1 AND deadline<$3 ORDER BY deadline LIMIT $4").Text(order.Queue).Time(order.Now).Int(WorkLimits.MaxAtOnce);
        ask.Add("""
            SELECT id, kind, payload, attempts, max_attempts, cost, replay FROM sophia.queue_items WHERE tenant=$1 AND queue=$2 AND state=1 AND gate=1 AND (deadline IS NULL OR deadline>=$4) ORDER BY rank, id LIMIT $3
            """).Text(order.Queue).Int(Math.Max(0, most)).Time(order.Now);
    }, async reader =>
    {
        // The update has no result of its own: the reader stands at the rows.
        var expired = await reader.Rows(row => (row.GetInt64(0), row.TextOrNull(1)));
        await reader.NextResultAsync();
        var (taken, cost) = (new List<Work>(), 0L);
        while (await reader.ReadAsync() && (cost += reader.GetInt32(5)) <= order.Cost)
            taken.Add(new Work(new LeaseToken(reader.GetInt64(0), lease), order.Queue, reader.GetString(1), Encoding.UTF8.GetString(reader.Bytes(2)), reader.GetInt32(3) + 1, reader.GetInt32(4), reader.GetInt32(5),
                WorkRules.OnceKey(order.Queue, reader.GetInt64(0), reader.IsDBNull(6) ? null : reader.GetInt64(6)), order.Until));
        return (taken, expired);
    });
}
