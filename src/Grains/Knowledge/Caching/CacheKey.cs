using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Names a remembered value: its kind, and a hash of the tenant and everything else that it depends on.</summary>
/// <remarks>Each part is hashed behind its length, so no choice of names makes two tenants' keys, or two ways to split the same text, meet.</remarks>
internal readonly record struct CacheKey
{
    private const int TenantMarkLength = 16;

    private CacheKey(string kind, string mark, string text) => (Kind, TenantMark, Text) = (kind, mark, text);

    public string Kind { get; }

    /// <summary>A hash of the tenant, by which all that is remembered of it can be found and forgotten.</summary>
    public string TenantMark { get; }

    /// <summary>As the shared level knows it.</summary>
    public string Text { get; }

    public static CacheKey Of(string kind, TenantId tenant, params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, kind);
        Append(hash, tenant.Value);
        foreach (var part in parts)
            Append(hash, part);
        var mark = MarkOf(tenant);
        return new CacheKey(kind, mark, $"{kind}/{mark}/{Convert.ToHexStringLower(hash.GetHashAndReset())}");
    }

    /// <summary>As it stands in every key of a tenant.</summary>
    public static string MarkOf(TenantId tenant) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenant.Value)))[..TenantMarkLength];

    private static void Append(IncrementalHash hash, string part)
    {
        var bytes = Encoding.UTF8.GetBytes(part);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
