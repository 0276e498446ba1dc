using System.Net;
using System.Net.Sockets;

namespace Sophia.Servers;

/// <summary>Ports for servers that must be told theirs.</summary>
internal static class LoopbackPort
{
    private static int last = Random.Shared.Next();

    /// <summary>A port that nobody listens on, from 10,000 to 14,999: below those of outgoing connections, which might take it before the server does, and below those of local clusters.</summary>
    public static int Free()
    {
        for (var tried = 0; ; tried++)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 10_000 + (int)((uint)Interlocked.Increment(ref last) % 5_000));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException) when (tried < 100)
            {
                // Somebody has it.
            }
        }
    }
}
