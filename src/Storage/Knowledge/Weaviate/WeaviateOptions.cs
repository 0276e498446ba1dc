using Sophia.Log;

namespace Sophia.Knowledge;

/// <summary>Where Weaviate is and how patient Sophia is with it.</summary>
public sealed record WeaviateOptions
{
    public const int DefaultGrpcPort = 50_051;

    /// <summary>The address of its REST interface: http or https, a host and a port.</summary>
    public required Uri Url { get; init; }

    /// <summary>The port of its gRPC interface, on the same host. Default 50051.</summary>
    public int GrpcPort { get; init; } = DefaultGrpcPort;

    /// <summary>The API key that Weaviate asks for; null: none.</summary>
    public string? Key { get; init; }

    /// <summary>What the names of Sophia's collections begin with, for several Sophias in one Weaviate. A capital letter, then at most 30 letters and digits. Default "Sophia".</summary>
    public string Collections { get; init; } = "Sophia";

    /// <summary>How long a question may take. Default 5 s: a search that waits longer is of no use.</summary>
    public TimeSpan ReadWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one batch of passages, or a sweep of what they replace, may take. Default 30 s.</summary>
    public TimeSpan WriteWithin { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Calls that one process has under way at a time; further ones wait. Default 64.</summary>
    public int MaxCalls { get; init; } = 64;

    /// <summary>Passages in one batch. Default 100; a batch also ends at 2 MiB of text.</summary>
    public int BatchChunks { get; init; } = 100;

    /// <summary>Host and ports, for messages.</summary>
    internal string Server => $"{Url.Host}:{Url.Port}";

    /// <summary>Reads SOPHIA_WEAVIATE: an address, then after commas "grpc=port" and "collections=Name".</summary>
    /// <exception cref="StorageException">It is no such text.</exception>
    public static WeaviateOptions Of(string text, string? key)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        if (!Uri.TryCreate(parts[0], UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.PathAndQuery != "/" || url.UserInfo.Length > 0)
            throw Refused("begins with an address like http://weaviate:8080");
        var options = new WeaviateOptions { Url = url, Key = key };
        foreach (var part in parts.Skip(1))
            options = part.Split('=', 2) switch
            {
                ["grpc", var port] when ushort.TryParse(port, System.Globalization.NumberStyles.None, null, out var number) && number > 0 => options with { GrpcPort = number },
                ["collections", var name] when IsName(name) => options with { Collections = name },
                _ => throw Refused("goes on with grpc=50051 or collections=Name, separated by commas"),
            };
        return options;
    }

    private static bool IsName(string name) => name.Length is >= 1 and <= 31 && char.IsAsciiLetterUpper(name[0]) && name.All(char.IsAsciiLetterOrDigit);

    private static StorageException Refused(string rule) => new(StorageFault.Unreachable, $"SOPHIA_WEAVIATE {rule}.");
}
