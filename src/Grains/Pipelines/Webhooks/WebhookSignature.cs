using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sophia.Pipelines;

/// <summary>HMAC-SHA256 of what a sender sent, compared in constant time.</summary>
internal static class WebhookSignature
{
    /// <param name="timestamp">Where given, "timestamp." is signed before the body.</param>
    public static bool Fits(ReadOnlySpan<byte> body, string? timestamp, string secret, ReadOnlySpan<char> signature, bool base64)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (!(base64 ? FromBase64(signature, given) : FromHex(signature, given)))
            return false;
        return CryptographicOperations.FixedTimeEquals(given, Of(body, timestamp, secret));
    }

    public static byte[] Of(ReadOnlySpan<byte> body, string? timestamp, string secret)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        if (timestamp is not null)
            hash.AppendData(Encoding.UTF8.GetBytes($"{timestamp}."));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }

    private static bool FromHex(ReadOnlySpan<char> text, Span<byte> bytes) =>
        text.Length == bytes.Length * 2 && Convert.FromHexString(text, bytes, out _, out var written) == System.Buffers.OperationStatus.Done && written == bytes.Length;

    private static bool FromBase64(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        if (text.Length > 64)
            return false;
        if (Convert.TryFromBase64Chars(text, bytes, out var written) && written == bytes.Length)
            return true;
        return Base64Url.TryDecodeFromChars(text, bytes, out written) && written == bytes.Length;
    }
}
