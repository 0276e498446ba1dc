using System.Buffers.Binary;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Reads one tenant's log from one state of its file.</summary>
internal sealed class LogReader(DatabaseConnection connection)
{
    private const string Columns = "position, type, format, stream_id, version, operation, previous, at, run_id, key, hash, payload FROM log";
    private readonly NameTable names = new(connection);
    private readonly Dictionary<long, string> streams = [];

    public static LogReader Of(DatabaseConnection connection) => connection.Companion(static c => new LogReader(c));

    public IReadOnlyList<LogEntry> After(long after, int limit, int maxBytes)
    {
        using var rows = connection.Prepare($"SELECT {Columns} WHERE position > ?1 ORDER BY position LIMIT ?2").Int(1, after).Int(2, limit);
        var found = new List<LogEntry>();
        long bytes = 0;
        while ((found.Count == 0 || bytes < maxBytes) && rows.Step())
        {
            var entry = Entry(rows);
            bytes += entry.Payload.Length;
            found.Add(entry);
        }
        return found;
    }

    /// <summary>Versions of a key, newest first, walking from row to the row before it.</summary>
    public IReadOnlyList<LogEntry> History(string stream, string key, long? below, int limit)
    {
        var found = new List<LogEntry>();
        for (var position = HeadPosition(stream, key); position > 0 && found.Count < limit;)
        {
            var entry = At(position);
            if (below is null || entry.Version < below)
                found.Add(entry);
            position = entry.Previous;
        }
        return found;
    }

    public IReadOnlyList<LogEntry> Current(string stream, string? afterKey, int limit) =>
        [.. Heads(stream, afterKey, null, limit).Select(head => At(head.Position))];

    public IReadOnlyList<HeadEntry> Heads(string stream, string? afterKey, string? partition, int limit)
    {
        long? only = partition is null ? null : names.Lookup(partition);
        if (StreamTable.Id(connection, stream) is not { } id || (partition is not null && only is null))
            return [];
        using var rows = connection.Prepare("""
            SELECT key, position, version, operation, partition_id, hash FROM heads
            WHERE stream_id=?1 AND key >= ?2 AND (?5 OR key > ?2) AND (?3 IS NULL OR partition_id=?3) ORDER BY key LIMIT ?4
            """).Int(1, id).Text(2, afterKey ?? "").Int(3, only).Int(4, limit).Int(5, afterKey is null ? 1 : 0);
        var found = new List<HeadEntry>();
        while (rows.Step())
            found.Add(new HeadEntry(stream, rows.Text(0), rows.Int(1), rows.Int(2), (RecordOperation)rows.Int(3), Hash(rows.Bytes(5)), rows.Int(4) is 0 ? null : names.Name(rows.Int(4))));
        return found;
    }

    public IReadOnlyList<StreamCount> Streams()
    {
        using var rows = connection.Prepare("SELECT name, type, records, deleted, horizon FROM streams ORDER BY name");
        var found = new List<StreamCount>();
        while (rows.Step())
            found.Add(new StreamCount(rows.Text(0), (EntryType)rows.Int(1), rows.Int(2), rows.Int(3), rows.IsNull(4) ? null : LogTime.FromMicros(rows.Int(4))));
        return found;
    }

    public AsOfPage AsOf(string stream, DateTimeOffset moment, string? afterKey, int limit)
    {
        var horizon = StreamTable.Horizon(connection, stream);
        if (horizon > moment)
            return new AsOfPage([], null, horizon);
        var heads = Heads(stream, afterKey, null, limit);
        var found = new List<LogEntry>();
        foreach (var head in heads)
            for (var position = head.Position; position > 0;)
            {
                var (at, previous) = LogChain.Link(connection, position);
                if (at <= moment)
                {
                    if (At(position) is { Operation: RecordOperation.Upsert } entry)
                        found.Add(entry);
                    break;
                }
                position = previous;
            }
        return new AsOfPage(found, heads.Count == limit ? heads[^1].Key : null, horizon);
    }

    private long HeadPosition(string stream, string key)
    {
        using var find = connection.Prepare("SELECT position FROM heads WHERE stream_id=(SELECT id FROM streams WHERE name=?1) AND key=?2").Text(1, stream).Text(2, key);
        return find.Step() ? find.Int(0) : 0;
    }

    private LogEntry At(long position)
    {
        using var row = connection.Prepare($"SELECT {Columns} WHERE position=?1").Int(1, position);
        return row.Step() ? Entry(row) : throw new StorageException(StorageFault.Corrupt, $"The log has no row {position}, which another row or a head names.");
    }

    private LogEntry Entry(SqliteStatement row)
    {
        var (payload, source) = SourcedPayload.Read(row.Int(2), row.Bytes(11).ToArray(), $"Log row {row.Int(0)}");
        return new LogEntry(row.Int(0), (EntryType)row.Int(1), Stream(row.Int(3)), row.Text(9), row.Int(4), (RecordOperation)row.Int(5), payload,
            Hash(row.Bytes(10)), LogTime.FromMicros(row.Int(7)), names.Name(row.Int(8)), row.Int(6)) { Source = source };
    }

    private string Stream(long id)
    {
        if (streams.TryGetValue(id, out var name))
            return name;
        using var find = connection.Prepare("SELECT name FROM streams WHERE id=?1").Int(1, id);
        name = find.Step() ? find.Text(0) : throw new StorageException(StorageFault.Corrupt, $"The log names stream {id}, which does not exist.");
        return streams[id] = name;
    }

    private static UInt128 Hash(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt128BigEndian(bytes);
}
