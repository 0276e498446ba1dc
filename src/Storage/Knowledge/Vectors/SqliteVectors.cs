using Sophia.Sqlite;

namespace Sophia.Knowledge;

/// <summary>The vectors in an index.db, on one connection.</summary>
/// <remarks>
/// <c>done_to</c>: every chunk up to this one has a vector of the embedder, so nobody looks for lacking ones there again. It holds for ever, because new chunks get higher numbers.
/// What an embedder leaves behind is marked (<c>dropped</c>) and removed piece by piece: a million vectors are no transaction to wait for.
/// </remarks>
internal sealed class SqliteVectors(DatabaseConnection database)
{
    /// <summary>Vectors removed in one transaction.</summary>
    private const int Piece = 20_000;

    /// <summary>Part of format 3 of <see cref="IndexSchema"/>.</summary>
    public const string Tables = """
        CREATE TABLE vector_state(id INTEGER PRIMARY KEY CHECK (id = 1), born INTEGER NOT NULL, changes INTEGER NOT NULL, answering INTEGER);
        INSERT INTO vector_state(id, born, changes, answering) VALUES (1, random(), 0, NULL);
        CREATE TABLE embedder(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            model TEXT NOT NULL, version INTEGER NOT NULL, dimensions INTEGER NOT NULL, format INTEGER NOT NULL,
            vectors INTEGER NOT NULL, done_to INTEGER NOT NULL, dropped INTEGER NOT NULL,
            UNIQUE (model, version, dimensions, format, dropped));
        CREATE TABLE vector(embedder INTEGER NOT NULL, chunk INTEGER NOT NULL, change INTEGER NOT NULL, code BLOB NOT NULL, PRIMARY KEY (embedder, chunk)) WITHOUT ROWID;
        CREATE INDEX vector_by_change ON vector(embedder, change);
        """;

    public VectorState State()
    {
        var vectors = new Dictionary<EmbedderId, long>();
        EmbedderId? answering = null;
        using var select = database.Prepare("SELECT e.model, e.version, e.dimensions, e.vectors, e.id = s.answering FROM embedder e CROSS JOIN vector_state s WHERE e.dropped = 0 AND e.format = ?1 ORDER BY e.id");
        select.Int(1, VectorCode.Format);
        while (select.Step())
        {
            var id = new EmbedderId(select.Text(0), (int)select.Int(1), (int)select.Int(2));
            vectors[id] = select.Int(3);
            if (select.Int(4) == 1)
                answering = id;
        }
        return new VectorState(answering, database.Scalar("SELECT chunks FROM progress"), vectors);
    }

    public List<ChunkText> Lacking(EmbedderId embedder, int limit)
    {
        var (id, doneTo) = Find(embedder);
        using var select = database.Prepare("""
            SELECT c.id, c.title, c.section, c.text FROM chunk c WHERE c.id > ?2 AND NOT EXISTS (SELECT 1 FROM vector v WHERE v.embedder = ?1 AND v.chunk = c.id) ORDER BY c.id LIMIT ?3
            """);
        var lacking = new List<ChunkText>();
        for (select.Int(1, id).Int(2, doneTo).Int(3, limit); select.Step();)
            lacking.Add(new ChunkText(select.Int(0), select.Text(1), select.Text(2) is { Length: > 0 } section ? section : null, select.Text(3)));
        return lacking;
    }

    public void Keep(EmbedderId embedder, IReadOnlyList<(long Chunk, byte[] Code)> vectors)
    {
        var id = FindOrAdd(embedder);
        var change = Changed();
        var added = 0;
        foreach (var (chunk, code) in vectors)
            added += Keep(id, chunk, change, code);
        using (var update = database.Prepare("UPDATE embedder SET vectors = vectors + ?2 WHERE id = ?1"))
            update.Int(1, id).Int(2, added).Run();
        using var done = database.Prepare("""
            UPDATE embedder SET done_to = max(done_to, coalesce(
                (SELECT c.id - 1 FROM chunk c WHERE c.id > embedder.done_to AND NOT EXISTS (SELECT 1 FROM vector v WHERE v.embedder = ?1 AND v.chunk = c.id) ORDER BY c.id LIMIT 1),
                (SELECT max(id) FROM chunk), 0)) WHERE id = ?1
            """);
        done.Int(1, id).Run();
        Sweep();
    }

    public void Answer(EmbedderId embedder)
    {
        var id = FindOrAdd(embedder);
        Changed();
        using (var update = database.Prepare("UPDATE vector_state SET answering = ?1"))
            update.Int(1, id).Run();
        using var drop = database.Prepare("UPDATE embedder SET dropped = id WHERE id <> ?1 AND dropped = 0");
        drop.Int(1, id).Run();
    }

