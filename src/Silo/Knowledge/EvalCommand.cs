using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sophia.Commands;
using Sophia.Quality;

namespace Sophia.Knowledge;

/// <summary>Measures search on a judged set: ingests it into a scratch Sophia as a user would, asks its questions, compares with plain BM25 and with chance.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var set = new Argument<string>("set") { Description = "qmsum (meetings), beir (a folder with corpus.jsonl, queries and qrels) or cranfield." };
        set.AcceptOnlyFromAmong("qmsum", "beir", "cranfield");
        var path = new Option<string?>("--path") { Description = "Its folder. Default: below SOPHIA_DATA, else ../shared/data: qmsum/meetings/val, scifact, cranfield." };
        var mode = new Option<string[]>("--mode") { Description = "sophia (what users have), words, vectors, hybrid (vectors always count), rrf (the same, joined by reciprocal ranks), rrf-default (what users have, so joined), bm25, random. Default: all that make sense but rrf.", AllowMultipleArgumentsPerToken = true };
        mode.AcceptOnlyFromAmong("sophia", "words", "vectors", "hybrid", "rrf", "rrf-default", "bm25", "random");
        var misspelt = new Option<bool>("--misspelt") { Description = "Exchange two letters in the longest word of each question (beir, cranfield)." };
        var command = new Command("eval", "Measure search on a judged set, in a scratch folder.") { set, path, mode, misspelt };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = parsed.GetValue(set)!;
            var evaluation = Open(name, Path.GetFullPath(parsed.GetValue(path) ?? DefaultPath(name)), parsed.GetValue(misspelt));
            var modes = parsed.GetValue(mode) is { Length: > 0 } chosen ? chosen : [.. evaluation.Modes.Where(each => !each.StartsWith("rrf", StringComparison.Ordinal))];
            if (modes.Except(evaluation.Modes).FirstOrDefault() is { } senseless)
                throw new CommandFailedException($"The mode \"{senseless}\" makes no sense for {name}.");
            await using var scratch = await ScratchSophia.Start(parsed, cancellation);
            await evaluation.Fill(scratch, cancellation);
            var json = parsed.GetValue(Settings.Json);
            var scores = new List<EvalScore>();
            foreach (var each in modes)
            {
                scores.Add(await evaluation.Run(each, scratch.SearcherOf(each), cancellation));
                if (json)
                    Console.Out.WriteLine(JsonSerializer.Serialize(scores[^1], EvalJson.Default.EvalScore));
            }
            if (!json)
                Print(scores);
            return ExitCodes.Done;
        });
        command.Add(QualityEvalCommand.Create());
        command.Add(AnswerEvalCommand.Create());
        return command;
    }

    private static IEvaluation Open(string set, string path, bool misspelt)
    {
        if (!Directory.Exists(path))
            throw new CommandFailedException($"There is no folder {path}. Say where the set lies with --path.");
        return set switch
        {
            "qmsum" => new MeetingEvaluation(MeetingSet.Read(path)),
            "beir" => new DocumentEvaluation(Spelt(BeirSet.Read(path), misspelt)),
            _ => new DocumentEvaluation(Spelt(CranfieldSet.Read(path), misspelt)),
        };
    }

    private static DocumentSet Spelt(DocumentSet set, bool misspelt) =>
        misspelt ? set with { Name = set.Name + ", misspelt", Questions = [.. set.Questions.Select(q => (Misspelling.Of(q.Text), q.Relevant))] } : set;

    private static string DefaultPath(string set)
    {
        var data = Settings.Variable("SOPHIA_DATA") ?? Path.Combine(Settings.Variable("SOPHIA_ROOT") ?? Environment.CurrentDirectory, "..", "shared", "data");
        return Path.Combine(data, set switch { "qmsum" => "qmsum/meetings/val", "beir" => "scifact", _ => "cranfield" });
    }

    private static void Print(List<EvalScore> scores)
    {
        var figures = scores.SelectMany(s => s.Figures().Select(f => f.Name)).Distinct().ToList();
        Show.Rows(["set", "mode", "questions", .. figures], scores.Select(score => (string[])[score.Set, score.Mode, Show.Number(score.Questions), .. figures.Select(f => Cell(score, f))]));
    }

    private static string Cell(EvalScore score, string figure) =>
        score.Figures().FirstOrDefault(f => f.Name == figure).Value is { } value ? value.ToString(value < 2 ? "0.000" : "0.0", CultureInfo.InvariantCulture) : "";
}
