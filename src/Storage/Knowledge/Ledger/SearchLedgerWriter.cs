using Sophia.Log;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Changes the ledger. Passages are written between <see cref="Begin"/> and <see cref="Commit"/>, whose transaction is the moment in which they take the place of the older ones.</summary>
internal sealed class SearchLedgerWriter(PostgresDatabase database, string engine)
{
    /// <summary>Leavings that are swept at a time.</summary>
    private const int MaxSwept = 5_000;

    /// <summary>Plans new editions. Whatever another attempt has planned is doomed by it. Null unless the cursor is where it was expected.</summary>
    /// <param name="build">The name of the index, should it begin with this.</param>
    public Task<LedgerPlan?> Begin(TenantId tenant, IndexCursor expected, IReadOnlyList<PlannedRecord> records, string build, CancellationToken cancellation) =>
        database.Write<LedgerPlan?>(tenant, async transaction =>
        {
            var (progress, known) = await Ask(transaction, records);
            var starts = progress is null || progress.Engine != engine;
            if ((starts ? new IndexCursor(0, 0) : progress!.Cursor) != expected)
                return null;
            if (starts)
            {
                await Clear(transaction, build, 0, keepLeavings: false);
                known = [];
            }
            var (record, chunk) = (progress?.LastRecord ?? 0, progress?.LastChunk ?? 0);
            var placed = records.Select((planned, of) =>
            {
                var first = chunk + 1;
                chunk += planned.Chunks;
                return new PlacedRecord(planned, known.TryGetValue(of, out var id) ? id : ++record, planned.Chunks == 0 ? 0 : first);
            }).ToList();
            await transaction.Tell(tell =>
            {
                tell.Add("UPDATE sophia.search_leavings SET doomed=true, late=true WHERE tenant=$1 AND NOT doomed");
                tell.Add("INSERT INTO sophia.search_leavings(tenant, id, whole, doomed, late) SELECT $1, w.id, false, false, false FROM unnest($2::text[]) AS w(id)").Texts(Editions(placed));
                tell.Add("UPDATE sophia.search_progress SET last_record=$2, last_chunk=$3 WHERE tenant=$1").Int(record).Int(chunk);
            });
            return new LedgerPlan(starts ? build : progress!.Build, placed, await Doomed(transaction));
        }, cancellation);

