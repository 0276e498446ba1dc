using System.Buffers.Binary;
using Sophia.Quality;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Takes records out of one tenant's log within an open transaction.</summary>
/// <remarks>Freed bytes are overwritten with zeroes; what copies of them pages hold that were split or freed before goes with <see cref="SqliteErasureStore.Scrub"/>.</remarks>
internal sealed class LogEraser(DatabaseConnection connection, StreamTable streams)
{
    public void Remove(string erasure, IReadOnlyList<RecordKey> records, IReadOnlyList<long> items, DateTimeOffset at, long last, ErasureMarks marks)
    {
        connection.Execute("PRAGMA secure_delete=ON");
        try
        {
            foreach (var record in records)
                Remove(record, marks.Of(record.Stream, record.Key), last);
            streams.Write();
            var quarantine = new QuarantineTable(connection);
            foreach (var item in items.Concat(ItemsOf(connection, records)).Distinct().Order().ToList())
                quarantine.Erase(item, ErasedItem.Note(erasure), at);
            ErasedWork.Erase(connection, records, marks);
        }
        finally
        {
            connection.Execute("PRAGMA secure_delete=OFF");
        }
    }

    /// <summary>Every event of a conversation; how many. What it did once may be done again.</summary>
    public long RemoveChat(string session, long last)
    {
        connection.Execute("PRAGMA secure_delete=ON");
        try
        {
            var name = OwnStreams.ChatOf(session);
            var rows = streams.Known(name) is { } stream ? RemoveRows(stream, OwnStreams.ChatKey, last, "erased") : 0;
            streams.Write();
            var (from, before) = OnceKeys(session);
            connection.Prepare("DELETE FROM once WHERE key >= ?1 AND key < ?2").Text(1, from).Text(2, before).Run();
            return rows;
        }
        finally
        {
            connection.Execute("PRAGMA secure_delete=OFF");
        }
    }

    /// <summary>The once-keys of a conversation: from the first, before the second.</summary>
    public static (string From, string Before) OnceKeys(string session) => ($"{OwnStreams.ChatOf(session)}/", $"{OwnStreams.ChatOf(session)}0"); // '0' follows '/'.

    public static List<long> ItemsOf(DatabaseConnection connection, IReadOnlyList<RecordKey> records)
    {
        var found = new List<long>();
        foreach (var record in records)
        {
            using var rows = connection.Prepare("SELECT id FROM quarantine WHERE stream=?1 AND key=?2 ORDER BY id").Text(1, record.Stream).Text(2, record.Key);
            while (rows.Step())
                found.Add(rows.Int(0));
        }
        return found;
    }

    private void Remove(RecordKey record, UInt128 mark, long last)
    {
        if (streams.Known(record.Stream) is not { } stream)
            return;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, mark);
        if (RemoveRows(stream, record.Key, last, $"erased:{RecordMark.Text(mark)}") is > 0 and var rows)
            connection.Prepare("UPDATE erased SET versions=versions+?3 WHERE stream=?1 AND mark=?2").Text(1, record.Stream).Blob(2, bytes).Int(3, rows).Run();
    }

    private long RemoveRows(StreamRow stream, string key, long last, string tombstone)
    {
        if (Head(stream.Id, key) is not { } head)
            return 0;
        long rows = 0;
        for (var position = head.Position; position > 0; rows++)
        {
            var (_, previous) = LogChain.Link(connection, position);
            if (position == last) // SQLite counts on from it, so the row stays, as a tombstone of nobody.
                connection.Prepare("UPDATE log SET key=?2, payload=x'', format=?3, operation=2, hash=zeroblob(16), previous=0 WHERE position=?1").Int(1, position).Text(2, tombstone).Int(3, LogSchema.RowFormat).Run();
            else
                connection.Prepare("DELETE FROM log WHERE position=?1").Int(1, position).Run();
            position = previous;
        }
        connection.Prepare("DELETE FROM heads WHERE stream_id=?1 AND key=?2").Int(1, stream.Id).Text(2, key).Run();
        streams.Forget(stream, head.Operation);
        return rows;
    }

    private (long Position, RecordOperation Operation)? Head(long stream, string key)
    {
        using var find = connection.Prepare("SELECT position, operation FROM heads WHERE stream_id=?1 AND key=?2").Int(1, stream).Text(2, key);
        return find.Step() ? (find.Int(0), (RecordOperation)find.Int(1)) : null;
    }
}
