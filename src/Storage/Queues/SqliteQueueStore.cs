using Sophia.Log;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>The queues in each tenant's log.db, whose group commit takes together what comes in together.</summary>
internal sealed class SqliteQueueStore(DatabaseFiles files) : IQueueStore
{
    public Task<IReadOnlyList<EnqueueAnswer>> Enqueue(TenantId tenant, IReadOnlyList<NewWork> items, QueueBounds bounds, DateTimeOffset now, CancellationToken cancellation) =>
        Write<IReadOnlyList<EnqueueAnswer>>(tenant, connection => new QueueIntake(connection).Take(items, bounds, now), cancellation, items.Sum(item => item.Payload.Length + 200));

    public Task<LeasedRows> Lease(TenantId tenant, LeaseOrder order, CancellationToken cancellation) => Write(tenant, connection => new QueueLeases(connection).Lease(order), cancellation);

    public Task<IReadOnlyList<bool>> Extend(TenantId tenant, string queue, IReadOnlyList<LeaseToken> leases, DateTimeOffset until, CancellationToken cancellation) =>
        Write<IReadOnlyList<bool>>(tenant, connection => new QueueLeases(connection).Extend(queue, leases, until), cancellation);

    public Task<IReadOnlyList<EndedRow>> End(TenantId tenant, IReadOnlyList<EndOrder> ends, DateTimeOffset now, CancellationToken cancellation) =>
        Write<IReadOnlyList<EndedRow>>(tenant, connection => new QueueEnds(connection).End(ends, now), cancellation);

    public Task<IReadOnlyList<LeaseToken>> Lapsed(TenantId tenant, DateTimeOffset now, int limit, CancellationToken cancellation) =>
        Read<IReadOnlyList<LeaseToken>>(tenant, connection => QueueLooks.Lapsed(connection, now, limit), [], cancellation);

    public Task<bool> Ripen(TenantId tenant, DateTimeOffset now, DateTimeOffset forgetBefore, int limit, CancellationToken cancellation) => Write(tenant, connection =>
    {
        var opened = connection.Changed("UPDATE queue_items SET gate=1 WHERE id IN (SELECT id FROM queue_items WHERE state=1 AND gate=0 AND due_at<=?1 ORDER BY due_at LIMIT ?2)", LogTime.Micros(now), limit);
        var forgotten = connection.Changed("DELETE FROM queue_items WHERE id IN (SELECT id FROM queue_items WHERE state=3 AND changed_at<=?1 ORDER BY changed_at LIMIT ?2)", LogTime.Micros(forgetBefore), limit);
        return opened == limit || forgotten == limit;
    }, cancellation);

    public Task<QueueOutlook> Look(TenantId tenant, string queue, CancellationToken cancellation) =>
        Read(tenant, connection => QueueLooks.Outlook(connection, queue), QueueOutlook.Empty, cancellation);

    public Task<IReadOnlyList<QueueView>> Queues(TenantId tenant, CancellationToken cancellation) => Read<IReadOnlyList<QueueView>>(tenant, QueueLooks.Queues, [], cancellation);

    public Task Hold(TenantId tenant, string queue, Holding? holding, CancellationToken cancellation) => Write(tenant, connection =>
    {
        // A name that was misspelt leaves nothing behind once it is let go.
        if (holding is null)
            connection.Prepare("DELETE FROM queues WHERE queue=?1 AND queue<>'' AND accepted=0").Text(1, queue).Run();
        else
            QueueIntake.Know(connection, queue);
        connection.Prepare("UPDATE queues SET held_because=?2, held_by=?3, held_at=?4 WHERE queue=?1").Text(1, queue).Text(2, holding?.Because).Text(3, holding?.By)
            .Int(4, holding is null ? null : LogTime.Micros(holding.At)).Run();
        return true;
    }, cancellation);

    public Task Weigh(TenantId tenant, int weight, CancellationToken cancellation) => Write(tenant, connection =>
    {
        QueueIntake.Know(connection, "");
        connection.Prepare("UPDATE queues SET weight=?1 WHERE queue=''").Int(1, weight).Run();
        return true;
    }, cancellation);

    public Task<WorkPage> List(TenantId tenant, WorkQuery query, bool withPayload, CancellationToken cancellation) =>
        Read(tenant, connection => QueueLooks.Page(connection, query, withPayload), new WorkPage([], null), cancellation);

    public Task<WorkItem?> Find(TenantId tenant, long id, CancellationToken cancellation) => Read(tenant, connection => QueueLooks.Find(connection, id), null, cancellation);

    public Task<IReadOnlyList<WorkChange>> Change(TenantId tenant, IReadOnlyList<long> ids, WorkDecision decision, DateTimeOffset now, CancellationToken cancellation) =>
        Write<IReadOnlyList<WorkChange>>(tenant, connection => new QueueEnds(connection).Change(ids, decision, now), cancellation);

    public Task<Matching> Match(TenantId tenant, WorkQuery filter, long after, long upTo, int limit, CancellationToken cancellation) =>
        Read(tenant, connection => QueueLooks.Match(connection, filter, after, upTo, limit), new Matching(0, []), cancellation);

    public Task<ReplayTally> Tally(TenantId tenant, long replay, CancellationToken cancellation) => Read(tenant, connection => QueueLooks.Tally(connection, replay), default, cancellation);

    private Task<T> Write<T>(TenantId tenant, Func<DatabaseConnection, T> work, CancellationToken cancellation, int bytes = 0) => files.Write(tenant, LogSchema.Kind, work, cancellation, bytes: bytes);

    private Task<T> Read<T>(TenantId tenant, Func<DatabaseConnection, T> work, T absent, CancellationToken cancellation) => files.Read(tenant, LogSchema.Kind, work, absent, cancellation);
}
