using System.Text;
using Sophia.Postgres;
using Sophia.Quality;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Erasure in PostgreSQL. The bytes of removed rows go when the server's autovacuum passes and its write-ahead log is recycled; nobody but its owner can hurry that.</summary>
/// <param name="files">Of the data folder, whose index may be in use beside the database; null: there is none.</param>
internal sealed class PostgresErasureStore(PostgresDatabase database, IRecordMarks? marks = null, DatabaseFiles? files = null) : IErasureStore
{
    private const string Chains = """
        WITH RECURSIVE asked AS (SELECT * FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS w(stream, key, place)),
        head AS (SELECT a.place, h.position, h.operation, h.stream_id, h.key FROM asked a JOIN sophia.streams s ON s.tenant=$1 AND s.name=a.stream
            CROSS JOIN LATERAL (SELECT * FROM sophia.heads WHERE tenant=$1 AND stream_id=s.id AND key=a.key OFFSET 0) AS h),
        chain(place, position, previous) AS (
            SELECT h.place, l.position, l.previous FROM head h CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=h.position OFFSET 0) AS l
            UNION ALL
            SELECT c.place, b.position, b.previous FROM chain c CROSS JOIN LATERAL (SELECT * FROM sophia.log WHERE tenant=$1 AND position=c.previous OFFSET 0) AS b)
        SELECT c.place, c.position, h.operation FROM chain c JOIN head h ON h.place=c.place
        """;

    private const string ItemsOfKeys = "SELECT q.id FROM unnest($2::text[], $3::bytea[]) AS w(stream, key) JOIN sophia.quarantine q ON q.tenant=$1 AND q.stream=w.stream AND q.key=w.key";

