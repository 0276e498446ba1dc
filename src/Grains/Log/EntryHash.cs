using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sophia.Log;

/// <summary>The hash by which a record counts as unchanged: the first 16 bytes, big-endian, of SHA-256 over the payload's bytes; a tombstone's is that of no bytes, plus one.</summary>
public static class EntryHash
{
    public static UInt128 Of(RecordOperation operation, ReadOnlySpan<byte> payload)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(operation == RecordOperation.Delete ? [] : payload, hash);
        var value = BinaryPrimitives.ReadUInt128BigEndian(hash);
        return operation == RecordOperation.Delete ? value + 1 : value;
    }
}
