using System.Security.Cryptography;
using System.Text;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Names of idempotency keys. What a caller chose stands in them hashed, with whose it is, so that no list of grains is a list of keys.</summary>
public static class IdempotencyKey
{
    /// <summary>The longest key, in characters.</summary>
    public const int MaxLength = 255;

    /// <summary>The scope of keys that are the tenant's own, in no API key's: work that programs claim.</summary>
    public const string OfTenant = "";

    /// <summary>What the caller is called whose keys are <see cref="OfTenant"/>. No API key has such an id.</summary>
    public const string Program = "program";

    private const int HexDigits = 40;

    /// <summary>The name of a key within its tenant, 40 hexadecimal digits. It is also the operation id that the work passes on.</summary>
    /// <param name="scope">Whose key it is, such as an API key's id, or <see cref="OfTenant"/>; the same key of another scope is another one.</param>
    /// <exception cref="ArgumentException">The key is empty or longer than <see cref="MaxLength"/>.</exception>
    public static string NameOf(string scope, string key)
    {
        if (key.Length is 0 or > MaxLength)
            throw new ArgumentException($"An idempotency key has 1 to {MaxLength} characters.", nameof(key));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{scope}\n{key}")))[..HexDigits];
    }

    /// <summary>The key of the <see cref="IIdempotencyGrain"/>.</summary>
    public static string Of(TenantId tenant, string name) => TenantKey.Of(tenant, name);
}
