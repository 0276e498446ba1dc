using System.Buffers.Binary;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>The records that may not come back, in one tenant's log.db, on the connection that writes it.</summary>
internal sealed class ErasedTable(DatabaseConnection connection)
{
    private readonly HashSet<string> streams = Streams(connection);

    /// <summary>Whether anything of these streams was erased: mostly not, and then no mark is made.</summary>
    public bool Touches(PreparedBatch prepared) => streams.Count > 0 && streams.Overlaps(prepared.RecordStreams());

    /// <summary>Whether anything of the stream was erased.</summary>
    public bool HasOf(string stream) => streams.Contains(stream);

    public bool Holds(string stream, UInt128 mark)
    {
        if (!streams.Contains(stream))
            return false;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, mark);
        using var find = connection.Prepare("SELECT 1 FROM erased WHERE stream=?1 AND mark=?2").Text(1, stream).Blob(2, bytes);
        return find.Step();
    }

    /// <summary>Whether an erased record of the stream said what has this mark.</summary>
    public bool HoldsContent(string stream, UInt128 content)
    {
        if (!streams.Contains(stream))
            return false;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, content);
        using var find = connection.Prepare("SELECT 1 FROM erased_contents WHERE stream=?1 AND content=?2 LIMIT 1").Text(1, stream).Blob(2, bytes);
        return find.Step();
    }

    /// <summary>Enters records, and whatever the log and the quarantine have under their keys.</summary>
    public void Add(AppendBatch batch, ErasureMarks marks)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<byte> content = stackalloc byte[16];
        foreach (var record in batch.Erases)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes, marks.Of(record.Stream, record.Key));
            foreach (var said in Said(record))
            {
                BinaryPrimitives.WriteUInt128BigEndian(content, marks.OfContent(record.Stream, said));
                connection.Prepare("INSERT OR IGNORE INTO erased_contents(stream, content, mark) VALUES(?1, ?2, ?3)").Text(1, record.Stream).Blob(2, content).Blob(3, bytes).Run();
            }
            connection.Prepare("INSERT INTO erased(stream, mark, erasure, at, versions) VALUES(?1, ?2, ?3, ?4, 0) ON CONFLICT(stream, mark) DO UPDATE SET erasure=?3, at=?4, versions=0")
                .Text(1, record.Stream).Blob(2, bytes).Text(3, batch.Erasure).Int(4, LogTime.Micros(batch.At)).Run();
            streams.Add(record.Stream);
        }
    }

    /// <summary>Takes marks off, whatever their streams; answers how many stood there.</summary>
    public int Allow(IReadOnlyList<UInt128> marks)
    {
        // Its rows are in the order of their streams, so by mark alone the table is read through: once for all marks.
        var (asked, found) = (marks.ToHashSet(), new List<(string Stream, byte[] Mark)>());
        using (var rows = connection.Prepare("SELECT stream, mark FROM erased"))
            while (rows.Step())
                if (asked.Contains(BinaryPrimitives.ReadUInt128BigEndian(rows.Bytes(1))))
                    found.Add((rows.Text(0), rows.Bytes(1).ToArray()));
        foreach (var (stream, mark) in found)
        {
            connection.Prepare("DELETE FROM erased WHERE stream=?1 AND mark=?2").Text(1, stream).Blob(2, mark).Run();
            connection.Prepare("DELETE FROM erased_contents WHERE stream=?1 AND mark=?2").Text(1, stream).Blob(2, mark).Run();
        }
        streams.Clear();
        streams.UnionWith(Streams(connection));
        return found.Count;
    }

    private List<UInt128> Said(RecordKey record)
    {
        var found = new List<UInt128>();
        var most = ErasedContent.IsOfMany(record) ? 1 : -1;
        using (var rows = connection.Prepare("""
            WITH RECURSIVE chain(position, previous) AS (
                SELECT l.position, l.previous FROM heads h JOIN log l ON l.position=h.position WHERE h.stream_id=(SELECT id FROM streams WHERE name=?1) AND h.key=?2
                UNION ALL SELECT l.position, l.previous FROM chain c JOIN log l ON l.position=c.previous)
            SELECT l.hash, l.format, l.payload FROM chain c JOIN log l ON l.position=c.position WHERE l.operation=1 ORDER BY l.position DESC LIMIT ?3
            """).Text(1, record.Stream).Text(2, record.Key).Int(3, most))
            while (rows.Step())
                found.AddRange(ErasedContent.OfRow(BinaryPrimitives.ReadUInt128BigEndian(rows.Bytes(0)), rows.Int(1), rows.Bytes(2).ToArray()));
        using (var items = connection.Prepare("SELECT id, format, payload FROM quarantine WHERE stream=?1 AND key=?2 AND payload IS NOT NULL ORDER BY id DESC LIMIT ?3").Text(1, record.Stream).Text(2, record.Key).Int(3, most))
            while (items.Step())
                found.AddRange(ErasedContent.OfItem(items.Int(0), items.Int(1), items.Bytes(2).ToArray()));
        return found;
    }

    private static HashSet<string> Streams(DatabaseConnection connection)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        using var rows = connection.Prepare("SELECT DISTINCT stream FROM erased");
        while (rows.Step())
            found.Add(rows.Text(0));
        return found;
    }
}
