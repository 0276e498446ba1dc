using System.Diagnostics;
using Sophia.Commands;

namespace Sophia.Cluster;

/// <summary>Another version of Sophia: an earlier commit of this repository, built beside it.</summary>
internal static class OtherVersion
{
    private const string Contracts = "docs/contracts.txt", Released = "docs/contracts.released.txt";

    /// <summary>The last commit whose contracts are those of the last release; null, with the reason, where there is no history to find it in.</summary>
    public static (string? Commit, string? Missing) LastReleased(string root)
    {
        if (Git(root, "rev-parse", "--is-inside-work-tree") is null)
            return (null, "no git repository");
        var released = File.ReadAllText(Path.Combine(root, Released));
        var changes = (Git(root, "log", "--format=%H", "--", Contracts) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var n = 0; n < changes.Length; n++)
            if (Git(root, "show", $"{changes[n]}:{Contracts}") == released)
                return (n == 0 ? Git(root, "rev-parse", "HEAD")!.Trim() : Git(root, "rev-parse", $"{changes[n - 1]}^")!.Trim(), null);
        return (null, "no commit with the contracts of the last release: the clone's history is too shallow");
    }

    /// <summary>Builds a commit in a scratch folder, once; returns the folder of its program.</summary>
    public static async Task<string> Build(string root, string commit, CancellationToken cancellation)
    {
        var hash = Git(root, "rev-parse", "--verify", $"{commit}^{{commit}}")?.Trim() ?? throw new CommandFailedException($"There is no commit {commit} here.");
        var source = Path.Combine(Path.GetTempPath(), $"sophia-version-{hash}");
        var program = Path.Combine(source, "artifacts", "Orleans", "bin", "Sophia", "release");
        var finished = Path.Combine(source, "built");
        if (File.Exists(finished))
            return program;
        Directory.CreateDirectory(source);
        var archive = Path.Combine(source, "source.tar");
        await Run(root, ["git", "archive", "-o", archive, hash], cancellation);
        await Run(source, ["tar", "-xf", archive], cancellation);
        await Run(source, ["dotnet", "build", "src/Silo/Sophia.csproj", "-c", "Release", "-p:SophiaRuntime=Orleans", "-v", "quiet", "-clp:ErrorsOnly", "-nodeReuse:false"], cancellation);
        await File.WriteAllTextAsync(finished, hash, cancellation);
        return program;
    }

    private static string? Git(string root, params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", root, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            git.ErrorDataReceived += static (_, _) => { };
            git.BeginErrorReadLine();
            var said = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0 ? said : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static async Task Run(string folder, string[] command, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the build around this one was told is not meant for that one.
        foreach (var variable in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase) || name is "SophiaRuntime").ToList())
            start.Environment.Remove(variable);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        var said = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
            throw new CommandFailedException($"{string.Join(' ', command.Take(3))} failed: {said.Trim()} {(await errors).Trim()}");
    }
}
