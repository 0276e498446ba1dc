using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sophia.Commands;
using Sophia.Knowledge;

namespace Sophia.Quality;

/// <summary>Measures how well wrong cells are found: a dirty table goes through a pipeline into a scratch Sophia, every suggested rule is accepted, and what the rules flag is compared with the clean table.</summary>
internal static class QualityEvalCommand
{
    public static Command Create()
    {
        var path = new Option<string>("--path") { Description = "A folder with dirty.csv and clean.csv, whose cells are compared by their place.", Required = true };
        var pipeline = new Option<string?>("--pipeline") { Description = "The definition that the dirty table goes through. Default: samples/pipelines/NAME.yaml, named like the folder, where there is one; else a definition without rules." };
        var command = new Command("quality", "Measure how well wrong cells are found, by kind of rule and by column, against a clean table that no rule sees.") { path, pipeline };
        command.SetAction(async (parsed, cancellation) =>
        {
            var set = QualitySet.Read(Path.GetFullPath(parsed.GetValue(path)!));
            var file = parsed.GetValue(pipeline) ?? Path.Combine(Settings.Variable("SOPHIA_ROOT") ?? Environment.CurrentDirectory, "samples", "pipelines", $"{set.Name}.yaml");
            if (!File.Exists(file) && parsed.GetValue(pipeline) is not null)
                throw new CommandFailedException($"There is no file {file}.");
            await using var scratch = await ScratchSophia.Start(parsed, cancellation);
            var scores = await new QualityEvaluation(set, scratch).Run(File.Exists(file) ? await File.ReadAllTextAsync(file, cancellation) : null, cancellation);
            if (parsed.GetValue(Settings.Json))
                foreach (var score in scores)
                    Console.Out.WriteLine(JsonSerializer.Serialize(score, QualityEvalJson.Default.QualityScore));
            else
                Show.Rows(["set", "rules", "column", "flagged", "right", "wrong cells", "precision", "recall", "F1"], scores.Select(score => (string[])
                    [score.Set, score.Rules, score.Column ?? "all", Show.Number(score.Flagged), Show.Number(score.Right), Show.Number(score.Wrong), Share(score.Precision), Share(score.Recall), Share(score.F1)]));
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Share(double share) => share.ToString("0.000", CultureInfo.InvariantCulture);
}
