using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The index in SQLite: one <c>index.db</c> per tenant, full text by FTS5, and in memory where it is large.</summary>
internal sealed class SqliteIndexStore(DatabaseFiles files, VectorCache vectors, WordCache wordsInMemory) : IIndexStore
{
    private static readonly IndexCursor Start = new(0, 0);

    public bool IsLocal => true;

    public Task<IndexCursor> Cursor(TenantId tenant, CancellationToken cancellation) => Read(tenant, r => r.Cursor(), Start, cancellation);

    public Task<string?> Stamp(TenantId tenant, CancellationToken cancellation) => Read<string?>(tenant, r => r.Stamp(), "", cancellation);

    public async Task<bool> Apply(TenantId tenant, IndexCursor expected, IndexCursor next, IReadOnlyList<IndexedRecord> records, DateTimeOffset at, CancellationToken cancellation)
    {
        var (applied, removed) = await files.Write(tenant, IndexSchema.Kind, d =>
        {
            var writer = new IndexWriter(d);
            return (writer.Apply(expected, next, records, at), writer.Removed);
        }, cancellation, Durability.Normal, SizeOf(records));
        wordsInMemory.Bury(tenant, removed);
        return applied;
    }

    public async Task Erase(TenantId tenant, IReadOnlyList<Log.RecordKey> records, CancellationToken cancellation)
    {
        if (!files.Exists(tenant, IndexSchema.Kind))
            return;
        var removed = await files.Write(tenant, IndexSchema.Kind, d =>
        {
            var writer = new IndexWriter(d);
            writer.Erase(records);
            return writer.Removed;
        }, cancellation, Durability.Normal);
        wordsInMemory.Bury(tenant, removed);
    }

    public async Task Reset(TenantId tenant, int version, CancellationToken cancellation)
    {
        await files.Write(tenant, IndexSchema.Kind, d =>
        {
            new IndexWriter(d).Reset(version);
            return true;
        }, cancellation, Durability.Normal);
        wordsInMemory.Drop(tenant);
    }

    public Task<CandidateSet> Candidates(TenantId tenant, CandidateQuery query, CancellationToken cancellation) =>
        files.Read(tenant, IndexSchema.Kind, d => Candidates(d, tenant, query), CandidateSet.Empty(Start), cancellation);

    public Task<IReadOnlyList<IndexedChunk>> Chunks(TenantId tenant, IReadOnlyList<long> chunkIds, CancellationToken cancellation) =>
        Read<IReadOnlyList<IndexedChunk>>(tenant, r => r.Chunks(chunkIds), [], cancellation);

    public Task<IReadOnlyDictionary<string, long>> DocumentFrequency(TenantId tenant, IReadOnlyList<string> stems, CancellationToken cancellation) =>
        files.Read<IReadOnlyDictionary<string, long>>(
            tenant, IndexSchema.Kind, d => new SqliteWords(d, wordsInMemory, tenant).DocumentFrequency(stems) ?? new IndexReader(d).DocumentFrequency(stems), new Dictionary<string, long>(), cancellation);

    public Task<IReadOnlyList<IndexedChunk>> ChunksOf(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        Read<IReadOnlyList<IndexedChunk>>(tenant, r => r.ChunksOf(stream, key), [], cancellation);

    public Task<IndexedState?> StateOf(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        Read(tenant, r => r.StateOf(stream, key), null, cancellation);

    private CandidateSet Candidates(DatabaseConnection database, TenantId tenant, CandidateQuery query)
    {
        var words = new SqliteWords(database, wordsInMemory, tenant).Candidates(query) ?? new IndexReader(database).Candidates(query);
        return query.Near is null || words.TotalChunks == 0 ? words : new SqliteNear(database, vectors, vectors.Of(tenant)).Join(words, query);
    }

    private Task<T> Read<T>(TenantId tenant, Func<IndexReader, T> work, T absent, CancellationToken cancellation) =>
        files.Read(tenant, IndexSchema.Kind, d => work(new IndexReader(d)), absent, cancellation);

    private static int SizeOf(IReadOnlyList<IndexedRecord> records) =>
        (int)Math.Min(int.MaxValue, records.Sum(r => r.Chunks.Sum(c => (long)c.Text.Length)));
}
