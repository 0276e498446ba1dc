using System.Buffers.Binary;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Walks the heads beside a sorted batch, as a merge does.</summary>
/// <remarks>
/// The cursor stands on the first head that is not below the last key asked for. A key below it is new, without a question to the file: a batch of
/// new keys that falls between two heads costs one search. A key above it is reached by a step where heads lie densely, else by a search; which of the
/// two is tried first follows from what worked last.
/// </remarks>
internal ref struct HeadCursor(DatabaseConnection connection)
{
    /// <summary>Failed steps after which steps are no longer tried; a failed one costs about a quarter of a search.</summary>
    private const int Patience = 4;

    private readonly SqliteStatement rows = connection.Prepare("SELECT key, position, version, operation, partition_id, hash FROM heads WHERE stream_id=?1 AND key >= ?2 ORDER BY key");
    private long at = -1;
    private bool ended;
    private int failures;

    public Head Find(long stream, ReadOnlySpan<byte> key)
    {
        if (stream != at)
            Search(stream, key);
        else if (!ended && rows.Bytes(0).SequenceCompareTo(key) < 0)
            Advance(stream, key);
        return !ended && rows.Bytes(0).SequenceEqual(key) ? Current() : default;
    }

    public readonly void Dispose() => rows.Dispose();

    private void Advance(long stream, ReadOnlySpan<byte> key)
    {
        if (failures < Patience)
        {
            ended = !rows.Step();
            if (ended || rows.Bytes(0).SequenceCompareTo(key) >= 0)
            {
                failures = 0;
                return;
            }
            failures++;
        }
        Search(stream, key);
    }

    private void Search(long stream, ReadOnlySpan<byte> key)
    {
        rows.Reset();
        ended = !rows.Int(1, stream).Utf8(2, key).Step();
        at = stream;
    }

    private readonly Head Current()
    {
        var operation = (RecordOperation)rows.Int(3);
        return new Head
        {
            Position = rows.Int(1),
            Version = rows.Int(2),
            Operation = operation,
            Partition = rows.Int(4),
            Hash = BinaryPrimitives.ReadUInt128BigEndian(rows.Bytes(5)),
            Stored = operation,
        };
    }
}
