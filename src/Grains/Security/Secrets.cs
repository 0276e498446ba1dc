using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sophia.Security;

/// <summary>How secrets are written and recognised. Only the hash of a secret is kept; it holds 256 random bits, so the hash needs no salt.</summary>
public static class Secrets
{
    private const int Bytes = 32;

    /// <summary>43 characters of base64url.</summary>
    public static string Make(ISecretSource source)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        source.Fill(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>A short public name: 12 characters of lower hex.</summary>
    public static string MakeId(ISecretSource source)
    {
        Span<byte> bytes = stackalloc byte[6];
        source.Fill(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>SHA-256 of a secret as presented, in lower hex.</summary>
    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Compares without telling by its duration where two hashes differ.</summary>
    public static bool Same(string hash, string other) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(other));
}
