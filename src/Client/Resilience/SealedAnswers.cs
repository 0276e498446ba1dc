using System.Security.Cryptography;
using System.Text;

namespace Sophia.Resilience;

/// <summary>Closes answers that hold a secret under a key that is made of the asker's API key and his idempotency key, neither of which is kept anywhere: who has the disk opens nothing.</summary>
/// <remarks>AES-256-GCM under HKDF-SHA256. Format 1: a byte 1, nonce, tag, cipher. A browser shows no API key, so nothing is closed for it.</remarks>
internal static class SealedAnswers
{
    private const byte Format = IdempotentOutcome.Seal;
    private const int KeyBytes = 32, NonceBytes = 12, TagBytes = 16, Head = 1 + NonceBytes + TagBytes;

    private static readonly byte[] Purpose = Encoding.ASCII.GetBytes("sophia idempotent answer");

    /// <summary>The closed body, or null where the asker showed no API key.</summary>
    public static byte[]? Seal(string? apiKey, string idempotencyKey, ReadOnlySpan<byte> body)
    {
        if (string.IsNullOrEmpty(apiKey))
            return null;
        var box = new byte[Head + body.Length];
        box[0] = Format;
        RandomNumberGenerator.Fill(box.AsSpan(1, NonceBytes));
        using var cipher = new AesGcm(KeyOf(apiKey, idempotencyKey), TagBytes);
        cipher.Encrypt(box.AsSpan(1, NonceBytes), body, box.AsSpan(Head), box.AsSpan(1 + NonceBytes, TagBytes), Purpose);
        return box;
    }

    /// <summary>The body; null where it was closed under other keys, or by another release.</summary>
    public static byte[]? Open(string? apiKey, string idempotencyKey, ReadOnlySpan<byte> box)
    {
        if (string.IsNullOrEmpty(apiKey) || box.Length < Head || box[0] != Format)
            return null;
        var body = new byte[box.Length - Head];
        using var cipher = new AesGcm(KeyOf(apiKey, idempotencyKey), TagBytes);
        try
        {
            cipher.Decrypt(box.Slice(1, NonceBytes), box[Head..], box.Slice(1 + NonceBytes, TagBytes), body, Purpose);
            return body;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] KeyOf(string apiKey, string idempotencyKey) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(apiKey), KeyBytes, Encoding.UTF8.GetBytes(idempotencyKey), Purpose);
}
