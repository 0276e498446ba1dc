using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Pipelines;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Says what a definition would make of records that are stored already, or held back.</summary>
internal static class ReplayCommand
{
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
            await using var api = await Api.Open(parsed, cancellation, Console.Error.WriteLine);
            var file = parsed.GetValue(with);
            if (file is { Exists: false })
                throw new CommandFailedException($"There is no file {file.FullName}.");
            var request = new ReplayRequest(parsed.GetValue(run), parsed.GetValue(stream), parsed.GetValue(key), parsed.GetValue(from), parsed.GetValue(until),
                file is null ? null : await File.ReadAllTextAsync(file.FullName, cancellation), file?.Name);
            var address = $"api/pipelines/{Uri.EscapeDataString(parsed.GetValue(name)!)}/replay";
            var json = parsed.GetValue(Settings.Json);
            var all = await Follow(new Replaying(api, address, request), quiet: json, cancellation);
            if (json)
                Console.Out.WriteLine(JsonSerializer.Serialize(all.Page, EdgeJson.Default.ReplayPage));
            else
                Print(all.Page);
            return Ended(all);
        });
        return command;
    }

    private static async Task<Replaying> Follow(Replaying replay, bool quiet, CancellationToken cancellation)
    {
        if (quiet || !AnsiConsole.Profile.Capabilities.Interactive)
            await replay.Go(null, cancellation);
        else
            await AnsiConsole.Status().StartAsync("replaying", status => replay.Go(() => status.Status(Markup.Escape(
                $"replayed {Show.Number(replay.Looked)}{(replay.Page.Total is { } total ? $" of about {Show.Number(total)}" : "")}: {Counts(replay.Page)}")), cancellation));
        return replay;
    }

    // A replay that could not do what was asked says so and fails, also where it was to be read by a program.
    private static int Ended(Replaying replay)
    {
        var page = replay.Page;
        if (replay.IsCancelled)
            Console.Error.WriteLine($"Cancelled after {Show.Number(replay.Looked)}{(page.Total is { } total ? $" of about {Show.Number(total)}" : "")} records.");
        else if (page.Next is not null)
            Console.Error.WriteLine($"Stopped after {Show.Number(replay.Looked)} records: narrow it by --from, --until or --run.");
        var without = page.Counts.FirstOrDefault(count => count.Outcome == ReplayOutcome.SourceNotKept)?.Records ?? 0;
        if (without > 0)
            Console.Error.WriteLine($"{(without == replay.Looked ? "None" : Show.Number(without))} of {Show.Number(replay.Looked)} records could {(without == replay.Looked ? "" : "not ")}be taken through the transforms: what their source said is not kept, because the stream masks values. Their rules alone were asked.");
        return replay.IsCancelled ? ExitCodes.Interrupted : without > 0 && without == replay.Looked ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static string Counts(ReplayPage page) => string.Join(", ", page.Counts.Select(count => $"{Show.Number(count.Records)} {count.Outcome.Word()}"));

    private static void Print(ReplayPage page)
    {
        foreach (var difference in page.Differences)
        {
            AnsiConsole.MarkupLine($"[bold]{Show.Plain($"{difference.Stream}/{difference.Key}")}[/] [dim]{(difference.Item > 0 ? $"item {difference.Item}" : $"version {difference.Version}")}[/] {difference.Outcome.Word()}{(difference.KeyAfter is { } key ? $", its key would be {Show.Plain(key)}" : "")}");
            foreach (var reason in difference.Reasons)
                AnsiConsole.MarkupLine($"  {Show.Plain(reason.Field)}: expected {Show.Plain(reason.Expected)}{(reason.Value is null ? "" : $", found {Show.Plain(reason.Value)}")} [dim]({Show.Plain(reason.Rule)})[/]");
            ShowTransforms.Difference(difference.Before, difference.After, "nothing: filtered");
        }
        if (page.Counts.Count == 0)
            AnsiConsole.MarkupLine("Nothing was found to replay.");
        else
            AnsiConsole.MarkupLine($"{(page.Counts.All(count => count.Outcome is ReplayOutcome.Same or ReplayOutcome.StillQuarantined) ? "Nothing would be otherwise: " : "")}{Counts(page)}");
    }
}
