using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Marks of a test, under a key that everybody knows.</summary>
internal sealed class TestMarks : IRecordMarks
{
    public UInt128 Of(TenantId tenant, string stream, ReadOnlySpan<byte> key)
    {
        byte[] named = [.. Encoding.UTF8.GetBytes($"{tenant}\0{stream}\0"), .. key];
        return BinaryPrimitives.ReadUInt128BigEndian(HMACSHA256.HashData("a test"u8, named));
    }
}