    public Task Remove(TenantId tenant, string erasure, IReadOnlyList<RecordKey> records, IReadOnlyList<long> items, DateTimeOffset at, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        string[] streams = [.. records.Select(record => record.Stream)];
        ReadOnlyMemory<byte>[] keys = [.. records.Select(record => (ReadOnlyMemory<byte>)PostgresKey.Of(record.Key))];
        var (rows, held, work) = await transaction.Ask(ask =>
        {
            ask.Add(Chains).Texts(streams).Blobs(keys);
            ask.Add($"SELECT id, state, pipeline, stream, reasons, coalesce(note, '') FROM sophia.quarantine WHERE tenant=$1 AND (id = ANY($4) OR id IN ({ItemsOfKeys})) ORDER BY id").Texts(streams).Blobs(keys).Ints([.. items]);
            ErasedWork.Ask(ask);
        }, async reader =>
        {
            var found = await reader.Rows(row => (Place: (int)row.GetInt64(0) - 1, Position: row.GetInt64(1), Operation: (RecordOperation)row.GetInt16(2)));
            await reader.NextResultAsync();
            var quarantined = await reader.Rows(row => (Id: row.GetInt64(0), State: (QuarantineState)row.GetInt16(1), Pipeline: row.GetString(2), Stream: row.GetString(3),
                Reasons: QuarantineTable.Reasons(Encoding.UTF8.GetBytes(row.GetString(4))), Note: row.GetString(5)));
            await reader.NextResultAsync();
            return (found, quarantined, await reader.Rows(row => (row.GetInt64(0), row.Bytes(1))));
        });
        var own = new ErasureMarks(marks, tenant);
        await transaction.Tell(tell =>
        {
            if (rows.Count > 0)
                RemoveRows(tell, rows, records, own);
            if (rows.Count > 0)
                tell.Add("DELETE FROM sophia.heads h USING unnest($2::text[], $3::bytea[]) AS w(stream, key), sophia.streams s WHERE s.tenant=$1 AND s.name=w.stream AND h.tenant=$1 AND h.stream_id=s.id AND h.key=w.key").Texts(streams).Blobs(keys);
            foreach (var (id, state, pipeline, stream, reasons, note) in held)
                if (note != ErasedItem.Note(erasure))
                    PostgresQuarantine.Erase(tell, id, state == QuarantineState.Held ? (pipeline, stream) : null, reasons, ErasedItem.Note(erasure), at);
            ErasedWork.Erase(tell, work, records, own);
        });
        return true;
    }, cancellation);

    public Task<long> RemoveChat(TenantId tenant, string session, CancellationToken cancellation) => database.Write(tenant, async transaction =>
    {
        var stream = OwnStreams.ChatOf(session);
        var rows = await transaction.Ask(ask => ask.Add(Chains).Texts([stream]).Blobs([PostgresKey.Of(OwnStreams.ChatKey)]), reader => reader.Rows(row => (Position: row.GetInt64(1), Operation: (RecordOperation)row.GetInt16(2))));
        await transaction.Tell(tell =>
        {
            if (rows.Count > 0)
            {
                tell.Add("DELETE FROM sophia.log WHERE tenant=$1 AND position = ANY($2)").Ints([.. rows.Select(row => row.Position)]);
                tell.Add("DELETE FROM sophia.heads h USING sophia.streams s WHERE s.tenant=$1 AND s.name=$2 AND h.tenant=$1 AND h.stream_id=s.id").Text(stream);
                tell.Add("UPDATE sophia.streams SET records=0, deleted=0 WHERE tenant=$1 AND name=$2").Text(stream);
            }
            var (from, before) = LogEraser.OnceKeys(session);
            tell.Add("DELETE FROM sophia.once WHERE tenant=$1 AND key >= $2 AND key < $3").Text(from).Text(before);
        });
        return (long)rows.Count;
    }, cancellation);

    public async Task<ErasedCounts> Counts(TenantId tenant, string erasure, CancellationToken cancellation) => await database.Find(tenant, ask => ask.Add("""
        SELECT (SELECT count(*) FROM sophia.erased WHERE tenant=$1 AND erasure=$2), (SELECT coalesce(sum(versions), 0)::bigint FROM sophia.erased WHERE tenant=$1 AND erasure=$2),
            (SELECT count(*) FROM sophia.quarantine WHERE tenant=$1 AND note=$3)
        """).Text(erasure).Text(ErasedItem.Note(erasure)), row => new ErasedCounts(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), cancellation) ?? new ErasedCounts(0, 0, 0);

    public Task<IReadOnlyList<long>> ItemsOf(TenantId tenant, IReadOnlyList<RecordKey> records, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add($"{ItemsOfKeys} ORDER BY q.id").Texts([.. records.Select(record => record.Stream)]).Blobs([.. records.Select(record => (ReadOnlyMemory<byte>)PostgresKey.Of(record.Key))]),
            row => row.GetInt64(0), cancellation);

    public Task<IReadOnlyList<BlockedMark>> Blocked(TenantId tenant, BlockedMark? after, int limit, CancellationToken cancellation) =>
        database.List(tenant, ask => ask.Add("SELECT stream, mark, erasure, at FROM sophia.erased WHERE tenant=$1 AND ($2 IS NULL OR (stream, mark) > ($2, $3)) ORDER BY stream, mark LIMIT $4")
            .Text(after?.Stream).Bytes(PostgresHeads.Bytes(after?.Mark ?? 0)).Int(limit), row => new BlockedMark(row.GetString(0), row.Hash(1), row.GetString(2), row.Time(3)), cancellation);

    public Task<int> Allow(TenantId tenant, IReadOnlyList<UInt128> allowed, CancellationToken cancellation) => database.Write(tenant, transaction => transaction.Ask(
        ask => ask.Add("WITH gone AS (DELETE FROM sophia.erased WHERE tenant=$1 AND mark = ANY($2) RETURNING 1), said AS (DELETE FROM sophia.erased_contents WHERE tenant=$1 AND mark = ANY($2)) SELECT count(*) FROM gone").Blobs([.. allowed.Select(PostgresHeads.Bytes)]),
        async reader => await reader.ReadAsync() ? (int)reader.GetInt64(0) : 0), cancellation);

    public Task Scrub(TenantId tenant, CancellationToken cancellation) => files is null ? Task.CompletedTask : SqliteErasureStore.ScrubIndex(files, tenant, cancellation);

    private static void RemoveRows(TenantStatements tell, IReadOnlyList<(int Place, long Position, RecordOperation Operation)> rows, IReadOnlyList<RecordKey> records, ErasureMarks marks)
    {
        tell.Add("DELETE FROM sophia.log WHERE tenant=$1 AND position = ANY($2)").Ints([.. rows.Select(row => row.Position)]);
        foreach (var of in rows.GroupBy(row => row.Place))
            tell.Add("UPDATE sophia.erased SET versions=versions+$4 WHERE tenant=$1 AND stream=$2 AND mark=$3").Text(records[of.Key].Stream)
                .Bytes(PostgresHeads.Bytes(marks.Of(records[of.Key].Stream, records[of.Key].Key))).Int(of.Count());
        foreach (var stream in rows.DistinctBy(row => row.Place).GroupBy(row => records[row.Place].Stream, StringComparer.Ordinal))
            tell.Add("UPDATE sophia.streams SET records=records-$3, deleted=deleted-$4 WHERE tenant=$1 AND name=$2").Text(stream.Key)
                .Int(stream.Count(row => row.Operation == RecordOperation.Upsert)).Int(stream.Count(row => row.Operation == RecordOperation.Delete));
    }
}
