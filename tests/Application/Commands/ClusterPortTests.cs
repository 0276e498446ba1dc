using System.Net;
using System.Net.Sockets;
using Sophia.Cluster;

namespace Sophia.Commands;

/// <summary>A cluster whose front end could not be reached is not begun: nothing is left running that nobody knows of.</summary>
public sealed class ClusterPortTests
{
    [Fact]
    public async Task A_port_that_is_taken_is_said_before_anything_starts()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        var folder = Path.Combine(Path.GetTempPath(), $"sophia-cluster-{Guid.NewGuid():n}");
        var refused = await Assert.ThrowsAsync<CommandFailedException>(() => LocalCluster.Up(folder, 3, 0, url, default));
        Assert.Equal(ExitCodes.CannotStart, refused.ExitCode);
        Assert.StartsWith($"The front end cannot listen on {url}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was started", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }
}
