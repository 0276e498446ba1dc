using Sophia.Log;
using Sophia.Postgres;

namespace Sophia.Knowledge;

/// <summary>Records to index with their words counted, which is done before the tenant's row is locked; then written by whole columns.</summary>
internal sealed class PostgresIndexBatch
{
    private readonly IReadOnlyList<IndexedRecord> records;
    private readonly DateTimeOffset at;
    private readonly List<Counted> chunks = [];

    public PostgresIndexBatch(IReadOnlyList<IndexedRecord> records, DateTimeOffset at)
    {
        (this.records, this.at) = (records, at);
        var analyzer = new WordAnalyzer();
        for (var of = 0; of < records.Count; of++)
            foreach (var chunk in records[of].Chunks)
                chunks.Add(Count(analyzer, of, records[of].Title, chunk));
    }

    /// <summary>About how much it writes.</summary>
    public int Bytes => (int)Math.Min(int.MaxValue, chunks.Sum(chunk => 2L * chunk.Body.Length));

    /// <summary>Whether the index stood where it was expected; only then anything is written.</summary>
    public async Task<bool> Write(TenantTransaction transaction, IndexCursor expected, IndexCursor next)
    {
        var (progress, known) = await transaction.Ask(ask =>
        {
            ask.Add("SELECT position, version, last_record, last_chunk FROM sophia.index_progress WHERE tenant=$1");
            ask.Add("SELECT w.place, r.id FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS w(stream, key, place) JOIN sophia.index_records r ON r.tenant=$1 AND r.stream=w.stream AND r.key=w.key")
                .Texts([.. records.Select(r => r.Stream)]).Blobs([.. records.Select(r => (ReadOnlyMemory<byte>)PostgresKey.Of(r.Key))]);
        }, async reader =>
        {
            var stands = (await reader.Rows(row => new Progress(new(row.GetInt64(0), row.GetInt32(1)), row.GetInt64(2), row.GetInt64(3)))).FirstOrDefault(new Progress(new(0, 0), 0, 0));
            await reader.NextResultAsync();
            return (stands, (await reader.Rows(row => (Place: (int)row.GetInt64(0) - 1, Id: row.GetInt64(1)))).ToDictionary(row => row.Place, row => row.Id));
        });
        if (progress.Cursor != expected)
            return false;
        var record = progress.LastRecord;
        long[] ids = [.. records.Select((_, of) => known.TryGetValue(of, out var id) ? id : ++record)];
        await transaction.Tell(tell =>
        {
            Remove(tell, [.. known.Values]);
            WriteRecords(tell, ids);
            WriteChunks(tell, ids, progress.LastChunk);
            WriteWords(tell, progress.LastChunk);
            tell.Add("""
                INSERT INTO sophia.index_progress(tenant, position, version, chunks, words, last_record, last_chunk) VALUES($1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT(tenant) DO UPDATE SET position=$2, version=$3, chunks=index_progress.chunks+$4, words=index_progress.words+$5, last_record=$6, last_chunk=$7
                """).Int(next.Position).Int(next.Version).Int(chunks.Count).Int(chunks.Sum(chunk => (long)chunk.Length)).Int(record).Int(progress.LastChunk + chunks.Count);
        });
        return true;
    }

    /// <summary>Removes what is known of records, their keys included.</summary>
    public static async Task<bool> Erase(TenantTransaction transaction, IReadOnlyList<RecordKey> records)
    {
        long[] known = [.. await transaction.Ask(
            ask => ask.Add("SELECT r.id FROM unnest($2::text[], $3::bytea[]) AS w(stream, key) JOIN sophia.index_records r ON r.tenant=$1 AND r.stream=w.stream AND r.key=w.key")
                .Texts([.. records.Select(r => r.Stream)]).Blobs([.. records.Select(r => (ReadOnlyMemory<byte>)PostgresKey.Of(r.Key))]),
            reader => reader.Rows(row => row.GetInt64(0)))];
        await transaction.Tell(tell =>
        {
            Remove(tell, known);
            tell.Add("DELETE FROM sophia.index_records WHERE tenant=$1 AND id = ANY($2)").Ints(known);
        });
        return known.Length > 0;
    }

    private static void Remove(TenantStatements tell, long[] known)
    {
        if (known.Length == 0)
            return;
        PostgresVectorSql.Leave(tell, known);
        tell.Add("""
            DELETE FROM sophia.index_words w USING (SELECT DISTINCT c.id, unnest(c.stems) AS stem FROM sophia.index_chunks c WHERE c.tenant=$1 AND c.record = ANY($2)) gone
            WHERE w.tenant=$1 AND w.stem=gone.stem AND w.chunk=gone.id
            """).Ints(known);
        tell.Add("""
            WITH gone AS (DELETE FROM sophia.index_chunks WHERE tenant=$1 AND record = ANY($2) RETURNING length)
            UPDATE sophia.index_progress SET chunks = chunks - (SELECT count(*) FROM gone), words = words - (SELECT coalesce(sum(length), 0) FROM gone) WHERE tenant=$1
            """).Ints(known);
    }

