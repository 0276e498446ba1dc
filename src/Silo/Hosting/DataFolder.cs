using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sophia.Hosting;

/// <summary>The folder that one process at a time works on: lock, instance file, CLI key. Only its owner may read it.</summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    private readonly FileStream held;

    private DataFolder(string path, FileStream held) => (Path, this.held) = (path, held);

    public string Path { get; }

    /// <summary>Short and the same at every start: it names the browser's cookie.</summary>
    public string Name => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path)))[..8];

    public string Inbox => Made("inbox");

    public string BrowserKeys => Made("browser-keys");

    /// <summary>Takes the folder for this process, making it where it is not there.</summary>
    /// <exception cref="StartRefusedException">Another process has it, or it cannot be written.</exception>
    public static DataFolder Take(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            MakeFolder(path);
            var held = new FileStream(System.IO.Path.Combine(path, "process.lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = UnixModeOrNull(),
            });
            File.WriteAllText(System.IO.Path.Combine(path, "process.id"), $"{Environment.ProcessId}");
            return new DataFolder(path, held);
        }
        catch (IOException) when (File.Exists(System.IO.Path.Combine(path, "process.lock")))
        {
            throw new StartRefusedException($"The data folder {path} is in use by another Sophia{HolderOf(path)}.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The data folder {path} cannot be written: {failure.Message}", failure);
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

    public static string? CliKey(string path) =>
        File.Exists(System.IO.Path.Combine(path, "cli-key")) ? File.ReadAllText(System.IO.Path.Combine(path, "cli-key")).Trim() : null;

    public void WriteCliKey(string key) => WriteSecret("cli-key", key + "\n");

    public void WriteInstance(InstanceFile instance) => WriteSecret("instance.json", JsonSerializer.Serialize(instance, InstanceJson.Default.InstanceFile));

    public void RemoveInstance() => File.Delete(System.IO.Path.Combine(Path, "instance.json"));

    public void Dispose() => held.Dispose();

    private string Made(string name)
    {
        var folder = System.IO.Path.Combine(Path, name);
        MakeFolder(folder);
        return folder;
    }

    // Written beside its place and moved, so that no reader sees half of it and a crash leaves the old one.
    private void WriteSecret(string name, string text)
    {
        var partial = System.IO.Path.Combine(Path, $"{name}.part");
        File.Delete(partial);
        using (var file = new FileStream(partial, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixModeOrNull() }))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(partial, System.IO.Path.Combine(Path, name), overwrite: true);
    }

    private static string HolderOf(string path)
    {
        var file = System.IO.Path.Combine(path, "process.id");
        return File.Exists(file) ? $" (process {File.ReadAllText(file)})" : "";
    }

    private static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else if (!Directory.Exists(path))
            Directory.CreateDirectory(path, OwnerFolder);
    }

    private static UnixFileMode? UnixModeOrNull() => OperatingSystem.IsWindows() ? null : OwnerOnly;
}

/// <summary>Tells commands where the running instance is.</summary>
internal sealed record InstanceFile(string Url, int ProcessId, DateTimeOffset StartedAt);

[System.Text.Json.Serialization.JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[System.Text.Json.Serialization.JsonSerializable(typeof(InstanceFile))]
internal sealed partial class InstanceJson : System.Text.Json.Serialization.JsonSerializerContext;
