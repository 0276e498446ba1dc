namespace Sophia.Tenants;

/// <summary>By what an API key is known again without being checked: the first 64 bits of its hash. Nobody finds a key by them, and one guess in 2^64 has those of another.</summary>
public static class KeyMark
{
    private const int HexDigits = 16;

    /// <param name="secretHash">SHA-256 of the key in lower hex.</param>
    public static string Of(string secretHash) => secretHash[..HexDigits];
}