    private void WriteRecords(TenantStatements tell, long[] ids) => tell.Add("""
        INSERT INTO sophia.index_records(tenant, id, stream, key, version, at, title, fields, chunks, indexed_at)
        SELECT $1, w.id, w.stream, w.key, w.version, to_timestamp(w.at / 1000.0), w.title, w.fields::jsonb, w.chunks, $10
        FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::bigint[]) AS w(id, stream, key, version, at, title, fields, chunks)
        ON CONFLICT(tenant, id) DO UPDATE SET version=excluded.version, at=excluded.at, title=excluded.title, fields=excluded.fields, chunks=excluded.chunks, indexed_at=excluded.indexed_at
        """).Ints(ids).Texts([.. records.Select(r => r.Stream)]).Blobs([.. records.Select(r => (ReadOnlyMemory<byte>)PostgresKey.Of(r.Key))]).Ints([.. records.Select(r => r.Version)])
        .Ints([.. records.Select(r => r.At.ToUnixTimeMilliseconds())]).Texts([.. records.Select(r => ChunkJson.Texts([r.Title]))])
        .Texts([.. records.Select(r => ChunkJson.Fields(PostgresIndexSql.Clean(r.Fields)))]).Ints([.. records.Select(r => (long)r.Chunks.Count)]).Time(at);

    private void WriteChunks(TenantStatements tell, long[] ids, long before)
    {
        if (chunks.Count == 0)
            return;
        tell.Add("""
            INSERT INTO sophia.index_chunks(tenant, id, record, ordinal, kind, speakers, names, rank_words, body, spans, stems, length)
            SELECT $1, $2 + w.place, w.record, w.ordinal, w.kind, w.speakers, ARRAY(SELECT lower(name) FROM json_array_elements_text(w.names::json) AS name), w.rank_words, w.body, w.spans,
                string_to_array(w.stems, ' '), w.length
            FROM unnest($3::bigint[], $4::bigint[], $5::smallint[], $6::text[], $7::text[], $8::bytea[], $9::text[], $10::text[], $11::text[], $12::bigint[])
                WITH ORDINALITY AS w(record, ordinal, kind, speakers, names, rank_words, body, spans, stems, length, place)
            """).Int(before).Ints([.. chunks.Select(c => ids[c.Record])]).Ints([.. chunks.Select(c => (long)c.Chunk.Ordinal)]).Shorts([.. chunks.Select(c => (short)c.Chunk.Kind)])
            .Texts([.. chunks.Select(c => ChunkJson.Texts(c.Chunk.Speakers))]).Texts([.. chunks.Select(c => ChunkJson.Texts(PostgresIndexSql.Clean(c.Chunk.Speakers)))])
            .Blobs([.. chunks.Select(c => c.Chunk.Words)]).Texts([.. chunks.Select(c => c.Body)]).Texts([.. chunks.Select(c => ChunkJson.Spans(c.Chunk.Spans))])
            .Texts([.. chunks.Select(c => string.Join(' ', c.Stems.Keys))]).Ints([.. chunks.Select(c => (long)c.Length)]);
    }

    private void WriteWords(TenantStatements tell, long before)
    {
        var words = chunks.SelectMany((chunk, place) => chunk.Stems.Select(stem => (Stem: stem.Key, Chunk: before + place + 1, Count: (long)stem.Value, Length: (long)chunk.Length)))
            .OrderBy(word => word.Stem, StringComparer.Ordinal).ToList();
        if (words.Count > 0)
            tell.Add("""
                INSERT INTO sophia.index_words(tenant, stem, chunk, count, length)
                SELECT $1, w.stem, w.chunk, w.count, w.length FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) AS w(stem, chunk, count, length)
                """).Texts([.. words.Select(w => w.Stem)]).Ints([.. words.Select(w => w.Chunk)]).Ints([.. words.Select(w => w.Count)]).Ints([.. words.Select(w => w.Length)]);
    }

    private static Counted Count(WordAnalyzer analyzer, int record, string title, Chunk chunk)
    {
        var stems = new Dictionary<string, int>(StringComparer.Ordinal);
        var length = 0;
        foreach (var text in (string[])[title, chunk.Section ?? "", Identifiers.Indexed(chunk)])
        {
            _ = PostgresKey.Of(text); // Refuses half a character, as SQLite does.
            foreach (var word in analyzer.Words(text))
            {
                stems[word.Stem] = stems.GetValueOrDefault(word.Stem) + 1;
                length++;
            }
        }
        stems.Remove("");
        return new Counted(record, chunk, ChunkJson.Texts([chunk.Section ?? "", chunk.Text]), stems, length);
    }

    private sealed record Counted(int Record, Chunk Chunk, string Body, Dictionary<string, int> Stems, int Length);

    private sealed record Progress(IndexCursor Cursor, long LastRecord, long LastChunk);
}
