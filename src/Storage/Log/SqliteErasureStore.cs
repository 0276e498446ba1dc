using System.Buffers.Binary;
using Sophia.Knowledge;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Erasure in SQLite: rows of log.db go, and the files are written anew so that no freed page holds what went.</summary>
internal sealed class SqliteErasureStore(DatabaseFiles files, IRecordMarks? marks = null) : IErasureStore
{
    public Task Remove(TenantId tenant, string erasure, IReadOnlyList<RecordKey> records, IReadOnlyList<long> items, DateTimeOffset at, CancellationToken cancellation) =>
        files.Write(tenant, LogSchema.Kind, connection =>
        {
            connection.Companion(static c => new LogWriter(c)).Erase(erasure, records, items, at, new ErasureMarks(marks, tenant));
            return true;
        }, cancellation);

    public Task<long> RemoveChat(TenantId tenant, string session, CancellationToken cancellation) => files.Exists(tenant, LogSchema.Kind)
        ? files.Write(tenant, LogSchema.Kind, connection => connection.Companion(static c => new LogWriter(c)).EraseChat(session), cancellation) : Task.FromResult(0L);

    public Task<ErasedCounts> Counts(TenantId tenant, string erasure, CancellationToken cancellation) => files.Read(tenant, LogSchema.Kind, connection =>
    {
        using var records = connection.Prepare("SELECT count(*), coalesce(sum(versions), 0) FROM erased WHERE erasure=?1").Text(1, erasure);
        using var items = connection.Prepare("SELECT count(*) FROM quarantine WHERE note=?1").Text(1, ErasedItem.Note(erasure));
        return records.Step() && items.Step() ? new ErasedCounts(records.Int(0), records.Int(1), items.Int(0)) : new ErasedCounts(0, 0, 0);
    }, new ErasedCounts(0, 0, 0), cancellation);

    public Task<IReadOnlyList<long>> ItemsOf(TenantId tenant, IReadOnlyList<RecordKey> records, CancellationToken cancellation) =>
        files.Read<IReadOnlyList<long>>(tenant, LogSchema.Kind, connection => LogEraser.ItemsOf(connection, records), [], cancellation);

    public Task<IReadOnlyList<BlockedMark>> Blocked(TenantId tenant, BlockedMark? after, int limit, CancellationToken cancellation) => files.Read<IReadOnlyList<BlockedMark>>(tenant, LogSchema.Kind, connection =>
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, after?.Mark ?? 0);
        using var rows = connection.Prepare("SELECT stream, mark, erasure, at FROM erased WHERE ?1 IS NULL OR (stream, mark) > (?1, ?2) ORDER BY stream, mark LIMIT ?3").Text(1, after?.Stream).Blob(2, bytes).Int(3, limit);
        var found = new List<BlockedMark>();
        while (rows.Step())
            found.Add(new BlockedMark(rows.Text(0), BinaryPrimitives.ReadUInt128BigEndian(rows.Bytes(1)), rows.Text(2), LogTime.FromMicros(rows.Int(3))));
        return found;
    }, [], cancellation);

    public Task<int> Allow(TenantId tenant, IReadOnlyList<UInt128> allowed, CancellationToken cancellation) => files.Exists(tenant, LogSchema.Kind)
        ? files.Write(tenant, LogSchema.Kind, connection => connection.Companion(static c => new LogWriter(c)).Allow(allowed), cancellation) : Task.FromResult(0);

    public async Task Scrub(TenantId tenant, CancellationToken cancellation)
    {
        await files.Rewrite(tenant, LogSchema.Kind, null, cancellation);
        await ScrubIndex(files, tenant, cancellation);
    }

    // Merging all words' segments into one drops the words of passages that left.
    public static Task ScrubIndex(DatabaseFiles files, TenantId tenant, CancellationToken cancellation) =>
        files.Rewrite(tenant, IndexSchema.Kind, "INSERT INTO chunk_words(chunk_words) VALUES('optimize')", cancellation);
}
