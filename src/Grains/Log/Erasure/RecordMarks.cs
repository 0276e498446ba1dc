using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Makes marks under the installation's key.</summary>
internal sealed class RecordMarks(ISecretBox? box = null) : IRecordMarks
{
    /// <summary>Keys of tenants remembered.</summary>
    private const int MaxRemembered = 1_000;

    private readonly ConcurrentDictionary<TenantId, byte[]> keys = new();

    public UInt128 Of(TenantId tenant, string stream, ReadOnlySpan<byte> key)
    {
        if (!keys.TryGetValue(tenant, out var secret))
        {
            if (keys.Count >= MaxRemembered)
                keys.Clear();
            keys[tenant] = secret = (box ?? throw new Operations.RefusedException(Operations.RefusalCode.Unavailable, "There is no key to keep secrets under.")).Derive($"erased records/{tenant}");
        }
        var length = Encoding.UTF8.GetByteCount(stream);
        Span<byte> named = length + 1 + key.Length <= 512 ? stackalloc byte[length + 1 + key.Length] : new byte[length + 1 + key.Length];
        Encoding.UTF8.GetBytes(stream, named);
        named[length] = 0;
        key.CopyTo(named[(length + 1)..]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, named, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