    /// <summary>From here on the planned editions count, and the cursor has moved. False where another attempt or a reset came between; then nothing has changed.</summary>
    public Task<bool> Commit(TenantId tenant, LedgerPlan plan, IndexCursor expected, IndexCursor next, DateTimeOffset at, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        var editions = Editions(plan.Records);
        long[] ids = [.. plan.Records.Select(record => record.Id)];
        var (progress, held) = await transaction.Ask(ask =>
        {
            ask.Add(SearchLedger.Progress);
            ask.Add("SELECT count(*) FROM sophia.search_leavings WHERE tenant=$1 AND id = ANY($2) AND NOT doomed").Texts(editions);
        }, async reader =>
        {
            var stands = (await reader.Rows(LedgerProgress.Of)).FirstOrDefault();
            await reader.NextResultAsync();
            return (stands, (await reader.Rows(row => row.GetInt64(0)))[0]);
        });
        if (progress?.Engine != engine || progress.Build != plan.Build || progress.Cursor != expected || held != editions.Length)
            return false;
        await transaction.Tell(tell =>
        {
            tell.Add("""
                INSERT INTO sophia.search_leavings(tenant, id, whole, doomed, late)
                SELECT $1, r.edition, false, true, false FROM unnest($2::bigint[]) AS w(id) JOIN sophia.search_records r ON r.tenant=$1 AND r.id=w.id WHERE r.chunks > 0 ON CONFLICT DO NOTHING
                """).Ints(ids);
            tell.Add("""
                WITH gone AS (DELETE FROM sophia.search_vectors v USING
                    (SELECT c.id FROM unnest($2::bigint[]) AS w(id) JOIN sophia.search_records r ON r.tenant=$1 AND r.id=w.id CROSS JOIN LATERAL generate_series(r.first_chunk, r.first_chunk + r.chunks - 1) AS c(id)) old
                    WHERE v.tenant=$1 AND v.chunk=old.id RETURNING v.vector)
                UPDATE sophia.search_embedders e SET vectors = e.vectors - g.n FROM (SELECT vector, count(*) AS n FROM gone GROUP BY vector) g WHERE e.tenant=$1 AND e.vector=g.vector
                """).Ints(ids);
            tell.Add("""
                UPDATE sophia.search_progress SET position=$3, version=$4, chunks = chunks + $5 - (SELECT coalesce(sum(r.chunks), 0) FROM unnest($2::bigint[]) AS w(id) JOIN sophia.search_records r ON r.tenant=$1 AND r.id=w.id)
                WHERE tenant=$1
                """).Ints(ids).Int(next.Position).Int(next.Version).Int(plan.Records.Sum(record => (long)record.Planned.Chunks));
            tell.Add("""
                INSERT INTO sophia.search_records(tenant, id, stream, key, version, edition, first_chunk, chunks, kinds, indexed_at)
                SELECT $1, w.id, w.stream, w.key, w.version, w.edition, w.first_chunk, w.chunks, w.kinds, $10
                FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[], $9::smallint[]) AS w(id, stream, key, version, edition, first_chunk, chunks, kinds)
                ON CONFLICT(tenant, id) DO UPDATE SET version=excluded.version, edition=excluded.edition, first_chunk=excluded.first_chunk, chunks=excluded.chunks, kinds=excluded.kinds, indexed_at=excluded.indexed_at
                """).Ints(ids).Texts([.. plan.Records.Select(r => r.Planned.Stream)]).Blobs([.. plan.Records.Select(r => Key(r.Planned))]).Ints([.. plan.Records.Select(r => r.Planned.Version)])
                .Texts([.. plan.Records.Select(r => r.Planned.Edition)]).Ints([.. plan.Records.Select(r => r.FirstChunk)]).Ints([.. plan.Records.Select(r => (long)r.Planned.Chunks)])
                .Shorts([.. plan.Records.Select(r => r.Planned.Kinds)]).Time(at);
            tell.Add("DELETE FROM sophia.search_leavings WHERE tenant=$1 AND id = ANY($2)").Texts(editions);
        });
        return true;
    }, cancellation);

    /// <summary>Forgets records that have no passages any more, their keys included.</summary>
    public Task<bool> Forget(TenantId tenant, IReadOnlyList<RecordKey> records, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        await transaction.Tell(tell => tell.Add("DELETE FROM sophia.search_records r USING unnest($2::text[], $3::bytea[]) AS w(stream, key) WHERE r.tenant=$1 AND r.stream=w.stream AND r.key=w.key AND r.chunks=0")
            .Texts([.. records.Select(record => record.Stream)]).Blobs([.. records.Select(record => (ReadOnlyMemory<byte>)PostgresKey.Of(record.Key))]));
        return true;
    }, cancellation);

    /// <summary>Begins the index anew under a chunker's version; what it was is left to be swept.</summary>
    public Task Reset(TenantId tenant, int version, string build, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        var (progress, _) = await Ask(transaction, []);
        var stays = progress?.Engine == engine;
        if (stays)
            await transaction.Tell(tell => tell.Add("INSERT INTO sophia.search_leavings(tenant, id, whole, doomed, late) VALUES($1, $2, true, true, true)").Text(progress!.Build));
        await Clear(transaction, build, version, stays);
        return true;
    }, cancellation);

    /// <summary>What is to be swept out of the engine.</summary>
    public Task<IReadOnlyList<Leaving>> Doomed(TenantId tenant, CancellationToken cancellation) => database.Write(tenant, Doomed, cancellation, waitsForDisk: false);

    /// <summary>Forgets leavings that were swept. Those of an attempt that was given up stay for ten minutes and are swept again, since a request of whoever was cut off may still arrive.</summary>
    public Task Swept(TenantId tenant, IReadOnlyList<Leaving> leavings, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        await transaction.Tell(tell => tell.Add("DELETE FROM sophia.search_leavings WHERE tenant=$1 AND id = ANY($2) AND doomed AND (NOT late OR since < now() - interval '10 minutes')")
            .Texts([.. leavings.Select(leaving => leaving.Id)]));
        return true;
    }, cancellation, waitsForDisk: false);

    /// <summary>Notes whose vectors the passages have; those that have left the index meanwhile are passed over.</summary>
    public Task Kept(TenantId tenant, string vector, EmbedderId embedder, IReadOnlyList<LedgerChunk> chunks, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        await transaction.Tell(tell =>
        {
            Know(tell, vector, embedder);
            tell.Add("""
                WITH kept AS (INSERT INTO sophia.search_vectors(tenant, chunk, vector)
                    SELECT $1, w.chunk, $2 FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS w(chunk, record, edition) JOIN sophia.search_records r ON r.tenant=$1 AND r.id=w.record AND r.edition=w.edition
                    ON CONFLICT DO NOTHING RETURNING 1)
                UPDATE sophia.search_embedders SET vectors = vectors + (SELECT count(*) FROM kept), changes = changes + 1 WHERE tenant=$1 AND vector=$2
                """).Text(vector).Ints([.. chunks.Select(c => c.Chunk)]).Ints([.. chunks.Select(c => c.Record.Id)]).Texts([.. chunks.Select(c => c.Record.Edition)]);
        });
        // What is done from the start on is not looked through again by who asks what is lacking.
        var done = await transaction.Ask(ask =>
        {
            ask.Add(SearchLedger.Progress);
            ask.Add("SELECT done FROM sophia.search_embedders WHERE tenant=$1 AND vector=$2").Text(vector);
        }, async reader =>
        {
            var last = (await reader.Rows(LedgerProgress.Of)).FirstOrDefault()?.LastChunk ?? 0;
            await reader.NextResultAsync();
            return (Last: last, Before: (await reader.Rows(row => row.GetInt64(0)))[0]);
        });
        var lacking = await transaction.Ask(ask => ask.Add(SearchLedger.Lacks("$4")).Text(vector).Int(1).Int(done.Before), reader => reader.Rows(row => row.GetInt64(0)));
        await transaction.Tell(tell => tell.Add("UPDATE sophia.search_embedders SET done=$3 WHERE tenant=$1 AND vector=$2").Text(vector).Int(lacking.Count > 0 ? lacking[0] : done.Last + 1));
        return true;
    }, cancellation);

    /// <summary>This embedder's vectors answer, all others' are forgotten.</summary>
    public Task Answer(TenantId tenant, string vector, EmbedderId embedder, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        await transaction.Tell(tell =>
        {
            Know(tell, vector, embedder);
            tell.Add("DELETE FROM sophia.search_vectors WHERE tenant=$1 AND vector<>$2").Text(vector);
            tell.Add("DELETE FROM sophia.search_embedders WHERE tenant=$1 AND vector<>$2").Text(vector);
            tell.Add("UPDATE sophia.search_embedders SET answering=true WHERE tenant=$1 AND vector=$2").Text(vector);
        });
        return true;
    }, cancellation);

    private static void Know(TenantStatements tell, string vector, EmbedderId embedder) => tell.Add("""
        INSERT INTO sophia.search_embedders(tenant, vector, model, version, dimensions, answering, vectors, done, changes) VALUES($1, $2, $3, $4, $5, false, 0, 0, 0) ON CONFLICT DO NOTHING
        """).Text(vector).Text(embedder.Model).Int(embedder.Version).Int(embedder.Dimensions);

    private static Task<(LedgerProgress? Progress, Dictionary<int, long> Known)> Ask(TenantTransaction transaction, IReadOnlyList<PlannedRecord> records) => transaction.Ask(ask =>
    {
        ask.Add(SearchLedger.Progress);
        ask.Add("SELECT w.place, r.id FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS w(stream, key, place) JOIN sophia.search_records r ON r.tenant=$1 AND r.stream=w.stream AND r.key=w.key")
            .Texts([.. records.Select(r => r.Stream)]).Blobs([.. records.Select(Key)]);
    }, async reader =>
    {
        var progress = (await reader.Rows(LedgerProgress.Of)).FirstOrDefault();
        await reader.NextResultAsync();
        return (progress, (await reader.Rows(row => (Place: (int)row.GetInt64(0) - 1, Id: row.GetInt64(1)))).ToDictionary(row => row.Place, row => row.Id));
    });

    private Task Clear(TenantTransaction transaction, string build, int version, bool keepLeavings) => transaction.Tell(tell =>
    {
        tell.Add(keepLeavings ? "UPDATE sophia.search_leavings SET doomed=true, late=true WHERE tenant=$1" : "DELETE FROM sophia.search_leavings WHERE tenant=$1");
        tell.Add("DELETE FROM sophia.search_vectors WHERE tenant=$1");
        tell.Add("DELETE FROM sophia.search_embedders WHERE tenant=$1");
        tell.Add("DELETE FROM sophia.search_records WHERE tenant=$1");
        tell.Add("""
            INSERT INTO sophia.search_progress(tenant, engine, build, position, version, chunks, last_record, last_chunk) VALUES($1, $2, $3, 0, $4, 0, 0, 0)
            ON CONFLICT(tenant) DO UPDATE SET engine=$2, build=$3, position=0, version=$4, chunks=0
            """).Text(engine).Text(build).Int(version);
    });

    private static Task<IReadOnlyList<Leaving>> Doomed(TenantTransaction transaction) => transaction.Ask<IReadOnlyList<Leaving>>(
        ask => ask.Add("SELECT id, whole FROM sophia.search_leavings WHERE tenant=$1 AND doomed ORDER BY since LIMIT $2").Int(MaxSwept),
        async reader => await reader.Rows(row => new Leaving(row.GetString(0), row.GetBoolean(1))));

    private static string[] Editions(IEnumerable<PlacedRecord> records) => [.. records.Where(record => record.Planned.Chunks > 0).Select(record => record.Planned.Edition)];

    private static ReadOnlyMemory<byte> Key(PlannedRecord record) => PostgresKey.Of(record.Key);
}

/// <summary>A record whose passages are about to be written under a new edition.</summary>
internal sealed record PlannedRecord(string Stream, string Key, long Version, string Edition, int Chunks, short Kinds);

/// <param name="FirstChunk">The id of its first passage; the others follow.</param>
internal sealed record PlacedRecord(PlannedRecord Planned, long Id, long FirstChunk);

/// <param name="Doomed">What is to be swept by the way.</param>
internal sealed record LedgerPlan(string Build, IReadOnlyList<PlacedRecord> Records, IReadOnlyList<Leaving> Doomed);

/// <param name="Whole">Whether it is the name of a whole build, not of an edition.</param>
internal sealed record Leaving(string Id, bool Whole);
