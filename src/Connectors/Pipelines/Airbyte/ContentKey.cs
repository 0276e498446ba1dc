using System.Security.Cryptography;

namespace Sophia.Pipelines;

/// <summary>The key of a record whose stream has none: its content. Read again it is the same record; two records that are alike in every byte are one.</summary>
internal static class ContentKey
{
    public static string Of(ReadOnlySpan<byte> record)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(record, hash);
        return Convert.ToHexStringLower(hash[..16]);
    }
}
