using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sophia.Commands;

namespace Sophia.Knowledge;

/// <summary>Measures whether an answer is given where the records hold one, and refused where they do not: the built-in answerer over the search that users have.</summary>
internal static class AnswerEvalCommand
{
    public static Command Create()
    {
        var path = new Option<string?>("--path") { Description = "The folder of the sets (qmsum/meetings/val, scifact, cranfield, docs_handbook, crm/maven_crm_sales; those that are there). Default: SOPHIA_DATA, else ../shared/data." };
        var only = new Option<string[]>("--sets") { Description = "Only these: meetings, scifact, cranfield, handbook, tables, and general and computed, which are questions without records. Default: all.", AllowMultipleArgumentsPerToken = true };
        var list = new Option<string?>("--list") { Description = "Write every question with what was decided to this file, one line of JSON each." };
        var command = new Command("answers", "Measure how often questions are answered that can be, and refused that cannot: asked of their own records, of others', and of their own without those that answer.") { path, only, list };
        command.SetAction(async (parsed, cancellation) =>
        {
            var data = Path.GetFullPath(parsed.GetValue(path) ?? Settings.Variable("SOPHIA_DATA") ?? Path.Combine(Settings.Variable("SOPHIA_ROOT") ?? Environment.CurrentDirectory, "..", "shared", "data"));
            var sets = AnswerSets.Read(data).Where(set => parsed.GetValue(only) is not { Length: > 0 } chosen || chosen.Contains(set.Name)).ToList();
            if (sets.All(set => set.Write is null))
                throw new CommandFailedException($"There is no set in {data}. Say where they lie with --path.");
            await using var lines = parsed.GetValue(list) is { } file ? new StreamWriter(file) : null;
            var all = new List<AskedQuestion>();
            await foreach (var asked in new AnswerEvaluation(sets, stop => ScratchSophia.Start(parsed, stop)).Run(cancellation))
            {
                all.Add(asked);
                if (lines is not null)
                    await lines.WriteLineAsync(JsonSerializer.Serialize(asked, AnswerEvalJson.Default.AskedQuestion).AsMemory(), cancellation);
            }
            var scores = new[] { AnswerScore.Fitted, AnswerScore.HeldOut }.SelectMany(half => AnswerScore.Of(half, all)).ToList();
            if (parsed.GetValue(Settings.Json))
                foreach (var score in scores)
                    Console.Out.WriteLine(JsonSerializer.Serialize(score, AnswerEvalJson.Default.AnswerScore));
            else
                Show.Rows(["half", "case", "set", "can be answered", "questions", "answered", "right", "not computed", "AUROC"], scores.Select(score => (string[])
                    [score.Half, score.Case, score.Set, score.Holds switch { true => "yes", false => "no", _ => "" }, Show.Number(score.Questions), Share(score.Answered, score), Share(score.Right, score), Share(score.NotComputed, score),
                        score.Auroc?.ToString("0.000", CultureInfo.InvariantCulture) ?? ""]));
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Share(int count, AnswerScore score) => (count / (double)Math.Max(1, score.Questions)).ToString("0.000", CultureInfo.InvariantCulture);
}
