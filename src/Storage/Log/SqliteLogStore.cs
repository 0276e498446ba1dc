using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>The log in SQLite: log.db in each tenant's folder.</summary>
internal sealed class SqliteLogStore(DatabaseFiles files, StaleWrites? stale = null, IRecordMarks? marks = null) : ILogStore
{
    public Task<Fence> Acquire(TenantId tenant, string owner, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        return files.Write(tenant, LogSchema.Kind, connection => OwnerTable.Acquire(connection, owner), cancellation);
    }

    public async Task<AppendOutcome> Append(TenantId tenant, AppendBatch batch, CancellationToken cancellation)
    {
        // Worked out here, on the caller's thread, while the writer may be waiting for the disk.
        var prepared = new PreparedBatch(batch, new ErasureMarks(marks, tenant));
        var outcome = await files.Write(tenant, LogSchema.Kind, connection => connection.Companion(static c => new LogWriter(c)).Append(prepared), cancellation, bytes: prepared.Bytes);
        return stale?.Noted(tenant, batch.Fence, outcome) ?? outcome;
    }

    public Task<IReadOnlyList<LogEntry>> Read(TenantId tenant, long after, int limit, int maxBytes, CancellationToken cancellation) =>
        Read<IReadOnlyList<LogEntry>>(tenant, connection => LogReader.Of(connection).After(after, limit, maxBytes), [], cancellation);

    public Task<long> Head(TenantId tenant, CancellationToken cancellation) =>
        Read(tenant, static connection => connection.Scalar("SELECT max(position) FROM log"), 0L, cancellation);

    public Task<LogEntry?> Newest(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        Read(tenant, connection => LogReader.Of(connection).History(stream, key, null, 1).FirstOrDefault(), null, cancellation);

    public Task<IReadOnlyList<LogEntry>> History(TenantId tenant, string stream, string key, long? below, int limit, CancellationToken cancellation) =>
        Read<IReadOnlyList<LogEntry>>(tenant, connection => LogReader.Of(connection).History(stream, key, below, limit), [], cancellation);

    public Task<IReadOnlyList<LogEntry>> Current(TenantId tenant, string stream, string? afterKey, int limit, CancellationToken cancellation) =>
        Read<IReadOnlyList<LogEntry>>(tenant, connection => LogReader.Of(connection).Current(stream, afterKey, limit), [], cancellation);

    public Task<IReadOnlyList<HeadEntry>> Heads(TenantId tenant, string stream, string? afterKey, string? partition, int limit, CancellationToken cancellation) =>
        Read<IReadOnlyList<HeadEntry>>(tenant, connection => LogReader.Of(connection).Heads(stream, afterKey, partition, limit), [], cancellation);

    public Task<AsOfPage> AsOf(TenantId tenant, string stream, DateTimeOffset moment, string? afterKey, int limit, CancellationToken cancellation) =>
        Read(tenant, connection => LogReader.Of(connection).AsOf(stream, moment, afterKey, limit), new AsOfPage([], null, null), cancellation);

    public Task<CompactedPage> Compact(TenantId tenant, CompactionOrder order, CancellationToken cancellation) =>
        files.Write(tenant, LogSchema.Kind, connection => connection.Companion(static c => new LogWriter(c)).Compact(order), cancellation);

    public Task<IReadOnlyList<StreamCount>> Streams(TenantId tenant, CancellationToken cancellation) =>
        Read<IReadOnlyList<StreamCount>>(tenant, connection => LogReader.Of(connection).Streams(), [], cancellation);

    public Task<Checkpoint?> Checkpoint(TenantId tenant, string pipeline, string partition, CancellationToken cancellation) =>
        Read(tenant, connection => CheckpointTable.Find(connection, pipeline, partition), null, cancellation);

    public Task<IReadOnlyList<Checkpoint>> Checkpoints(TenantId tenant, string pipeline, string? afterPartition, int limit, CancellationToken cancellation) =>
        Read<IReadOnlyList<Checkpoint>>(tenant, connection => CheckpointTable.List(connection, pipeline, afterPartition, limit), [], cancellation);

    private Task<T> Read<T>(TenantId tenant, Func<DatabaseConnection, T> work, T absent, CancellationToken cancellation) =>
        files.Read(tenant, LogSchema.Kind, work, absent, cancellation);
}
