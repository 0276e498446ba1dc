using Sophia.Postgres;

namespace Sophia.Log;

/// <summary>Forgets what <see cref="LogRetention"/> says, looking when an append comes and not more often than it says.</summary>
internal static class PostgresRetention
{
    private const string OldRuns = "SELECT run_id FROM sophia.sync_logs WHERE tenant=$1 AND ended_at < $2 AND id NOT IN (SELECT max(id) FROM sophia.sync_logs WHERE tenant=$1 GROUP BY pipeline)";

    public static void Look(TenantStatements tell, TenantMemory memory, DateTimeOffset now)
    {
        if (now < memory.LookAt || now < DateTimeOffset.UnixEpoch + LogRetention.RunsFor)
            return;
        memory.NewLookAt = now + LogRetention.Every;
        tell.Add($"DELETE FROM sophia.unreadable WHERE tenant=$1 AND run_id IN ({OldRuns})").Time(now - LogRetention.RunsFor);
        tell.Add($"DELETE FROM sophia.sync_logs WHERE tenant=$1 AND run_id IN ({OldRuns})").Time(now - LogRetention.RunsFor);
        tell.Add("DELETE FROM sophia.once WHERE tenant=$1 AND at < $2").Time(now - LogRetention.OnceFor);
        tell.Add("DELETE FROM sophia.quarantine WHERE tenant=$1 AND state > 1 AND decided_at < $2").Time(now - LogRetention.DecidedFor);
    }
}
