using System.CommandLine;
using System.Diagnostics;

namespace Sophia.Commands;

/// <summary>Runs the measuring programs, which live in bench/ and share nothing with a running Sophia.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var rest = new Argument<string[]>("arguments") { Description = "Which benchmark (ingest, grains, …) and its options." };
        var command = new Command("bench", "Measure: bench ingest, bench grains.") { rest };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] words = [.. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens, .. parsed.GetValue(Settings.Json) ? ["--json"] : Array.Empty<string>()];
            var folder = Path.Combine(Settings.Variable("SOPHIA_ROOT") ?? Environment.CurrentDirectory, "bench");
            var known = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.csproj", SearchOption.AllDirectories) : [];
            var project = known.FirstOrDefault(p => words.Length > 0 && Path.GetFileName(Path.GetDirectoryName(p)!).Equals(words[0], StringComparison.OrdinalIgnoreCase))
                ?? throw new CommandFailedException($"Say which: {string.Join(", ", known.Select(p => Path.GetFileName(Path.GetDirectoryName(p)!).ToLowerInvariant()).Order())}.");
            using var process = Process.Start(new ProcessStartInfo("dotnet", ["run", "-c", "Release", "-v", "quiet", "--project", project, "--", .. words[1..]]))!;
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode;
        });
        return command;
    }
}
