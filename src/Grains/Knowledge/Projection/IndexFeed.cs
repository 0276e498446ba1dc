using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Takes the log into the index, batch by batch.</summary>
/// <remarks>
/// Of a record that stands several times in a batch only its newest version is indexed. Whatever is wrong with a record is that record's matter:
/// after as many attempts as the options say it leaves the index, is put aside, and the rest goes on. A batch that the index refuses is taken
/// again row by row to find whose fault it is. A failing store is nobody's fault and goes up as it is.
/// </remarks>
internal sealed class IndexFeed(TenantId tenant, ILogStore log, IIndexStore index, ProjectionOptions options, TimeProvider time, Func<ProjectionDeadLetter, Task> putAside) : IProjectionFeed
{
    private readonly WordCounter counter = new(new WordAnalyzer());
    private long rowByRowUntil;

    public string Name => Projections.Index;

    public IReadOnlyList<string> Followers => [Projections.Vectors];

    public Task<IndexCursor> Cursor(CancellationToken cancellation) => index.Cursor(tenant, cancellation);

    public Task<long> Head(IndexCursor cursor, CancellationToken cancellation) => IndexLag.Head(log, tenant, cursor.Position, cancellation);

    /// <summary>Another chunker made it.</summary>
    public bool IsOutdated(IndexCursor cursor) => cursor.Version != RecordChunker.Version && cursor.Position != 0;

    public Task Restart(CancellationToken cancellation) => index.Reset(tenant, RecordChunker.Version, cancellation);

    /// <summary>Indexes the next rows after the cursor.</summary>
    /// <exception cref="StorageException">The disk failed; nothing of the batch is indexed.</exception>
    public async Task<FeedStep> Step(IndexCursor cursor, CancellationToken cancellation)
    {
        var limit = cursor.Position < rowByRowUntil ? 1 : options.BatchRows;
        var rows = await log.Read(tenant, cursor.Position, limit, options.BatchBytes, cancellation);
        if (rows.Count == 0)
            return new FeedStep(cursor, false);
        var newest = rows.Where(r => r.Type == EntryType.Record).GroupBy(r => (r.Stream, r.Key)).Select(g => g.Last()).ToList();
        var next = new IndexCursor(rows[^1].Position, RecordChunker.Version);
        try
        {
            var step = await Apply(cursor, next, newest, cancellation);
            if (rows.Count < limit) // Else it is catching up, and the rows are old.
                KnowledgeMeter.Stepped(Projections.Index, time.GetUtcNow() - rows[^1].At);
            return step;
        }
        catch (Exception wrong) when (newest.Count > 1 && IsOfRecord(wrong))
        {
            rowByRowUntil = next.Position;
            return await Step(cursor, cancellation);
        }
    }

    private async Task<FeedStep> Apply(IndexCursor cursor, IndexCursor next, List<LogEntry> newest, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                var records = newest.ConvertAll(row => RecordChunker.Index(row, options.Chunking, counter));
                return await Store(cursor, next, records, cancellation);
            }
            catch (Exception wrong) when (newest.Count == 1 && attempt == options.Attempts && IsOfRecord(wrong))
            {
                await putAside(new ProjectionDeadLetter(newest[0].Position, newest[0].Stream, newest[0].Key, $"{wrong.GetType().Name}: {wrong.Message}", time.GetUtcNow()));
                return await Store(cursor, next, [RecordChunker.Withdrawn(newest[0])], cancellation);
            }
            catch (Exception wrong) when (newest.Count == 1 && attempt < options.Attempts && IsOfRecord(wrong))
            {
                // Once more.
            }
    }

    private async Task<FeedStep> Store(IndexCursor cursor, IndexCursor next, IReadOnlyList<IndexedRecord> records, CancellationToken cancellation) =>
        await index.Apply(tenant, cursor, next, records, time.GetUtcNow(), cancellation) ? new(next, true) : new(await index.Cursor(tenant, cancellation), true, Overtaken: true);

    private static bool IsOfRecord(Exception wrong) => wrong is not (StorageException or OperationCanceledException or ObjectDisposedException);
}
