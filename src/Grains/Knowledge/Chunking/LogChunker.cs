using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Reads rows of a log and cuts the records among them. Not for two calls at once.</summary>
internal sealed class LogChunker(TenantId tenant, ILogStore log, ChunkingOptions options)
{
    private readonly WordCounter counter = new(new WordAnalyzer());

    /// <summary>See <see cref="IChunkingGrain.Chunk"/>.</summary>
    public async Task<ChunkedRows> Chunk(long after, int maxRows, int maxBytes, CancellationToken cancellation)
    {
        var rows = await log.Read(tenant, after, maxRows, maxBytes, cancellation);
        if (rows.Count == 0)
            return new ChunkedRows(after, RecordChunker.Version, [], [], 0, default);
        var failed = new List<UnchunkedRecord>();
        var records = rows.Where(row => row.Type == EntryType.Record).GroupBy(row => (row.Stream, row.Key)).Select(versions => Cut(versions.Last(), failed)).ToList();
        return new ChunkedRows(rows[^1].Position, RecordChunker.Version, records, failed, rows.Count, rows[^1].At);
    }

    private IndexedRecord Cut(LogEntry row, List<UnchunkedRecord> failed)
    {
        try
        {
            return RecordChunker.Index(row, options, counter);
        }
        catch (Exception wrong) when (wrong is not (OperationCanceledException or OutOfMemoryException))
        {
            failed.Add(new UnchunkedRecord(row.Position, row.Stream, row.Key, $"{wrong.GetType().Name}: {wrong.Message}"));
            return RecordChunker.Withdrawn(row);
        }
    }
}
