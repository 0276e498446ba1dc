using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Pipelines;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Says what a definition would make of records that are stored already, or held back.</summary>
internal static class ReplayCommand
{
    /// <summary>The most records of one command; a span with more is told to be narrowed.</summary>
    private const long MostRecords = 1_000_000;

    /// <summary>The most differences that are printed.</summary>
    private const int MostShown = 100;

    public static Command Create()
    {
        var name = new Argument<string>("pipeline") { Description = "The pipeline's name." };
        var run = new Option<string?>("--run") { Description = "What this run stored and held back." };
        var stream = new Option<string?>("--stream") { Description = "A stream: its current versions, or those of a time span." };
        var key = new Option<string?>("--key") { Description = "One record of the stream, all its versions." };
        var from = new Option<DateTimeOffset?>("--from") { Description = "Stored at this moment or later." };
        var until = new Option<DateTimeOffset?>("--until") { Description = "Stored at this moment or before." };
        var with = new Option<FileInfo?>("--with") { Description = "Another definition to go by, in YAML or JSON. Default: the pipeline's own." };
        var command = new Command("replay", "Take stored records through a definition again and show what would be otherwise; nothing is written.") { name, run, stream, key, from, until, with };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var file = parsed.GetValue(with);
            if (file is { Exists: false })
                throw new CommandFailedException($"There is no file {file.FullName}.");
            var request = new ReplayRequest(parsed.GetValue(run), parsed.GetValue(stream), parsed.GetValue(key), parsed.GetValue(from), parsed.GetValue(until),
                file is null ? null : await File.ReadAllTextAsync(file.FullName, cancellation), file?.Name);
            var address = $"api/pipelines/{Uri.EscapeDataString(parsed.GetValue(name)!)}/replay";
            var all = await Pages(api, address, request, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(JsonSerializer.Serialize(all, EdgeJson.Default.ReplayPage));
            else
                Print(all);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<ReplayPage> Pages(Api api, string address, ReplayRequest request, CancellationToken cancellation)
    {
        var counts = new SortedDictionary<ReplayOutcome, long>();
        var differences = new List<ReplayDifference>();
        long rulesOnly = 0;
        while (true)
        {
            var page = await api.Send(HttpMethod.Post, address, Api.Json(request, EdgeJson.Default.ReplayRequest), EdgeJson.Default.ReplayPage, cancellation);
            foreach (var count in page.Counts)
                counts[count.Outcome] = counts.GetValueOrDefault(count.Outcome) + count.Records;
            rulesOnly += page.RulesOnly;
            differences.AddRange(page.Differences.Take(MostShown - differences.Count));
            if (page.Next is null || counts.Values.Sum() >= MostRecords)
                return new ReplayPage([.. counts.Select(pair => new ReplayCount(pair.Key, pair.Value))], rulesOnly, differences, page.Next);
            request = request with { After = page.Next };
        }
    }

    private static void Print(ReplayPage page)
    {
        Show.Rows(["", "record", "version", "before", "after"], page.Differences.Select(difference => new[]
        {
            Word(difference.Outcome), Show.Plain($"{difference.Stream}/{difference.Key}"), difference.Item > 0 ? $"item {difference.Item}" : $"{difference.Version}", Show.Plain(difference.Before, 60),
            difference.Reasons.Count > 0 ? Show.Plain(string.Join("; ", difference.Reasons.Select(reason => $"{reason.Field}: expected {reason.Expected}")), 60) : Show.Plain(difference.After, 60),
        }), "Nothing would be otherwise.");
        AnsiConsole.MarkupLine(page.Counts.Count == 0 ? "Nothing was found to replay." : string.Join(", ", page.Counts.Select(count => $"{Show.Number(count.Records)} {Word(count.Outcome)}")));
        if (page.RulesOnly > 0)
            AnsiConsole.MarkupLine($"[dim]{Show.Number(page.RulesOnly)} were judged by rules alone: their stream masks values, so what the source said is not kept[/]");
        if (page.Next is not null)
            AnsiConsole.MarkupLine($"[yellow]Stopped after {Show.Number(MostRecords)} records: narrow it by --from, --until or --run.[/]");
    }

    private static string Word(ReplayOutcome outcome) => outcome switch
    {
        ReplayOutcome.Same => "same",
        ReplayOutcome.Changed => "changed",
        ReplayOutcome.NowQuarantined => "now quarantined",
        ReplayOutcome.NoLongerQuarantined => "no longer quarantined",
        ReplayOutcome.StillQuarantined => "still quarantined",
        _ => "filtered",
    };
}
