using System.Net;
using System.Net.Sockets;
using Orleans.Hosting;

namespace Sophia.Hosting;

/// <summary>What stands under the grains in this build: Orleans. Its counterpart is SiloRuntime.InProcess.cs.</summary>
internal static class SiloRuntime
{
    /// <summary>As "up" says it.</summary>
    public const string Name = "one Orleans silo";

    public static bool IsOrleans => true;

    /// <summary>One silo that is a cluster of its own: membership in memory, no gateway, a port that nobody else holds, on loopback.</summary>
    public static ISiloBuilder UseSingleSilo(this ISiloBuilder silo) => silo.UseLocalhostClustering(FreePort(), gatewayPort: 0);

    // Orleans wants to know its port before it listens. Nobody calls it: the silo sends messages to itself without a socket.
    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
