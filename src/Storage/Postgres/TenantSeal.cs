using System.Security.Cryptography;
using System.Text;
using Sophia.Tenants;

namespace Sophia.Postgres;

/// <summary>Makes the value of <c>sophia.tenant</c> that row-level security believes: a tenant's name, and an HMAC-SHA256 of it.</summary>
/// <remarks>
/// Any statement may call <c>set_config</c>, so a name alone would protect from a forgotten WHERE but not from injected SQL. The key comes from the
/// password of the silo's role, which SQL cannot read; a statement sees at most the seal of the tenant that it runs for.
/// </remarks>
internal sealed class TenantSeal(string password)
{
    private const int Block = 64;
    private readonly byte[] key = HMACSHA256.HashData(Encoding.UTF8.GetBytes(password), "sophia tenant seal 1"u8);

    public string Of(TenantId tenant) => $"{tenant.Value}:{Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(tenant.Value)))}";

    /// <summary>The key XORed with HMAC's two paddings, as the database keeps it: there, sha256 is all that a check needs.</summary>
    public (byte[] Inner, byte[] Outer) Paddings() => (Padded(0x36), Padded(0x5c));

    private byte[] Padded(byte with)
    {
        var padded = new byte[Block];
        key.CopyTo(padded, 0);
        for (var i = 0; i < Block; i++)
            padded[i] ^= with;
        return padded;
    }
}
