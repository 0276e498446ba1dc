using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Hosting;

/// <summary>What the program keeps beside the store in the data folder: who serves it, the CLI key, browser keys, dropped files. Only its owner may read it.</summary>
/// <remarks>The store itself holds the folder's lock and version; nothing here is written before it has them.</remarks>
internal sealed class HomeFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>After this time without a write a file being dropped counts as given up.</summary>
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromHours(1);

    private HomeFolder(string path) => Path = path;

    public string Path { get; }

    /// <summary>Short and the same at every start: it names the browser's cookie.</summary>
    public string Name => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path)))[..8];

    public string Inbox => System.IO.Path.Combine(Path, "inbox");

    public string BrowserKeys => System.IO.Path.Combine(Path, "browser-keys");

    /// <summary>Makes the folder where it is not there.</summary>
    /// <exception cref="StartRefusedException">It cannot be made.</exception>
    public static HomeFolder Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            MakeFolder(path);
            return new HomeFolder(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The data folder {path} cannot be made: {failure.Message}", failure);
        }
    }

    /// <summary>Who serves this folder now, or null.</summary>
    public static InstanceFile? Serving(string path)
    {
        try
        {
            var file = System.IO.Path.Combine(path, "instance.json");
            return File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllText(file), InstanceJson.Default.InstanceFile) : null;
        }
        catch (Exception failure) when (failure is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The file of the key for commands.</summary>
    public static string CliKeyOf(string path) => System.IO.Path.Combine(System.IO.Path.GetFullPath(path), "cli-key");

    public static string? CliKey(string path) => Secret(path, "cli-key");

    /// <summary>The key of another tenant that its maker had kept, or null.</summary>
    public static string? KeptKey(string path, TenantId tenant) => Secret(path, $"cli-key.{tenant}");

    public void WriteCliKey(string key) => WriteSecret("cli-key", key + "\n");

    public void WriteKeptKey(TenantId tenant, string key) => WriteSecret($"cli-key.{tenant}", key + "\n");

    public void RemoveKeptKey(TenantId tenant) => File.Delete(System.IO.Path.Combine(Path, $"cli-key.{tenant}"));

    public void WriteInstance(InstanceFile instance) => WriteSecret("instance.json", JsonSerializer.Serialize(instance, InstanceJson.Default.InstanceFile));

    public void RemoveInstance() => File.Delete(System.IO.Path.Combine(Path, "instance.json"));

    /// <summary>Makes the folders that only the owner may look into.</summary>
    public void MakeFolders()
    {
        MakeFolder(Inbox);
        MakeFolder(BrowserKeys);
        RemoveHalfWritten();
    }

    // Files that were being dropped when a process was killed: nobody was told that they were kept. What grows still is another process's.
    private void RemoveHalfWritten()
    {
        foreach (var partial in Directory.EnumerateFiles(Inbox, InboxPath.Partial("*"), SearchOption.AllDirectories))
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(partial) > AbandonedAfter)
                File.Delete(partial);
    }

    private static string? Secret(string path, string name) =>
        File.Exists(System.IO.Path.Combine(path, name)) ? File.ReadAllText(System.IO.Path.Combine(path, name)).Trim() : null;

    // Written beside its place and moved, so that no reader sees half of it and a crash leaves the old one.
    private void WriteSecret(string name, string text)
    {
        var partial = System.IO.Path.Combine(Path, $"{name}.part");
        File.Delete(partial);
        using (var file = new FileStream(partial, ForOwner()))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(partial, System.IO.Path.Combine(Path, name), overwrite: true);
    }

    // Whatever is acknowledged below a folder is lost with it, so its name is on the disk before it is used.
    private static void MakeFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        var disk = new FolderDisk();
        if (System.IO.Path.GetDirectoryName(path) is not { } above)
            return;
        disk.CreateFolder(above);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerFolder);
        disk.SyncFolder(above);
    }

    private static FileStreamOptions ForOwner()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return options;
    }
}

/// <summary>Tells commands where the running instance is.</summary>
internal sealed record InstanceFile(string Url, int ProcessId, DateTimeOffset StartedAt);

[System.Text.Json.Serialization.JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[System.Text.Json.Serialization.JsonSerializable(typeof(InstanceFile))]
internal sealed partial class InstanceJson : System.Text.Json.Serialization.JsonSerializerContext;
