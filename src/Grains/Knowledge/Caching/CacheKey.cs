using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Names a remembered value: its kind, and a hash of the tenant and everything else that it depends on.</summary>
/// <remarks>Each part is hashed behind its length, so no choice of names makes two tenants' keys, or two ways to split the same text, meet.</remarks>
internal readonly record struct CacheKey
{
    private CacheKey(string kind, string text) => (Kind, Text) = (kind, text);

    public string Kind { get; }

    /// <summary>As the shared level knows it.</summary>
    public string Text { get; }

    public static CacheKey Of(string kind, TenantId tenant, params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, kind);
        Append(hash, tenant.Value);
        foreach (var part in parts)
            Append(hash, part);
        return new CacheKey(kind, $"{kind}/{Convert.ToHexStringLower(hash.GetHashAndReset())}");
    }

    private static void Append(IncrementalHash hash, string part)
    {
        var bytes = Encoding.UTF8.GetBytes(part);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
