using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Cluster;

/// <summary>What a local cluster consists of: <c>cluster.json</c> in its folder, for its owner only, because it holds the password of its servers.</summary>
internal sealed record ClusterFile(string Password, int PostgresPort, int RedisPort, LocalProcess? Postgres = null, LocalProcess? Redis = null, LocalMember? Frontend = null)
{
    private const string FileName = "cluster.json";

    /// <summary>In the order of their numbers; one that was killed stays until it is started again or scaled away.</summary>
    public IReadOnlyList<LocalMember> Silos { get; init; } = [];

    /// <summary>Front ends beside the first, numbered from 2.</summary>
    public IReadOnlyList<LocalMember> MoreFrontends { get; init; } = [];

    public static ClusterFile? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllText(path), ClusterJson.Default.ClusterFile) : null;
    }

    public static ClusterFile New() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), LocalServers.FreePort(), LocalServers.FreePort());

    public ClusterFile Write(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(path + ".part", options))
            JsonSerializer.Serialize(file, this, ClusterJson.Default.ClusterFile);
        File.Move(path + ".part", path, overwrite: true);
        return this;
    }

    public ClusterFile With(LocalMember silo) => this with { Silos = [.. Silos.Where(known => known.Number != silo.Number).Append(silo).OrderBy(known => known.Number)] };

    public ClusterFile Without(int number) => this with { Silos = [.. Silos.Where(known => known.Number != number)] };
}

/// <summary>A silo (from 1) or the front end (0), with the labels that it was given.</summary>
/// <param name="Program">The folder of the program that it runs, where that is another version of Sophia; null: this one.</param>
internal sealed record LocalMember(int Number, LocalProcess Process, string Labels = "", string? Program = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(ClusterFile))]
internal sealed partial class ClusterJson : JsonSerializerContext;
