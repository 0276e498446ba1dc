using Npgsql;
using Sophia.Log;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The index in PostgreSQL: what a question needs comes in one round trip, from one state of the rows.</summary>
internal sealed class PostgresIndexStore(PostgresDatabase database, VectorCache vectors) : IIndexStore
{
    private static readonly IndexCursor Start = new(0, 0);

    public async Task<IndexCursor> Cursor(TenantId tenant, CancellationToken cancellation) =>
        await database.Find(tenant, ask => ask.Add(PostgresIndexSql.Progress), PostgresIndexRows.Cursor, cancellation) ?? Start;

    public async Task<string?> Stamp(TenantId tenant, CancellationToken cancellation) =>
        await database.Find(tenant, ask => ask.Add(PostgresIndexSql.Stamp), static row => row.GetString(0), cancellation) ?? "";

    // It can be built anew, so it does not wait for the disk: its cursor is lost together with what it counts.
    public Task<bool> Apply(TenantId tenant, IndexCursor expected, IndexCursor next, IReadOnlyList<IndexedRecord> records, DateTimeOffset at, CancellationToken cancellation)
    {
        var prepared = new PostgresIndexBatch(records, at);
        return database.Write(tenant, transaction => prepared.Write(transaction, expected, next), cancellation, waitsForDisk: false, prepared.Bytes);
    }

    public Task Erase(TenantId tenant, IReadOnlyList<RecordKey> records, CancellationToken cancellation) =>
        database.Write(tenant, transaction => PostgresIndexBatch.Erase(transaction, records), cancellation);

    public Task Reset(TenantId tenant, int version, CancellationToken cancellation) =>
        database.Write(tenant, async transaction =>
        {
            await transaction.Tell(tell =>
            {
                PostgresVectorSql.Empty(tell);
                tell.Add("DELETE FROM sophia.index_words WHERE tenant=$1");
                tell.Add("DELETE FROM sophia.index_chunks WHERE tenant=$1");
                tell.Add("DELETE FROM sophia.index_records WHERE tenant=$1");
                tell.Add("""
                    INSERT INTO sophia.index_progress(tenant, position, version, chunks, words, last_record, last_chunk) VALUES($1, 0, $2, 0, 0, 0, 0)
                    ON CONFLICT(tenant) DO UPDATE SET position=0, version=$2, chunks=0, words=0
                    """).Int(version);
            });
            return true;
        }, cancellation, waitsForDisk: false);

    public async Task<CandidateSet> Candidates(TenantId tenant, CandidateQuery query, CancellationToken cancellation)
    {
        var analyzer = new WordAnalyzer();
        string[] stems = [.. query.Terms.SelectMany(term => analyzer.Words(term)).Select(word => word.Stem).Distinct(StringComparer.Ordinal)];
        var words = await database.Read(tenant, ask => PostgresIndexSql.Candidates(ask, query, stems), reader => PostgresIndexRows.Candidates(reader, query), cancellation);
        return query.Near is null || words.TotalChunks == 0 ? words : await new PostgresNear(database, vectors, tenant).Join(words, query, cancellation);
    }

    public async Task<IReadOnlyList<IndexedChunk>> Chunks(TenantId tenant, IReadOnlyList<long> chunkIds, CancellationToken cancellation)
    {
        var found = (await database.List(tenant, ask => ask.Add(PostgresIndexSql.TextsOfChunks).Ints([.. chunkIds]), PostgresIndexRows.Chunk, cancellation)).ToDictionary(chunk => chunk.ChunkId);
        return [.. chunkIds.Where(found.ContainsKey).Select(id => found[id])];
    }

    public async Task<IReadOnlyDictionary<string, long>> DocumentFrequency(TenantId tenant, IReadOnlyList<string> stems, CancellationToken cancellation) =>
        (await database.List(tenant, ask => ask.Add(PostgresIndexSql.Frequencies).Texts(PostgresIndexSql.Clean(stems)), PostgresIndexRows.Frequency, cancellation))
            .ToDictionary(StringComparer.Ordinal);

    public Task<IReadOnlyList<IndexedChunk>> ChunksOf(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add(PostgresIndexSql.TextsOfRecord).Text(stream).Bytes(PostgresKey.Of(key)), PostgresIndexRows.Chunk, cancellation);

    public Task<IndexedState?> StateOf(TenantId tenant, string stream, string key, CancellationToken cancellation) =>
        database.Find(tenant, ask => ask.Add("SELECT version, chunks, indexed_at FROM sophia.index_records WHERE tenant=$1 AND stream=$2 AND key=$3").Text(stream).Bytes(PostgresKey.Of(key)),
            row => new IndexedState(row.GetInt64(0), row.GetInt32(1), row.Time(2)), cancellation);
}
