using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Pipelines;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Loads the small sample of the tour, and takes it out again.</summary>
internal static class SampleCommand
{
    public static Command Create()
    {
        var command = new Command("sample", "Load a small sample to look around with: a dozen accounts, two calls and a handbook of an invented company.") { Remove() };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation, Console.Error.WriteLine);
            var json = parsed.GetValue(Settings.Json);
            var run = await IngestCommand.Follow(api, "sample", await api.Send(HttpMethod.Post, "api/sample", null, EdgeJson.Default.RunView, cancellation), quiet: json, cancellation);
            if (json)
                Console.Out.WriteLine(JsonSerializer.Serialize(run, EdgeJson.Default.RunView));
            else
            {
                await IngestCommand.Summary(api, run, cancellation);
                AnsiConsole.MarkupLine($"""
                    [dim]Look around:
                      {SophiaCommand.Name} quarantine list
                      {SophiaCommand.Name} search "cold chain alarm"
                      {SophiaCommand.Name} ask "What does Harbourline worry about?"
                      {SophiaCommand.Name} sample remove[/]
                    """);
            }
            return run.State == RunState.Succeeded ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static Command Remove()
    {
        var command = new Command("remove", "Delete the sample's records and forget its pipeline.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var left = await api.Text(HttpMethod.Delete, "api/sample", null, cancellation);
            Console.Out.WriteLine(left.Length == 0 ? "The sample is removed." : "The sample is being removed; ask again in a moment.");
            return left.Length == 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }
}
