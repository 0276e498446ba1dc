using System.CommandLine;
using Sophia.Operations;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Tells the life of one thing.</summary>
internal static class WhyCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "A record (stream/key), a quarantined item's number, a run, or the path of a file." };
        var command = new Command("why", "Say which stage a thing is in, since when, and what it waits for.") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = $"api/why?id={Uri.EscapeDataString(parsed.GetValue(id)!)}";
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
                return ExitCodes.Done;
            }
            var view = await api.Get(address, EdgeJson.Default.WhyView, cancellation);
            AnsiConsole.MarkupLine(view is { Stage: "waiting", WaitingFor: { } turn } ? $"[bold]waits for {Show.Plain(turn)}[/] since {Show.Moment(view.Since)}" : $"[bold]{Show.Plain(view.Stage)}[/]{(view.Since is null ? "" : $" since {Show.Moment(view.Since)}")}{(view.WaitingFor is null ? "" : $", waiting for {Show.Plain(view.WaitingFor)}")}");
            AnsiConsole.MarkupLine(Show.Plain(view.Explanation, 2000));
            if (view.Steps.Count > 0)
                Show.Rows(["when", "stage", ""], view.Steps.Select(step => new[] { Show.Moment(step.At), Show.Plain(step.Stage), Show.Plain(step.Detail, 300) }));
            foreach (var step in view.Steps.Where(step => step.SourceJson is not null))
                AnsiConsole.MarkupLine($"[dim]{Show.Plain(step.Detail.Split(',')[0])}: the source said[/] {Show.Plain(step.SourceJson, 2_000)}");
            return view.Stage == "unknown" ? ExitCodes.Failed : ExitCodes.Done;
        });
        return command;
    }
}
