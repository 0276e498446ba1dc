using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sophia.Hosting;
using Sophia.Log;

namespace Sophia.Operations;

/// <summary>Looks at this machine: programs, ports, disks, the data folder. It changes nothing.</summary>
internal static class MachineLook
{
    /// <summary>How long a program may take to say its version.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Lines that a program says; null where it is not there, fails, or does not end.</summary>
    public static async Task<string[]?> Said(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
            process.StandardInput.Close();
            using var deadline = new CancellationTokenSource(Patience);
            try
            {
                var (output, _) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
                var text = await output;
                await process.WaitForExitAsync(deadline.Token);
                return process.ExitCode == 0 ? text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : null;
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return null;
            }
        }
        catch (Exception absent) when (absent is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Where a program is on the path; null where it is not.</summary>
    public static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? $"{program}.exe" : program)).FirstOrDefault(File.Exists);

    public static bool IsFree(IPEndPoint address)
    {
        try
        {
            using var listener = new TcpListener(address);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public static async Task<bool> Answers(string host, int port)
    {
        try
        {
            using var client = new TcpClient();
            using var deadline = new CancellationTokenSource(Patience);
            await client.ConnectAsync(host, port, deadline.Token);
            return true;
        }
        catch (Exception silent) when (silent is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>The disk under a folder; null where it cannot be seen.</summary>
    public static RoomReading? Disk(string folder)
    {
        try
        {
            var disk = new DriveInfo(Nearest(folder));
            return new RoomReading(disk.TotalSize, disk.AvailableFreeSpace);
        }
        catch (Exception unseen) when (unseen is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    public static async Task<FolderSeen> Folder(string path)
    {
        var seen = new FolderSeen(path, Directory.Exists(path)) { CannotWrite = CannotWrite(Nearest(path)), HeldBy = Holder(path) };
        var version = Path.Combine(path, "VERSION");
        if (File.Exists(version) && int.TryParse((await File.ReadAllTextAsync(version)).Trim(), out var layout) && layout > DataFolder.CurrentVersion)
            seen = seen with { NewerVersion = layout };
        if (seen.HeldBy is null || HomeFolder.Serving(path) is not { } serving)
            return seen;
        return seen with { ServedAt = serving.Url, Answers = Uri.TryCreate(serving.Url, UriKind.Absolute, out var url) && await Answers(url.Host, url.Port) };
    }

    private static string Nearest(string path)
    {
        var folder = Path.GetFullPath(path);
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } above)
            folder = above;
        return folder;
    }

    private static string? CannotWrite(string folder)
    {
        try
        {
            using var _ = new FileStream(Path.Combine(folder, $".sophia-doctor-{Environment.ProcessId}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return refused is UnauthorizedAccessException ? "this account may not" : refused.Message;
        }
    }

    // A shared look at the lock: whoever holds the folder holds it alone.
    private static string? Holder(string folder)
    {
        var file = Path.Combine(folder, "LOCK");
        if (!File.Exists(file))
            return null;
        try
        {
            using var _ = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return null;
        }
        catch (IOException)
        {
            var owner = Path.Combine(folder, "OWNER");
            return File.Exists(owner) && File.ReadAllText(owner).Trim() is { Length: > 0 } id ? id : "of an unknown number";
        }
        catch (UnauthorizedAccessException)
        {
            return null; // That it cannot be written is told already.
        }
    }
}
