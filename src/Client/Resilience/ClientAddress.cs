using System.Net;
using System.Net.Sockets;

namespace Sophia.Resilience;

/// <summary>What counts as one address where addresses are held to a bound.</summary>
internal static class ClientAddress
{
    /// <summary>Of an IPv6 address the first 64 bits count: whoever has one has the rest of them too.</summary>
    public static string? Of(IPAddress? from) => from switch
    {
        null => null,
        { IsIPv4MappedToIPv6: true } => from.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } when !IPAddress.IsLoopback(from) => $"{new IPAddress([.. from.GetAddressBytes()[..8], .. new byte[8]])}/64",
        _ => from.ToString(),
    };
}
