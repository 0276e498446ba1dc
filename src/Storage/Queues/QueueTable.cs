using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Queues;

/// <summary>What the parts of the store in log.db have in common: numbers that rise, counts, small statements.</summary>
internal static class QueueTable
{
    public const string Item = "item", Lease = "lease";

    public static void Write(this DatabaseConnection connection, string queue, QueueCounts counts)
    {
        if (!counts.Changed)
            return;
        QueueMemory.Of(connection).Changed(queue, counts);
        connection.Prepare("UPDATE queues SET accepted=accepted+?2, pending=pending+?3, leased=leased+?4, done=done+?5, dead=dead+?6, quarantined=quarantined+?7 WHERE queue=?1").Text(1, queue)
            .Int(2, counts.Accepted).Int(3, counts.Of(WorkState.Pending)).Int(4, counts.Of(WorkState.Leased)).Int(5, counts.Of(WorkState.Done)).Int(6, counts.Of(WorkState.Dead)).Int(7, counts.Of(WorkState.Quarantined)).Run();
    }

    public static long Changed(this DatabaseConnection connection, string sql, long one, long two)
    {
        connection.Prepare(sql).Int(1, one).Int(2, two).Run();
        return connection.Scalar("SELECT changes()");
    }

    public static long? Micros(DateTimeOffset? at) => at is { } given ? LogTime.Micros(given) : null;

    public static DateTimeOffset? Time(long? micros) => micros is { } given ? LogTime.FromMicros(given) : null;
}
