using Sophia.Log;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Run history from sync_logs in each tenant's log.db.</summary>
internal sealed class SqliteRunStore(DatabaseFiles files) : IRunStore
{
    public Task<RunRow?> Find(TenantId tenant, string runId, CancellationToken cancellation) =>
        files.Read(tenant, LogSchema.Kind, connection => RunTable.Find(connection, runId), null, cancellation);

    public Task<IReadOnlyList<RunRow>> Recent(TenantId tenant, string? pipeline, int limit, CancellationToken cancellation) =>
        files.Read(tenant, LogSchema.Kind, connection => RunTable.Recent(connection, pipeline, limit), [], cancellation);

    public Task<IReadOnlyList<UnreadableView>> Unreadable(TenantId tenant, string runId, int limit, CancellationToken cancellation) =>
        files.Read(tenant, LogSchema.Kind, connection => RunTable.Unreadable(connection, runId, limit), [], cancellation);

    public Task<IReadOnlyList<RunStreamView>> Streams(TenantId tenant, RunRow run, CancellationToken cancellation) =>
        files.Read(tenant, LogSchema.Kind, connection => RunTable.Streams(connection, run), [], cancellation);
}
