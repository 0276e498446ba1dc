using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Refuses new records while there is no room for them or their tenant is suspended; everything else goes through to the store.</summary>
/// <remarks>New means what makes the log grow with a sender's will: records that are written and quarantined items. Deletes, checkpoints, runs, chat, audit and decisions go on, so that
/// people can see what is wrong and make room.</remarks>
internal sealed class RoomyLogStore(ILogStore inner, IStorageRoom room, ITenantGate? gate = null) : ILogStore
{
    public async Task<AppendOutcome> Append(TenantId tenant, AppendBatch batch, CancellationToken cancellation)
    {
        if (Grows(batch))
        {
            await MustBeOpen(tenant);
            if (room.RefusesRecords is { } full)
                throw new StorageException(StorageFault.Full, full) { Told = full };
        }
        return await inner.Append(tenant, batch, cancellation);
    }

    public Task<Fence> Acquire(TenantId tenant, string owner, CancellationToken cancellation) => inner.Acquire(tenant, owner, cancellation);

    public Task<IReadOnlyList<LogEntry>> Read(TenantId tenant, long after, int limit, int maxBytes, CancellationToken cancellation) => inner.Read(tenant, after, limit, maxBytes, cancellation);

    public Task<long> Head(TenantId tenant, CancellationToken cancellation) => inner.Head(tenant, cancellation);

    public Task<LogEntry?> Newest(TenantId tenant, string stream, string key, CancellationToken cancellation) => inner.Newest(tenant, stream, key, cancellation);

    public Task<IReadOnlyList<LogEntry>> History(TenantId tenant, string stream, string key, long? below, int limit, CancellationToken cancellation) =>
        inner.History(tenant, stream, key, below, limit, cancellation);

    public Task<IReadOnlyList<LogEntry>> Current(TenantId tenant, string stream, string? afterKey, int limit, CancellationToken cancellation) =>
        inner.Current(tenant, stream, afterKey, limit, cancellation);

    public Task<IReadOnlyList<HeadEntry>> Heads(TenantId tenant, string stream, string? afterKey, string? partition, int limit, CancellationToken cancellation) =>
        inner.Heads(tenant, stream, afterKey, partition, limit, cancellation);

    public Task<AsOfPage> AsOf(TenantId tenant, string stream, DateTimeOffset moment, string? afterKey, int limit, CancellationToken cancellation) => inner.AsOf(tenant, stream, moment, afterKey, limit, cancellation);

    public Task<CompactedPage> Compact(TenantId tenant, CompactionOrder order, CancellationToken cancellation) => inner.Compact(tenant, order, cancellation);

    public Task<IReadOnlyList<StreamCount>> Streams(TenantId tenant, CancellationToken cancellation) => inner.Streams(tenant, cancellation);

    public Task<Checkpoint?> Checkpoint(TenantId tenant, string pipeline, string partition, CancellationToken cancellation) => inner.Checkpoint(tenant, pipeline, partition, cancellation);

    public Task<IReadOnlyList<Checkpoint>> Checkpoints(TenantId tenant, string pipeline, string? afterPartition, int limit, CancellationToken cancellation) =>
        inner.Checkpoints(tenant, pipeline, afterPartition, limit, cancellation);

    private async ValueTask MustBeOpen(TenantId tenant)
    {
        try
        {
            if (gate is not null)
                await gate.MustBeOpen(tenant);
        }
        catch (RefusedException refused)
        {
            throw new StorageException(StorageFault.Unreachable, refused.Message) { Told = refused.Message };
        }
    }

    private static bool Grows(AppendBatch batch) => batch.Quarantined.Count > 0
        || batch.Entries.Any(entry => entry is { Type: EntryType.Record, Operation: not RecordOperation.Delete });
}
