using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Sophia.Hosting;

namespace Sophia.Commands;

/// <summary>Runs the measuring programs, which live in bench/ and share nothing with a running Sophia.</summary>
internal static partial class BenchCommand
{
    /// <summary>The programs that there are; help names them without looking for them.</summary>
    internal static readonly string[] All = ["ingest", "grains", "embed", "search", "failover", "mixed", "breaker", "limiter", "idempotency", "queue", "isolation"];

    public static Command Create()
    {
        var rest = new Argument<string[]>("arguments") { Description = "Which benchmark (ingest, grains, …) and its options." };
        var command = new Command("bench", $"Measure: {string.Join(", ", All.Select(name => $"bench {name}"))}. On the runtime that --runtime says.") { rest };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] words = [.. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens, .. parsed.GetValue(Settings.Json) ? ["--json"] : Array.Empty<string>()];
            var folder = Path.Combine(Settings.Variable("SOPHIA_ROOT") ?? Environment.CurrentDirectory, "bench");
            var known = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.csproj", SearchOption.AllDirectories) : [];
            var project = known.FirstOrDefault(p => words.Length > 0 && Path.GetFileName(Path.GetDirectoryName(p)!).Equals(words[0], StringComparison.OrdinalIgnoreCase))
                ?? throw new CommandFailedException($"Say which: {string.Join(", ", known.Select(p => Path.GetFileName(Path.GetDirectoryName(p)!).ToLowerInvariant()).Order())}.");
            Check(project, words[1..]);
            using var process = Process.Start(new ProcessStartInfo("dotnet", ["run", "-c", "Release", "-v", "quiet", "--project", project, $"-p:SophiaRuntime={(SiloRuntime.IsOrleans ? "Orleans" : "InProcess")}", "--", .. words[1..]]))!;
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode;
        });
        return command;
    }

    // A benchmark reads its options itself and would pass over a misspelt one: an option is known where its program names it.
    private static void Check(string project, string[] words)
    {
        var known = Directory.GetFiles(Path.GetDirectoryName(project)!, "*.cs").SelectMany(file => Words().Matches(File.ReadAllText(file)).Select(match => match.Value.Trim('"'))).Distinct().Order(StringComparer.Ordinal).ToArray();
        foreach (var word in words)
            if (word.StartsWith("--", StringComparison.Ordinal) && !known.Contains(word, StringComparer.Ordinal))
                throw new CommandFailedException($"\"{word}\" is no option of this benchmark{(known.Length == 0 ? "; it has none" : $": {string.Join(", ", known)}")}.");
    }

    [GeneratedRegex("\"--[a-z][a-z-]*\"", RegexOptions.None, 1000)]
    private static partial Regex Words();
}
