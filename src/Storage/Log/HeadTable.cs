using System.Buffers.Binary;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>A key's newest version as one append finds and leaves it. Version 0: the key has none yet.</summary>
internal struct Head
{
    public long Position;
    public long Version;
    public RecordOperation Operation;
    public long Partition;
    public UInt128 Hash;

    /// <summary>The operation that the file holds, null for a new key.</summary>
    public RecordOperation? Stored;

    public bool Changed;
}

/// <summary>The newest version of every key, written in the append's own transaction.</summary>
internal sealed class HeadTable(DatabaseConnection connection)
{
    private readonly SqliteStatement write = connection.Prepare("INSERT OR REPLACE INTO heads(stream_id, key, position, version, operation, partition_id, hash) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)");

    /// <summary>Finds heads of keys that are asked for in rising order of stream and key.</summary>
    public HeadCursor Ascending() => new(connection);

    public void Write(long stream, ReadOnlySpan<byte> key, in Head head)
    {
        Span<byte> hash = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(hash, head.Hash);
        write.Int(1, stream).Utf8(2, key).Int(3, head.Position).Int(4, head.Version).Int(5, (long)head.Operation).Int(6, head.Partition).Blob(7, hash).Run();
    }
}
