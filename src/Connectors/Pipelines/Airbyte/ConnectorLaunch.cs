using System.Security.Cryptography;

namespace Sophia.Pipelines;

/// <summary>How a connector is called: a command of this machine, or an image through docker.</summary>
/// <param name="Container">The name of the container, which outlives its client unless it is removed; null for a command.</param>
internal sealed record ConnectorLaunch(IReadOnlyList<string> Command, string? Container)
{
    /// <summary>The largest file of a command line whose content counts towards its version.</summary>
    private const long MaxHashedBytes = 256L << 20;

    private const string Mount = "/sophia";

    public static ConnectorLaunch Of(AirbyteSettings settings, AirbyteOptions options, ConnectorFolder folder, string verb, IReadOnlyList<(string Option, string File)> files)
    {
        if (settings.Image is null)
            return new ConnectorLaunch([.. settings.Command, verb, .. files.SelectMany(file => new[] { $"--{file.Option}", Path.Combine(folder.Files, file.File) })], null);
        var name = $"sophia-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        return new ConnectorLaunch([options.Docker, "run", "--rm", "--init", "--name", name, "--volume", $"{folder.Files}:{Mount}:ro", settings.Image, verb,
            .. files.SelectMany(file => new[] { $"--{file.Option}", $"{Mount}/{file.File}" })], name);
    }

    /// <summary>What exactly a command is: the files that it names, with the start of their SHA-256. It is recorded with each run.</summary>
    public static string VersionOf(IReadOnlyList<string> command) => string.Join(' ', command.Select(part => Stamp(part) is { } stamp ? $"{part}@{stamp}" : part));

    private static string? Stamp(string part)
    {
        try
        {
            if (new FileInfo(part) is not { Exists: true, Length: <= MaxHashedBytes } file)
                return null;
            using var bytes = file.OpenRead();
            return Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
