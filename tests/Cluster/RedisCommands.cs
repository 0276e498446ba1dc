using System.Net.Sockets;
using System.Text;

namespace Sophia.Cluster;

/// <summary>Says a few words to a local cluster's Redis, as an operator would.</summary>
internal static class RedisCommands
{
    /// <summary>What it answers to one command.</summary>
    public static async Task<string> Redis(this LocalCluster cluster, string command)
    {
        using var client = new TcpClient("127.0.0.1", cluster.File.RedisPort);
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {cluster.File.Password}\r\n{command}\r\nQUIT\r\n"));
        var all = (await reader.ReadToEndAsync()).Split("\r\n");
        return string.Join('\n', all.Skip(1).SkipLast(2));
    }
}
