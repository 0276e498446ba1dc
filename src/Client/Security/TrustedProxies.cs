using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace Sophia.Security;

/// <summary>Believes X-Forwarded-For and X-Forwarded-Proto of proxies that are named, and of nobody else: the address is what the sign-in throttle goes by.</summary>
internal static class TrustedProxies
{
    public static void AddTrustedProxies(this IServiceCollection services, EdgeOptions options) => services.Configure<ForwardedHeadersOptions>(forwarded =>
    {
        forwarded.ForwardedHeaders = options.TrustedProxies.Count == 0 ? ForwardedHeaders.None : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        forwarded.ForwardLimit = null; // From the right, as far as those who say so are trusted.
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in options.TrustedProxies)
            forwarded.KnownIPNetworks.Add(NetworkOf(proxy));
    });

    /// <summary>A network, or one address as a network of itself.</summary>
    /// <exception cref="FormatException">The text is neither.</exception>
    public static System.Net.IPNetwork NetworkOf(string text) =>
        IPAddress.TryParse(text, out var address) ? new System.Net.IPNetwork(address, 8 * address.GetAddressBytes().Length)
        : System.Net.IPNetwork.TryParse(text, out var network) ? network
        : throw new FormatException($"\"{text}\" is no address and no network: write 10.0.0.7 or 10.0.0.0/8.");
}
