using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Takes the log into the index, batch by batch.</summary>
/// <remarks>
/// Of a record that stands several times in a batch only its newest version is indexed. Whatever is wrong with a record is that record's matter: it
/// leaves the index, is put aside, and the rest goes on. One that cannot be cut is put aside at once. A batch that the index refuses is taken again
/// row by row to find whose fault it is, and that one is tried as often as the options say. A failing store is nobody's fault and goes up as it is,
/// as does a chunker that is not to be had.
/// </remarks>
/// <param name="chunk">As <see cref="IChunkingGrain.Chunk"/>.</param>
internal sealed class IndexFeed(
    TenantId tenant, ILogStore log, Func<long, int, int, CancellationToken, Task<ChunkedRows>> chunk, IIndexStore index, ProjectionOptions options, TimeProvider time,
    Func<ProjectionDeadLetter, Task> putAside) : IProjectionFeed
{
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
    /// <exception cref="RefusedException">The chunker is not to be had.</exception>
    public async Task<FeedStep> Step(IndexCursor cursor, CancellationToken cancellation)
    {
        var limit = cursor.Position < rowByRowUntil ? 1 : options.BatchRows;
        var rows = await chunk(cursor.Position, limit, options.BatchBytes, cancellation);
        if (rows.Until == cursor.Position)
            return new FeedStep(cursor, false);
        MustBeOneChunker(rows);
        var next = new IndexCursor(rows.Until, rows.Version);
        foreach (var failed in rows.Failed)
            await putAside(new ProjectionDeadLetter(failed.Position, failed.Stream, failed.Key, failed.Reason, time.GetUtcNow()));
        try
        {
            var step = await Apply(cursor, next, rows.Records, cancellation);
            if (rows.Rows < limit) // Else it is catching up, and the rows are old.
                KnowledgeMeter.Stepped(Projections.Index, time.GetUtcNow() - rows.LastAt);
            return step;
        }
        catch (Exception wrong) when (rows.Records.Count > 1 && IsOfRecord(wrong))
        {
            rowByRowUntil = next.Position;
            return await Step(cursor, cancellation);
        }
    }

    /// <summary>Indexes the newest version of a record again. What the index has not come to yet is left to it.</summary>
    public async Task<string?> Redo(ProjectionDeadLetter letter, IndexCursor cursor, CancellationToken cancellation)
    {
        if (await log.Newest(tenant, letter.Stream, letter.Key, cancellation) is not { } newest || newest.Position > cursor.Position)
            return null;
        var rows = await chunk(newest.Position - 1, 1, options.BatchBytes, cancellation);
        MustBeOneChunker(rows);
        if (rows.Failed.Count > 0)
            return rows.Failed[0].Reason;
        return await index.Apply(tenant, cursor, cursor, rows.Records, time.GetUtcNow(), cancellation) ? null
            : throw new RefusedException(RefusalCode.Unavailable, "The index went on meanwhile.");
    }

    private async Task<FeedStep> Apply(IndexCursor cursor, IndexCursor next, IReadOnlyList<IndexedRecord> records, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                return await Store(cursor, next, records, cancellation);
            }
            catch (Exception wrong) when (records.Count == 1 && attempt == options.Attempts && IsOfRecord(wrong))
            {
                await putAside(new ProjectionDeadLetter(records[0].Position, records[0].Stream, records[0].Key, $"{wrong.GetType().Name}: {wrong.Message}", time.GetUtcNow()));
                return await Store(cursor, next, [records[0].Withdrawn()], cancellation);
            }
            catch (Exception wrong) when (records.Count == 1 && attempt < options.Attempts && IsOfRecord(wrong))
            {
                // Once more.
            }
    }

    private async Task<FeedStep> Store(IndexCursor cursor, IndexCursor next, IReadOnlyList<IndexedRecord> records, CancellationToken cancellation) =>
        await index.Apply(tenant, cursor, next, records, time.GetUtcNow(), cancellation) ? new(next, true) : new(await index.Cursor(tenant, cancellation), true, Overtaken: true);

    /// <exception cref="RefusedException">Unavailable: a silo of another release cut the rows.</exception>
    private static void MustBeOneChunker(ChunkedRows rows)
    {
        if (rows.Version != RecordChunker.Version)
            throw new RefusedException(RefusalCode.Unavailable, $"It waits until all silos have one chunker: that which cuts has version {rows.Version}, the index {RecordChunker.Version}.");
    }

    private static bool IsOfRecord(Exception wrong) => wrong is not (StorageException or OperationCanceledException or ObjectDisposedException);
}
