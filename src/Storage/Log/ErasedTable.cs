using System.Buffers.Binary;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>The records that may not come back, in one tenant's log.db, on the connection that writes it.</summary>
internal sealed class ErasedTable(DatabaseConnection connection)
{
    private readonly HashSet<string> streams = Streams(connection);

    /// <summary>Whether anything of these streams was erased: mostly not, and then no mark is made.</summary>
    public bool Touches(PreparedBatch prepared) => streams.Count > 0 && streams.Overlaps(prepared.RecordStreams());

    public bool Holds(string stream, UInt128 mark)
    {
        if (!streams.Contains(stream))
            return false;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, mark);
        using var find = connection.Prepare("SELECT 1 FROM erased WHERE stream=?1 AND mark=?2").Text(1, stream).Blob(2, bytes);
        return find.Step();
    }

    public void Add(AppendBatch batch, ErasureMarks marks)
    {
        Span<byte> bytes = stackalloc byte[16];
        foreach (var record in batch.Erases)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes, marks.Of(record.Stream, record.Key));
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
            connection.Prepare("DELETE FROM erased WHERE stream=?1 AND mark=?2").Text(1, stream).Blob(2, mark).Run();
        streams.Clear();
        streams.UnionWith(Streams(connection));
        return found.Count;
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
