using System.CommandLine;
using Sophia.Operations;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Lists runs; pauses, resumes and cancels one.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 1000.", DefaultValueFactory = _ => 20 };
        var command = new Command("runs", "List runs; pause, resume or cancel one.") { limit, Change("pause"), Change("resume"), Change("cancel") };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = $"api/runs?limit={parsed.GetValue(limit)}";
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
            else
                Show.Runs(await api.Get(address, EdgeJson.Default.IReadOnlyListRunView, cancellation));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Change(string verb)
    {
        var id = new Argument<string>("run") { Description = "The run's id, as ./sophia runs lists it." };
        var command = new Command(verb, $"{char.ToUpperInvariant(verb[0])}{verb[1..]} a run.") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var runs = await api.Get("api/runs?limit=1000", EdgeJson.Default.IReadOnlyListRunView, cancellation);
            var run = runs.FirstOrDefault(r => r.RunId == parsed.GetValue(id)) ?? throw new CommandFailedException("There is no such run.");
            run = await api.Send(HttpMethod.Post, $"api/pipelines/{run.Pipeline}/runs/{run.RunId}/{verb}", null, EdgeJson.Default.RunView, cancellation);
            AnsiConsole.MarkupLine($"{run.RunId} is {Show.State(run)}");
            return ExitCodes.Done;
        });
        return command;
    }
}
