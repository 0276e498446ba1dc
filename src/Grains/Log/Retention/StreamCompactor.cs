using Sophia.Knowledge;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Takes one page of one stream: deletes what expired, removes what need not be kept.</summary>
internal sealed class StreamCompactor(TenantId tenant, ILogStore log, IIndexStore index, TimeProvider time, RetentionOptions options)
{
    private readonly FencedWriter writer = new(log, tenant, "retention");

    public async Task<CompactedPage> Compact(string stream, RetentionDefinition rule, DateTimeOffset since, string? afterKey, CancellationToken cancellation)
    {
        var projected = (await index.Cursor(tenant, cancellation)).Position;
        return await log.Compact(tenant, new CompactionOrder(stream, afterKey, options.Keys, options.Rows, Before(rule, since), rule.Versions, projected), cancellation);
    }

    /// <summary>Deletes, of some keys, the records that nobody wrote for so long.</summary>
    public async Task<(string? Next, long Expired)> Expire(string stream, RetentionDefinition rule, DateTimeOffset since, string? afterKey, CancellationToken cancellation)
    {
        if (!rule.Expire || Before(rule, since) is not { } before)
            return (null, 0);
        var page = await log.AsOf(tenant, stream, before, afterKey, options.Keys, cancellation);
        if (page.Rows.Count == 0)
            return (page.Next, 0);
        // Who was written since then has another version: a conflict, and stays.
        NewEntry[] entries = [.. page.Rows.Select(row => new NewEntry(EntryType.Record, stream, row.Key, RecordOperation.Delete, default, EntryHash.Of(RecordOperation.Delete, default), OnlyIfVersion: row.Version))];
        for (var tries = 1; ; tries++)
            switch (await writer.Append(new AppendBatch { Fence = FencedWriter.Unset, At = time.GetUtcNow(), Entries = entries }, cancellation))
            {
                case LogWrite.Done done:
                    return (page.Next, done.Committed.Deleted);
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                default:
                    throw new StorageException(StorageFault.Locked, "Another activation compacts these streams.");
            }
    }

    private static DateTimeOffset? Before(RetentionDefinition rule, DateTimeOffset since) => rule.Days is { } days ? since - TimeSpan.FromDays(days) : null;
}
