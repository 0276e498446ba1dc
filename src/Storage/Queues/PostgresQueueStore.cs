using Npgsql;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>The queues in PostgreSQL. Whoever writes holds the tenant's row, so one transaction of a tenant is after the other, as in log.db.</summary>
internal sealed class PostgresQueueStore(PostgresDatabase database) : IQueueStore
{
    public Task<IReadOnlyList<EnqueueAnswer>> Enqueue(TenantId tenant, IReadOnlyList<NewWork> items, QueueBounds bounds, DateTimeOffset now, CancellationToken cancellation) =>
        database.Write<IReadOnlyList<EnqueueAnswer>>(tenant, async transaction => await new PostgresIntake(transaction).Take(items, bounds, now), cancellation, bytes: items.Sum(item => item.Payload.Length + 200));

    public Task<LeasedRows> Lease(TenantId tenant, LeaseOrder order, CancellationToken cancellation) => database.Write(tenant, transaction => new PostgresLeases(transaction).Lease(order), cancellation);

    public Task<IReadOnlyList<bool>> Extend(TenantId tenant, string queue, IReadOnlyList<LeaseToken> leases, DateTimeOffset until, CancellationToken cancellation) =>
        database.Write<IReadOnlyList<bool>>(tenant, async transaction => await new PostgresLeases(transaction).Extend(queue, leases, until), cancellation);

    public Task<IReadOnlyList<EndedRow>> End(TenantId tenant, IReadOnlyList<EndOrder> ends, DateTimeOffset now, CancellationToken cancellation) =>
        database.Write<IReadOnlyList<EndedRow>>(tenant, async transaction => await new PostgresEnds(transaction).End(ends, now), cancellation);

    public Task<IReadOnlyList<LeaseToken>> Lapsed(TenantId tenant, DateTimeOffset now, int limit, CancellationToken cancellation) => database.List(tenant, ask =>
        ask.Add("SELECT id, lease FROM sophia.queue_items WHERE tenant=$1 AND state=2 AND lease_until<=$2 ORDER BY lease_until LIMIT $3").Time(now).Int(limit), row => new LeaseToken(row.GetInt64(0), row.GetInt64(1)), cancellation);

    public Task<bool> Ripen(TenantId tenant, DateTimeOffset now, DateTimeOffset forgetBefore, int limit, CancellationToken cancellation) => database.Write(tenant, transaction => transaction.Ask(ask =>
    {
        ask.Add("""
            WITH ripe AS (UPDATE sophia.queue_items SET gate=1 WHERE tenant=$1 AND id IN (SELECT id FROM sophia.queue_items WHERE tenant=$1 AND state=1 AND gate=0 AND due_at<=$2 ORDER BY due_at LIMIT $3) RETURNING 1)
            SELECT count(*) FROM ripe
            """).Time(now).Int(limit);
        ask.Add("""
            WITH gone AS (DELETE FROM sophia.queue_items WHERE tenant=$1 AND id IN (SELECT id FROM sophia.queue_items WHERE tenant=$1 AND state=3 AND changed_at<=$2 ORDER BY changed_at LIMIT $3) RETURNING 1)
            SELECT count(*) FROM gone
            """).Time(forgetBefore).Int(limit);
    }, async reader => await reader.One() == limit | await reader.One() == limit), cancellation);

    public Task<QueueOutlook> Look(TenantId tenant, string queue, CancellationToken cancellation) => database.Read(tenant, ask =>
    {
        ask.Add("SELECT queue, held_at IS NOT NULL, weight FROM sophia.queues WHERE tenant=$1 AND queue IN ('', $2)").Text(queue);
        PostgresLeases.AskLeft(ask, queue);
        ask.Add("""
            SELECT (SELECT min(due_at) FROM sophia.queue_items WHERE tenant=$1 AND state=1 AND gate=0), (SELECT min(lease_until) FROM sophia.queue_items WHERE tenant=$1 AND state=2),
                (SELECT min(changed_at) FROM sophia.queue_items WHERE tenant=$1 AND state=3)
            """);
    }, async reader =>
    {
        var (held, weight) = (false, 1);
        foreach (var (name, isHeld, share) in await reader.Rows(row => (row.GetString(0), row.GetBoolean(1), row.GetInt32(2))))
            (held, weight) = (held || isHeld, name.Length == 0 ? share : weight);
        await reader.NextResultAsync();
        var (ready, next) = await PostgresLeases.ReadLeft(reader);
        await reader.ReadAsync();
        return new QueueOutlook(held ? 0 : ready, held ? 0 : next, weight, reader.TimeOrNull(0), reader.TimeOrNull(1), reader.TimeOrNull(2));
    }, cancellation);

