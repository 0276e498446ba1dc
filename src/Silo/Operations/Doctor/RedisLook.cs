using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Sophia.Operations;

/// <summary>Asks a Redis what it is, in its own protocol, so that every build can. It changes nothing.</summary>
internal sealed class RedisLook : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly string[] Wanted = ["maxmemory-policy", "appendonly"];

    private readonly Stream stream;
    private readonly StreamReader reader;

    private RedisLook(Stream stream) => (this.stream, reader) = (stream, new StreamReader(stream, Encoding.UTF8));

    /// <summary>The first server of SOPHIA_REDIS, without its password.</summary>
    public static string Server(string settings) => settings.Split(',', StringSplitOptions.TrimEntries).FirstOrDefault(part => !part.Contains('=')) is { Length: > 0 } server
        ? server.Contains(':') ? server : $"{server}:6379"
        : "";

    public static async Task<RedisSeen> At(string settings, CancellationToken cancellation)
    {
        var (server, options) = (Server(settings), settings.Split(',', StringSplitOptions.TrimEntries).Select(part => part.Split('=', 2)).Where(pair => pair.Length == 2).GroupBy(pair => pair[0].ToLowerInvariant()).ToDictionary(same => same.Key, same => same.Last()[1]));
        var colon = server.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(server[(colon + 1)..], CultureInfo.InvariantCulture, out var port))
            return new RedisSeen("SOPHIA_REDIS is no address of a Redis: write host:port,password=…");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Patience);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(server[..colon].Trim('[', ']'), port, deadline.Token);
            Stream stream = client.GetStream();
            if (options.GetValueOrDefault("ssl") is "true" or "True")
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = options.GetValueOrDefault("sslhost") ?? server[..colon] }, deadline.Token);
                stream = tls;
            }
            using var redis = new RedisLook(stream);
            if (options.GetValueOrDefault("password") is { Length: > 0 } password)
                await redis.Ask(deadline.Token, options.GetValueOrDefault("user") is { Length: > 0 } user ? ["AUTH", user, password] : ["AUTH", password]);
            return await redis.Look(deadline.Token);
        }
        catch (RedisRefusal refused)
        {
            return new RedisSeen(refused.Message);
        }
        catch (Exception failure) when (failure is SocketException or IOException or System.Security.Authentication.AuthenticationException or FormatException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return new RedisSeen(failure is OperationCanceledException ? "does not answer within 5 s" : failure is FormatException ? "what answers is no Redis" : $"does not answer: {failure.GetBaseException().Message}");
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        stream.Dispose();
    }

    private async Task<RedisSeen> Look(CancellationToken cancellation)
    {
        var said = (await Ask(cancellation, "INFO", "server"))[0];
        var before = DateTimeOffset.UtcNow;
        var clock = await Ask(cancellation, "TIME");
        var between = before + (DateTimeOffset.UtcNow - before) / 2;
        var skew = DateTimeOffset.UnixEpoch.AddSeconds(long.Parse(clock[0], CultureInfo.InvariantCulture)).AddMicroseconds(long.Parse(clock[1], CultureInfo.InvariantCulture)) - between;
        var settings = new Dictionary<string, string>();
        foreach (var name in Wanted)
            try
            {
                if (await Ask(cancellation, "CONFIG", "GET", name) is [_, var value])
                    settings[name] = value;
            }
            catch (RedisRefusal)
            {
                // Services that others run hide how they are set up.
            }
        return new RedisSeen(null, said.Split('\n').FirstOrDefault(line => line.StartsWith("redis_version:", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown", skew) { Settings = settings };
    }

    private async Task<IReadOnlyList<string>> Ask(CancellationToken cancellation, params string[] words)
    {
        var request = new StringBuilder($"*{words.Length}\r\n");
        foreach (var word in words)
            request.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToString()), cancellation);
        await stream.FlushAsync(cancellation);
        return await Answer(cancellation);
    }

    // Answers here are ASCII, so characters are bytes.
    private async Task<IReadOnlyList<string>> Answer(CancellationToken cancellation)
    {
        var line = await reader.ReadLineAsync(cancellation) ?? throw new IOException("it closed the connection");
        if (line.Length == 0)
            throw new FormatException(line);
        var (kind, rest) = (line[0], line[1..]);
        switch (kind)
        {
            case '-':
                throw new RedisRefusal(rest);
            case '+' or ':':
                return [rest];
            case '$':
                var text = new char[int.Parse(rest, CultureInfo.InvariantCulture)];
                await reader.ReadBlockAsync(text, cancellation);
                await reader.ReadLineAsync(cancellation);
                return [new string(text)];
            case '*':
                var items = new List<string>();
                for (var left = int.Parse(rest, CultureInfo.InvariantCulture); left > 0; left--)
                    items.AddRange(await Answer(cancellation));
                return items;
            default:
                throw new FormatException(line);
        }
    }

    /// <summary>It answered with an error, which names no secret.</summary>
    private sealed class RedisRefusal(string said) : Exception(said);
}
