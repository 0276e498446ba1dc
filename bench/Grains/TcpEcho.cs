using System.Net;
using System.Net.Sockets;

namespace Sophia.Bench;

/// <summary>The physical limit of a call to another process: as many bytes as a ping's message has, there and back over the loopback, and nothing else.</summary>
internal sealed class TcpEcho : IDisposable
{
    /// <summary>A ping's request as Orleans writes it, rounded.</summary>
    private const int Bytes = 128;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public TcpEcho()
    {
        listener.Start();
        _ = Accept();
    }

    public async Task<Func<Task>> Caller()
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        var (stream, buffer) = (client.GetStream(), new byte[Bytes]);
        return async () =>
        {
            await stream.WriteAsync(buffer);
            await stream.ReadExactlyAsync(buffer);
        };
    }

    public void Dispose() => listener.Dispose();

    private async Task Accept()
    {
        while (true)
            _ = Echo(await listener.AcceptTcpClientAsync());
    }

    private static async Task Echo(TcpClient client)
    {
        client.NoDelay = true;
        var (stream, buffer) = (client.GetStream(), new byte[Bytes]);
        while (await stream.ReadAtLeastAsync(buffer, Bytes, throwOnEndOfStream: false) == Bytes)
            await stream.WriteAsync(buffer);
    }
}
