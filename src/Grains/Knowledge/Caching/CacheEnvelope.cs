using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sophia.Knowledge;

/// <summary>What stands around a value in the shared level: a format number, a seal over key and content, and when it was made. Pure.</summary>
/// <remarks>The key holds the tenant, so a value that lies under another tenant's key, or was cut or changed on the way, does not open. The seal is no secret:
/// it finds mistakes, not whoever may write there.</remarks>
internal static class CacheEnvelope
{
    public const byte Format = 1;
    private const int Seal = 16, MadeAt = 1 + Seal, Content = MadeAt + sizeof(long);

    public static byte[] Close(CacheKey key, ReadOnlySpan<byte> value, DateTimeOffset madeAt)
    {
        var all = new byte[Content + value.Length];
        all[0] = Format;
        BinaryPrimitives.WriteInt64LittleEndian(all.AsSpan(MadeAt), madeAt.ToUnixTimeMilliseconds());
        value.CopyTo(all.AsSpan(Content));
        SealOf(key, all).CopyTo(all.AsSpan(1));
        return all;
    }

    /// <summary>Whether the bytes are a value of this key, as some process of this format closed it.</summary>
    public static bool TryOpen(CacheKey key, ReadOnlySpan<byte> all, out ReadOnlySpan<byte> value, out DateTimeOffset madeAt)
    {
        value = default;
        madeAt = default;
        if (all.Length < Content || all[0] != Format || !all.Slice(1, Seal).SequenceEqual(SealOf(key, all)))
            return false;
        madeAt = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(all[MadeAt..]));
        value = all[Content..];
        return true;
    }

    private static ReadOnlySpan<byte> SealOf(CacheKey key, ReadOnlySpan<byte> all)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(key.Text));
        hash.AppendData(all[MadeAt..]);
        return hash.GetHashAndReset().AsSpan(0, Seal);
    }
}
