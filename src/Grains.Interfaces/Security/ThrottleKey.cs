using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Sophia.Tenants;

namespace Sophia.Security;

/// <summary>The keys of <see cref="ISignInThrottleGrain"/>. What is counted stands in them hashed, so that no list of grains is a list of addresses.</summary>
public static class ThrottleKey
{
    /// <summary>How long a caller waits for the count: 2 s. A throttle that does not answer holds nobody up.</summary>
    public const string Patience = "00:00:02";

    private const string Name = "sign-in", Addresses = "address-", Tenants = "tenant-";
    private const int Ipv6Site = 8;

    /// <summary>Of an IPv6 address the first 64 bits count: whoever has one has the rest of them too.</summary>
    public static string Of(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        var bytes = address?.GetAddressBytes() ?? [];
        return Of(Addresses, address?.AddressFamily == AddressFamily.InterNetworkV6 ? bytes.AsSpan(0, Ipv6Site) : bytes);
    }

    public static string Of(TenantId tenant) => Of(Tenants, Encoding.ASCII.GetBytes(tenant.Value));

    /// <summary>Whether a key counts what is tried against a tenant, from wherever.</summary>
    public static bool IsOfTenant(string key) => TenantKey.Parse(key).Part?.StartsWith(Tenants, StringComparison.Ordinal) == true;

    private static string Of(string kind, ReadOnlySpan<byte> counted) =>
        TenantKey.Of(TenantId.Parse(TenantKey.System), Name, kind + Convert.ToHexStringLower(SHA256.HashData(counted))[..32]);
}
