using System.Diagnostics;
using System.Text.Json;

namespace Sophia.Quality;

/// <summary>Goal: a change that finds fewer wrong cells, or flags right ones, is seen. Method: "eval quality" as people run it, on tables with known mistakes, against fixed figures.</summary>
public sealed class QualityEvaluationTests
{
    [SharedDataFact]
    public async Task Wrong_cells_of_hospitals_are_found()
    {
        var scores = await Scores("hospital");
        AtLeast(.88, "union", scores);
        AtLeast(.84, "dependency", scores);
    }

    [SharedDataFact]
    public async Task Wrong_cells_of_beers_are_found_by_declared_formats()
    {
        var scores = await Scores("beers");
        AtLeast(.90, "declared", scores);
        AtLeast(.90, "union", scores);
    }

    private static void AtLeast(double least, string rules, IReadOnlyList<JsonElement> scores)
    {
        var all = scores.Single(score => score.GetProperty("rules").GetString() == rules && !score.TryGetProperty("column", out _));
        Assert.True(all.GetProperty("f1").GetDouble() >= least, $"{rules}: {all}; an F1 of at least {least} is wanted");
    }

    private static async Task<IReadOnlyList<JsonElement>> Scores(string set)
    {
        var sample = Path.Combine(Root(), "samples", "pipelines", $"{set}.yaml");
        using var process = Process.Start(new ProcessStartInfo("dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "Sophia.dll"), "eval", "quality", "--path", Path.Combine(SharedData.Root!, "data_quality", set), "--pipeline", sample, "--json"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        })!;
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
            var (output, error) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
            await process.WaitForExitAsync(deadline.Token);
            var said = await error;
            Assert.True(process.ExitCode == 0, $"eval quality {set} ended with {process.ExitCode}: {said}");
            return [.. (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Sophia.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        return folder;
    }
}
