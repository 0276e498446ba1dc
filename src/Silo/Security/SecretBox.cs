using System.Security.Cryptography;
using System.Text;
using Sophia.Operations;

namespace Sophia.Security;

/// <summary>AES-256-GCM under a key of this installation; the purpose is authenticated with the text. Format 1: "1.", nonce, tag and cipher in Base64.</summary>
/// <param name="key">The installation's key, 32 bytes, or null where none was given: then nothing can be sealed, and that is said.</param>
internal sealed class SecretBox(byte[]? key) : ISecretBox
{
    public const string Variable = "SOPHIA_SECRETS_KEY";

    private const string Format = "1.";
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>The key that the environment gives (64 hexadecimal digits); else, where one process does everything, the one in the data folder, made when first asked for.</summary>
    /// <param name="shared">Several processes must agree on the key: one that each makes for itself would be no key.</param>
    /// <exception cref="Hosting.StartRefusedException">What the environment gives is no key.</exception>
    public static SecretBox Of(string? given, string folder, bool shared)
    {
        if (!string.IsNullOrEmpty(given))
            return given.Length == 64 && given.All(char.IsAsciiHexDigit) ? new SecretBox(Convert.FromHexString(given))
                : throw new Hosting.StartRefusedException($"{Variable} is no key: give 64 hexadecimal digits, as openssl rand -hex 32 makes them.");
        return new SecretBox(shared ? null : InFolder(folder));
    }

    public string Seal(string text, string purpose)
    {
        using var cipher = Cipher();
        var plain = Encoding.UTF8.GetBytes(text);
        var box = new byte[NonceBytes + TagBytes + plain.Length];
        var (nonce, tag, closed) = Parts(box);
        RandomNumberGenerator.Fill(nonce.Span);
        cipher.Encrypt(nonce.Span, plain, closed.Span, tag.Span, Encoding.UTF8.GetBytes(purpose));
        return Format + Convert.ToBase64String(box);
    }

    public string? Open(string closed, string purpose)
    {
        if (key is null || !closed.StartsWith(Format, StringComparison.Ordinal))
            return null;
        try
        {
            var box = Convert.FromBase64String(closed[Format.Length..]);
            if (box.Length < NonceBytes + TagBytes)
                return null;
            using var cipher = Cipher();
            var (nonce, tag, sealedText) = Parts(box);
            var plain = new byte[sealedText.Length];
            cipher.Decrypt(nonce.Span, sealedText.Span, tag.Span, plain, Encoding.UTF8.GetBytes(purpose));
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception other) when (other is FormatException or CryptographicException)
        {
            return null;
        }
    }

    public byte[] Derive(string purpose) => HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(purpose));

    private byte[] Key => key ?? throw new RefusedException(RefusalCode.Unavailable, $"There is no key to keep secrets under: several processes share the work, so give all of them the same {Variable}.");

    private AesGcm Cipher() => new(Key, TagBytes);

    private static (Memory<byte> Nonce, Memory<byte> Tag, Memory<byte> Closed) Parts(byte[] box) => (box.AsMemory(0, NonceBytes), box.AsMemory(NonceBytes, TagBytes), box.AsMemory(NonceBytes + TagBytes));

    private static byte[] InFolder(string folder)
    {
        var path = Path.Combine(folder, "secrets.key");
        if (File.Exists(path))
            return Convert.FromHexString(File.ReadAllText(path).Trim());
        var made = RandomNumberGenerator.GetBytes(32);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
        file.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(made)));
        file.Flush(flushToDisk: true);
        return made;
    }
}