    /// <summary>Removes a piece of what dropped embedders left; false where nothing is left.</summary>
    public bool Sweep()
    {
        if (database.Scalar("SELECT id FROM embedder WHERE dropped <> 0 ORDER BY id LIMIT 1") is not (> 0 and var id))
            return false;
        using (var delete = database.Prepare("DELETE FROM vector WHERE embedder = ?1 AND chunk IN (SELECT chunk FROM vector WHERE embedder = ?1 LIMIT ?2)"))
            delete.Int(1, id).Int(2, Piece).Run();
        using var empty = database.Prepare("DELETE FROM embedder WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM vector WHERE embedder = ?1)");
        empty.Int(1, id).Run();
        return true;
    }

    /// <summary>Takes the vectors of a record's chunks along, before those go.</summary>
    public void Leave(long record)
    {
        foreach (var embedder in Embedders())
        {
            using (var delete = database.Prepare("DELETE FROM vector WHERE embedder = ?1 AND chunk IN (SELECT id FROM chunk WHERE record = ?2)"))
                delete.Int(1, embedder).Int(2, record).Run();
            using var count = database.Prepare("UPDATE embedder SET vectors = vectors - changes() WHERE id = ?1");
            count.Int(1, embedder).Run();
        }
    }

    public void Empty() => database.Execute("DELETE FROM vector; DELETE FROM embedder; UPDATE vector_state SET answering = NULL, changes = changes + 1;");

    /// <summary>The state of the vectors that answer; null: nobody's.</summary>
    public (EmbedderId Id, long Vectors, VectorPlace Place)? Answering()
    {
        using var select = database.Prepare("SELECT e.model, e.version, e.dimensions, e.vectors, s.born, e.id, s.changes FROM vector_state s JOIN embedder e ON e.id = s.answering WHERE e.format = ?1");
        return select.Int(1, VectorCode.Format).Step()
            ? (new EmbedderId(select.Text(0), (int)select.Int(1), (int)select.Int(2)), select.Int(3), new VectorPlace(select.Int(4), select.Int(5), select.Int(6)))
            : null;
    }

    /// <summary>Brings a copy to a state of this connection's transaction.</summary>
    public void Bring(VectorCopy copy, int dimensions, VectorPlace now)
    {
        if (copy.CanFollow(now) && copy.Place == now)
            return;
        // Of what is new only: left to choose, SQLite takes the key for its order and reads all vectors.
        if (!copy.CanFollow(now) || !Read(copy.Rows!, "SELECT chunk, code FROM vector INDEXED BY vector_by_change WHERE embedder = ?1 AND change > ?2 ORDER BY chunk", now.Embedder, copy.Place.Change))
            Read(copy.Begin(dimensions), "SELECT chunk, code FROM vector WHERE embedder = ?1 AND change > ?2 - 1 ORDER BY chunk", now.Embedder, 0);
        copy.Reached(now);
    }

    private bool Read(VectorRows rows, string sql, long embedder, long after)
    {
        using var select = database.Prepare(sql);
        for (select.Int(1, embedder).Int(2, after); select.Step();)
            if (select.Bytes(1) is { IsEmpty: false } code && !rows.Put(select.Int(0), code))
                return false;
        return true;
    }

    private int Keep(long embedder, long chunk, long change, byte[] code)
    {
        using (var update = database.Prepare("UPDATE vector SET change = ?3, code = ?4 WHERE embedder = ?1 AND chunk = ?2"))
            update.Int(1, embedder).Int(2, chunk).Int(3, change).Blob(4, code).Run();
        if (database.Scalar("SELECT changes()") > 0)
            return 0;
        using (var insert = database.Prepare("INSERT INTO vector(embedder, chunk, change, code) SELECT ?1, id, ?3, ?4 FROM chunk WHERE id = ?2"))
            insert.Int(1, embedder).Int(2, chunk).Int(3, change).Blob(4, code).Run();
        return (int)database.Scalar("SELECT changes()");
    }

    private long Changed()
    {
        database.Execute("UPDATE vector_state SET changes = changes + 1");
        return database.Scalar("SELECT changes FROM vector_state");
    }

    private List<long> Embedders()
    {
        using var select = database.Prepare("SELECT id FROM embedder");
        var ids = new List<long>();
        while (select.Step())
            ids.Add(select.Int(0));
        return ids;
    }

    private (long Id, long DoneTo) Find(EmbedderId embedder)
    {
        using var select = database.Prepare("SELECT id, done_to FROM embedder WHERE model = ?1 AND version = ?2 AND dimensions = ?3 AND format = ?4 AND dropped = 0");
        return select.Text(1, embedder.Model).Int(2, embedder.Version).Int(3, embedder.Dimensions).Int(4, VectorCode.Format).Step() ? (select.Int(0), select.Int(1)) : (0, 0);
    }

    private long FindOrAdd(EmbedderId embedder)
    {
        if (Find(embedder).Id is > 0 and var known)
            return known;
        using var insert = database.Prepare("INSERT INTO embedder(model, version, dimensions, format, vectors, done_to, dropped) VALUES (?1, ?2, ?3, ?4, 0, 0, 0)");
        insert.Text(1, embedder.Model).Int(2, embedder.Version).Int(3, embedder.Dimensions).Int(4, VectorCode.Format).Run();
        return database.Scalar("SELECT last_insert_rowid()");
    }
}
