using Sophia.Sqlite;

namespace Sophia.Knowledge;

/// <summary>Replaces records' chunks on the writing connection, inside its transaction.</summary>
/// <remarks>The words table holds no text of its own: what leaves it must be named exactly as it went in, so it is read from the chunk first.</remarks>
internal sealed class IndexWriter(DatabaseConnection database)
{
    private readonly List<long> removed = [];

    /// <summary>The chunks that left the index.</summary>
    public IReadOnlyList<long> Removed => removed;

    public bool Apply(IndexCursor expected, IndexCursor next, IReadOnlyList<IndexedRecord> records, DateTimeOffset at)
    {
        if (new IndexReader(database).Cursor() != expected)
            return false;
        var change = 0L;
        foreach (var record in records)
            change += Replace(record, at);
        Move(next, change);
        return true;
    }

    public void Erase(IReadOnlyList<Log.RecordKey> records)
    {
        database.Execute("PRAGMA secure_delete=ON");
        try
        {
            foreach (var record in records)
                if (Find(record.Stream, record.Key) is { } known)
                {
                    var left = RemoveChunks(known);
                    database.Prepare("DELETE FROM record WHERE id = ?1").Int(1, known).Run();
                    database.Prepare("UPDATE progress SET chunks = chunks - ?1").Int(1, left).Run();
                }
        }
        finally
        {
            database.Execute("PRAGMA secure_delete=OFF");
        }
    }

    public void Reset(int version)
    {
        database.Execute("INSERT INTO chunk_words(chunk_words) VALUES ('delete-all'); DELETE FROM chunk; DELETE FROM record;");
        new SqliteVectors(database).Empty();
        using var update = database.Prepare("UPDATE progress SET position = 0, version = ?1, chunks = 0");
        update.Int(1, version).Run();
    }

    private long Replace(IndexedRecord record, DateTimeOffset at)
    {
        var id = Record(record, at, out var left);
        foreach (var chunk in record.Chunks)
            Insert(id, record.Title, chunk);
        return record.Chunks.Count - left;
    }

    private long Record(IndexedRecord record, DateTimeOffset at, out long left)
    {
        left = 0;
        if (Find(record.Stream, record.Key) is { } known)
        {
            left = RemoveChunks(known);
            using var update = database.Prepare("UPDATE record SET version = ?2, position = ?3, at = ?4, title = ?5, fields = ?6, chunks = ?7, indexed_at = ?8 WHERE id = ?1");
            Facts(update.Int(1, known), 2, record, at).Run();
            return known;
        }
        using var insert = database.Prepare("INSERT INTO record(stream, key, version, position, at, title, fields, chunks, indexed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        Facts(insert.Text(1, record.Stream).Text(2, record.Key), 3, record, at).Run();
        return database.Scalar("SELECT last_insert_rowid()");
    }

    private static SqliteStatement Facts(SqliteStatement statement, int from, IndexedRecord record, DateTimeOffset at) => statement
        .Int(from, record.Version).Int(from + 1, record.Position).Int(from + 2, record.At.ToUnixTimeMilliseconds()).Text(from + 3, record.Title)
        .Text(from + 4, ChunkJson.Fields(record.Fields)).Int(from + 5, record.Chunks.Count).Int(from + 6, at.ToUnixTimeMilliseconds());

    private long? Find(string stream, string key)
    {
        using var select = database.Prepare("SELECT id FROM record WHERE stream = ?1 AND key = ?2");
        return select.Text(1, stream).Text(2, key).Step() ? select.Int(0) : null;
    }

    private long RemoveChunks(long record)
    {
        using (var words = database.Prepare(
            "INSERT INTO chunk_words(chunk_words, rowid, title, section, text) SELECT 'delete', id, title, section, text FROM chunk WHERE record = ?1 AND kind <> ?2"))
            words.Int(1, record).Int(2, (long)ChunkKind.Function).Run();
        foreach (var (id, title, chunk) in Code(record))
        {
            using var words = database.Prepare("INSERT INTO chunk_words(chunk_words, rowid, title, section, text) VALUES ('delete', ?1, ?2, ?3, ?4)");
            words.Int(1, id).Text(2, title).Text(3, chunk.Section!).Text(4, Identifiers.Indexed(chunk)).Run();
        }
        new SqliteVectors(database).Leave(record);
        using (var leaving = database.Prepare("SELECT id FROM chunk WHERE record = ?1"))
            for (leaving.Int(1, record); leaving.Step();)
                removed.Add(leaving.Int(0));
        using var delete = database.Prepare("DELETE FROM chunk WHERE record = ?1");
        delete.Int(1, record).Run();
        return database.Scalar("SELECT changes()");
    }

    private List<(long Id, string Title, Chunk Chunk)> Code(long record)
    {
        var chunks = new List<(long, string, Chunk)>();
        using var select = database.Prepare("SELECT id, ordinal, title, section, text FROM chunk WHERE record = ?1 AND kind = ?2");
        select.Int(1, record).Int(2, (long)ChunkKind.Function);
        while (select.Step())
            chunks.Add((select.Int(0), select.Text(2), new Chunk((int)select.Int(1), ChunkKind.Function, select.Text(4), select.Text(3), [], [])));
        return chunks;
    }

    private void Insert(long record, string title, Chunk chunk)
    {
        using (var insert = database.Prepare("INSERT INTO chunk(record, ordinal, kind, speakers, words, title, section, text, spans) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"))
            insert.Int(1, record).Int(2, chunk.Ordinal).Int(3, (long)chunk.Kind).Text(4, ChunkJson.Texts(chunk.Speakers)).Blob(5, chunk.Words.Span)
                .Text(6, title).Text(7, chunk.Section ?? "").Text(8, chunk.Text).Text(9, ChunkJson.Spans(chunk.Spans)).Run();
        using var words = database.Prepare("INSERT INTO chunk_words(rowid, title, section, text) VALUES (last_insert_rowid(), ?1, ?2, ?3)");
        words.Text(1, title).Text(2, chunk.Section ?? "").Text(3, Identifiers.Indexed(chunk)).Run();
    }

    private void Move(IndexCursor next, long change)
    {
        using var update = database.Prepare("UPDATE progress SET position = ?1, version = ?2, chunks = chunks + ?3");
        update.Int(1, next.Position).Int(2, next.Version).Int(3, change).Run();
    }
}
