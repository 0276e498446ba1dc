using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Queues;

/// <summary>Reads queues and items from log.db.</summary>
internal static class QueueLooks
{
    private const string Columns = """
        SELECT id, queue, kind, state, gate, priority, cost, enqueued_at, due_at, changed_at, deadline, attempts, max_attempts, lapses, dedup, order_key, worker, lease_until, origin, cause, error, payload, length(payload), replay
            FROM queue_items
        """;

    private const string Aside = """
        (?1 IS NULL OR queue=?1) AND (?2 IS NULL OR kind=?2) AND (?3 IS NULL OR cause=?3) AND (?4 IS NULL OR instr(lower(ifnull(error, '')), lower(?4)) > 0)
        """;

    public static IReadOnlyList<LeaseToken> Lapsed(DatabaseConnection connection, DateTimeOffset now, int limit)
    {
        using var rows = connection.Prepare("SELECT id, lease FROM queue_items WHERE state=2 AND lease_until<=?1 ORDER BY lease_until LIMIT ?2").Int(1, LogTime.Micros(now)).Int(2, limit);
        var found = new List<LeaseToken>();
        while (rows.Step())
            found.Add(new LeaseToken(rows.Int(0), rows.Int(1)));
        return found;
    }

    public static QueueOutlook Outlook(DatabaseConnection connection, string queue)
    {
        var (held, weight) = (false, 1);
        using (var rows = connection.Prepare("SELECT queue, held_at, weight FROM queues WHERE queue IN ('', ?1)").Text(1, queue))
            while (rows.Step())
            {
                held |= !rows.IsNull(1);
                weight = rows.Text(0).Length == 0 ? (int)rows.Int(2) : weight;
            }
        var (ready, next) = held ? (0, 0) : QueueLeases.Left(connection, queue);
        return new QueueOutlook(ready, next, weight, First("SELECT min(due_at) FROM queue_items WHERE state=1 AND gate=0"), First("SELECT min(lease_until) FROM queue_items WHERE state=2"),
            First("SELECT min(changed_at) FROM queue_items WHERE state=3"));

        DateTimeOffset? First(string sql)
        {
            using var one = connection.Prepare(sql);
            return one.Step() ? QueueTable.Time(one.IntOrNull(0)) : null;
        }
    }

    public static IReadOnlyList<QueueView> Queues(DatabaseConnection connection)
    {
        using var rows = connection.Prepare("""
            SELECT queue, accepted, pending, leased, done, dead, quarantined, held_because, held_by, held_at, weight,
                (SELECT min(due_at) FROM queue_items i WHERE i.queue=q.queue AND i.state=1 AND i.gate=1) FROM queues q ORDER BY queue
            """);
        var found = new List<QueueView>();
        while (rows.Step())
            found.Add(new QueueView(rows.Text(0), rows.Int(1), rows.Int(2), rows.Int(3), rows.Int(4), rows.Int(5), rows.Int(6), QueueTable.Time(rows.IntOrNull(11)), rows.TextOrNull(7), rows.TextOrNull(8),
                QueueTable.Time(rows.IntOrNull(9)), (int)rows.Int(10)));
        return found;
    }

    public static WorkPage Page(DatabaseConnection connection, WorkQuery query, bool withPayload)
    {
        var which = query.State is null ? "state > 3" : "state=?6";
        var items = Items(Filtered(connection.Prepare($"{Columns} WHERE {which} AND {Aside} AND id < ?5 ORDER BY id DESC LIMIT ?7"), query).Int(5, query.Before ?? long.MaxValue)
            .Int(6, (long?)query.State).Int(7, query.Limit), withPayload);
        return new WorkPage(items, items.Count == query.Limit ? items[^1].Id : null);
    }

    public static WorkItem? Find(DatabaseConnection connection, long id) => Items(connection.Prepare($"{Columns} WHERE id=?1").Int(1, id), withPayload: true).FirstOrDefault();

    public static Matching Match(DatabaseConnection connection, WorkQuery filter, long after, long upTo, int limit)
    {
        using var count = Filtered(connection.Prepare($"SELECT count(*) FROM queue_items WHERE state > 3 AND {Aside} AND id > ?5 AND id <= ?6"), filter).Int(5, after).Int(6, upTo);
        count.Step();
        using var rows = Filtered(connection.Prepare($"SELECT id FROM queue_items WHERE state > 3 AND {Aside} AND id > ?5 AND id <= ?6 ORDER BY id LIMIT ?7"), filter).Int(5, after).Int(6, upTo).Int(7, limit);
        var ids = new List<long>();
        while (rows.Step())
            ids.Add(rows.Int(0));
        return new Matching(count.Int(0), ids);
    }

    public static ReplayTally Tally(DatabaseConnection connection, long replay)
    {
        using var rows = connection.Prepare("SELECT state, count(*) FROM queue_items WHERE replay=?1 GROUP BY state").Int(1, replay);
        var tally = default(ReplayTally);
        while (rows.Step())
            tally = rows.Int(0) switch
            {
                < 3 => tally with { Open = tally.Open + rows.Int(1) },
                3 => tally with { Done = tally.Done + rows.Int(1) },
                _ => tally with { Failed = tally.Failed + rows.Int(1) },
            };
        return tally;
    }

    private static SqliteStatement Filtered(SqliteStatement statement, WorkQuery query) =>
        statement.Text(1, query.Queue).Text(2, query.Kind).Int(3, (long?)query.Cause).Text(4, query.Error);

    private static List<WorkItem> Items(SqliteStatement rows, bool withPayload)
    {
        using (rows)
        {
            var found = new List<WorkItem>();
            while (rows.Step())
                found.Add(new WorkItem(rows.Int(0), rows.Text(1), rows.Text(2), (WorkState)rows.Int(3), (WorkGate)rows.Int(4), (int)rows.Int(5), (int)rows.Int(6), LogTime.FromMicros(rows.Int(7)), LogTime.FromMicros(rows.Int(8)),
                    LogTime.FromMicros(rows.Int(9)), QueueTable.Time(rows.IntOrNull(10)), (int)rows.Int(11), (int)rows.Int(12), (int)rows.Int(13), rows.TextOrNull(14), rows.TextOrNull(15), rows.TextOrNull(16),
                    QueueTable.Time(rows.IntOrNull(17)), rows.TextOrNull(18), (WorkCause?)rows.IntOrNull(19), rows.TextOrNull(20), withPayload && rows.Int(3) != (long)WorkState.Done ? rows.Text(21) : null, (int)rows.Int(22), rows.IntOrNull(23)));
            return found;
        }
    }
}
