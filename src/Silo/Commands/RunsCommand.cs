using System.CommandLine;
using System.Globalization;
using Sophia.Operations;
using Sophia.Pipelines;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Lists runs; pauses, resumes and cancels one.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var limit = Limit();
        var command = new Command("runs", "List runs; show one and what was said while it read; pause, resume or cancel one.") { limit, Newest(), One(), Log(), Change("pause"), Change("resume"), Change("cancel") };
        command.SetAction((parsed, cancellation) => List(parsed, parsed.GetValue(limit), cancellation));
        return command;
    }

    private static Command Newest()
    {
        var limit = Limit();
        var command = new Command("list", "List runs, newest first; the same as without a word.") { limit };
        command.SetAction((parsed, cancellation) => List(parsed, parsed.GetValue(limit), cancellation));
        return command;
    }

    private static async Task<int> List(ParseResult parsed, int limit, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var address = $"api/runs?limit={limit}";
        if (parsed.GetValue(Settings.Json))
            Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
        else
            Show.Runs(await api.Get(address, EdgeJson.Default.IReadOnlyListRunView, cancellation));
        return ExitCodes.Done;
    }

    private static Option<int> Limit() => new("--limit") { Description = "How many, 1 to 1000.", DefaultValueFactory = _ => 20 };

    private static Command One()
    {
        var id = new Argument<string>("run") { Description = $"The run's id, as {SophiaCommand.Name} runs lists it." };
        var command = new Command("show", "Print one run with its counts, what each transform did, and what it left in each stream.") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var known = await Known(api, parsed.GetValue(id)!, cancellation);
            var address = $"api/pipelines/{known.Pipeline}/runs/{known.RunId}";
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
            else
            {
                Print(await api.Get(address, EdgeJson.Default.RunView, cancellation));
                await Warnings(api, known, cancellation);
                if (!known.DryRun && await api.Get($"{address}/streams", EdgeJson.Default.IReadOnlyListRunStreamView, cancellation) is { Count: > 0 } streams)
                    Show.Rows(["stream", "stored", "deleted", "held back"], streams.Select(stream => new[] { Show.Plain(stream.Stream), Show.Number(stream.Stored), Show.Number(stream.Deleted), Show.Number(stream.Quarantined) }), "");
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(RunView run)
    {
        AnsiConsole.MarkupLine($"{Show.State(run)} run {run.RunId} of {run.Pipeline}, definition version {run.DefinitionVersion}{(run.DryRun ? " (dry run: nothing stored)" : "")}, {Show.Plain(run.Reason)}");
        AnsiConsole.MarkupLine($"started {Show.Moment(run.StartedAt)}{(run.EndedAt is { } ended ? $", ended {Show.Moment(ended)}" : "")}{(run.SearchableAt is { } searchable ? $", searchable {Show.Moment(searchable)}" : "")}");
        AnsiConsole.MarkupLine($"{Show.Brief(run)}{(run.QualityScore is { } score ? string.Create(CultureInfo.InvariantCulture, $", quality {score:0.0 %}") : run.Counts.In > 0 ? ", quality not judged: no rule asks anything" : "")}");
        if (run.Waits is { } wait)
            AnsiConsole.MarkupLine($"[yellow]Waiting: {Show.Plain(wait.Because, 1_000)}[/]");
        else if (run.Error is not null)
            AnsiConsole.MarkupLine($"[red]{Show.Plain(run.Error, 1_000)}[/]");
        ShowTransforms.Print(run);
    }

    /// <summary>What a run's sources warn of: the first few.</summary>
    public static async Task Warnings(Api api, RunView run, CancellationToken cancellation)
    {
        var lines = (await api.Get($"api/pipelines/{run.Pipeline}/runs/{run.RunId}/log", EdgeJson.Default.IReadOnlyListConnectorLine, cancellation)).Where(line => line.Level >= ConnectorLineLevel.Warning).ToList();
        foreach (var line in lines.Take(WarningsShown))
            AnsiConsole.MarkupLine($"[yellow]Note:[/] {Show.Plain(line.Text, 1_000)}");
        if (lines.Count > WarningsShown)
            AnsiConsole.MarkupLine($"{lines.Count - WarningsShown} more: {SophiaCommand.Name} runs log {run.RunId}");
        if (lines.Any(line => line.Text.Contains("state key:", StringComparison.Ordinal)))
            AnsiConsole.MarkupLine(Show.Plain(WhereToState(run.Pipeline), 1_000));
    }

    /// <summary>Where a key is stated that a run's warning or a held record asks for.</summary>
    public static string WhereToState(string pipeline) =>
        $"A key is stated in the pipeline's definition: {SophiaCommand.Name} pipelines show {pipeline} > {pipeline}.yaml; below \"streams:\" and the stream's name write \"key: FIELD\" (docs/pipeline.schema.json); {SophiaCommand.Name} pipelines apply {pipeline}.yaml; run it again.";

    private const int WarningsShown = 5;

    private static Command Log()
    {
        var id = new Argument<string>("run") { Description = $"The run's id, as {SophiaCommand.Name} runs lists it." };
        var command = new Command("log", "Print what a run's sources and their connectors said; secrets are blanked.") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var run = await Known(api, parsed.GetValue(id)!, cancellation);
            var address = $"api/pipelines/{run.Pipeline}/runs/{run.RunId}/log";
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
            else
            {
                var lines = await api.Get(address, EdgeJson.Default.IReadOnlyListConnectorLine, cancellation);
                foreach (var line in lines)
                    Console.Out.WriteLine($"{line.At.ToLocalTime():HH:mm:ss} {line.Level.ToString().ToLowerInvariant(),-11} {Show.Tame(line.Text)}");
                if (lines.Count == 0)
                    Console.Error.WriteLine($"No connector said anything in this run: files and webhooks are read by Sophia herself, and of connectors only the newest runs' lines are kept. What could not be read, and why: {SophiaCommand.Name} runs show {run.RunId}");
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<RunView> Known(Api api, string id, CancellationToken cancellation)
    {
        var runs = await api.Get("api/runs?limit=1000", EdgeJson.Default.IReadOnlyListRunView, cancellation);
        return runs.FirstOrDefault(run => run.RunId == id) ?? throw new CommandFailedException("There is no such run.");
    }

    private static Command Change(string verb)
    {
        var id = new Argument<string>("run") { Description = $"The run's id, as {SophiaCommand.Name} runs lists it." };
        var command = new Command(verb, $"{char.ToUpperInvariant(verb[0])}{verb[1..]} a run.") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var run = await Known(api, parsed.GetValue(id)!, cancellation);
            run = await api.Send(HttpMethod.Post, $"api/pipelines/{run.Pipeline}/runs/{run.RunId}/{verb}", null, EdgeJson.Default.RunView, cancellation);
            AnsiConsole.MarkupLine($"{run.RunId} is {Show.State(run)}");
            return ExitCodes.Done;
        });
        return command;
    }
}
