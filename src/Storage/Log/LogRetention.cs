using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>How long a log store keeps what grows with use and is no record. Records, their versions, conversations and audit entries are kept for ever.</summary>
/// <remarks>Looked at with an append, at most once in <see cref="Every"/> and by the append's own time, so that an idle store costs nothing.</remarks>
internal sealed class LogRetention(DatabaseConnection connection)
{
    /// <summary>Runs that ended, with the files that they could not read. The newest run of each pipeline stays.</summary>
    public static readonly TimeSpan RunsFor = TimeSpan.FromDays(90);

    /// <summary>Ids of deliveries and operations that are done once. A sender that repeats itself later than that is heard twice.</summary>
    public static readonly TimeSpan OnceFor = TimeSpan.FromDays(30);

    /// <summary>Quarantined items after somebody decided about them; the audit entry of the decision stays.</summary>
    public static readonly TimeSpan DecidedFor = TimeSpan.FromDays(90);

    public static readonly TimeSpan Every = TimeSpan.FromDays(1);

    private const string OldRuns = "ended_at < ?1 AND id NOT IN (SELECT max(id) FROM sync_logs GROUP BY pipeline)";

    private DateTimeOffset next = DateTimeOffset.UnixEpoch + RunsFor;

    public void Look(DateTimeOffset now)
    {
        if (now < next)
            return;
        next = now + Every;
        var ended = LogTime.Text(now - RunsFor);
        connection.Prepare($"DELETE FROM unreadable WHERE run_id IN (SELECT run_id FROM sync_logs WHERE {OldRuns})").Text(1, ended).Run();
        connection.Prepare($"DELETE FROM sync_logs WHERE {OldRuns}").Text(1, ended).Run();
        connection.Prepare("DELETE FROM once WHERE at < ?1").Int(1, LogTime.Micros(now - OnceFor)).Run();
        connection.Prepare("DELETE FROM quarantine WHERE state > 1 AND decided_at < ?1").Int(1, LogTime.Micros(now - DecidedFor)).Run();
    }
}