    public Task<IReadOnlyList<QueueView>> Queues(TenantId tenant, CancellationToken cancellation) => database.List(tenant, ask => ask.Add("""
        SELECT queue, accepted, pending, leased, done, dead, quarantined, held_because, held_by, held_at, weight,
            (SELECT min(due_at) FROM sophia.queue_items i WHERE i.tenant=$1 AND i.queue=q.queue AND i.state=1 AND i.gate=1) FROM sophia.queues q WHERE tenant=$1 ORDER BY queue
        """), row => new QueueView(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.TimeOrNull(11), row.TextOrNull(7), row.TextOrNull(8), row.TimeOrNull(9), row.GetInt32(10)), cancellation);

    public Task Hold(TenantId tenant, string queue, Holding? holding, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        // A name that was misspelt leaves nothing behind once it is let go.
        if (holding is null)
            await transaction.Tell(tell => tell.Add("DELETE FROM sophia.queues WHERE tenant=$1 AND queue=$2 AND queue<>'' AND accepted=0").Text(queue));
        else
            await PostgresIntake.Know(transaction, [queue]);
        await transaction.Tell(tell => tell.Add("UPDATE sophia.queues SET held_because=$3, held_by=$4, held_at=$5 WHERE tenant=$1 AND queue=$2").Text(queue).Text(holding?.Because).Text(holding?.By).Time(holding?.At));
        return true;
    }, cancellation);

    public Task Weigh(TenantId tenant, int weight, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        await PostgresIntake.Know(transaction, [""]);
        await transaction.Tell(tell => tell.Add("UPDATE sophia.queues SET weight=$2 WHERE tenant=$1 AND queue=''").Int(weight));
        return true;
    }, cancellation);

    public Task<WorkPage> List(TenantId tenant, WorkQuery query, bool withPayload, CancellationToken cancellation) => database.Read(tenant, ask => PostgresItems.AskPage(ask, query), async reader =>
    {
        var items = await reader.Rows(row => PostgresItems.Item(row, withPayload));
        return new WorkPage(items, items.Count == query.Limit ? items[^1].Id : null);
    }, cancellation);

    public Task<WorkItem?> Find(TenantId tenant, long id, CancellationToken cancellation) => database.Find(tenant, ask => PostgresItems.AskOne(ask, id), row => PostgresItems.Item(row, withPayload: true), cancellation);

    public Task<IReadOnlyList<WorkChange>> Change(TenantId tenant, IReadOnlyList<long> ids, WorkDecision decision, DateTimeOffset now, CancellationToken cancellation) =>
        database.Write<IReadOnlyList<WorkChange>>(tenant, async transaction => await new PostgresDecisions(transaction).Change(ids, decision, now), cancellation);

    public Task<Matching> Match(TenantId tenant, WorkQuery filter, long after, long upTo, int limit, CancellationToken cancellation) => database.Read(tenant, ask => PostgresItems.AskMatching(ask, filter, after, upTo, limit), async reader =>
    {
        var count = await reader.One();
        return new Matching(count, await reader.Rows(row => row.GetInt64(0)));
    }, cancellation);

    public Task<ReplayTally> Tally(TenantId tenant, long replay, CancellationToken cancellation) => database.Read(tenant, ask =>
        ask.Add("SELECT count(*) FILTER (WHERE state < 3), count(*) FILTER (WHERE state = 3), count(*) FILTER (WHERE state > 3) FROM sophia.queue_items WHERE tenant=$1 AND replay=$2").Int(replay), async reader =>
    {
        await reader.ReadAsync();
        return new ReplayTally(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }, cancellation);
}
