using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sophia.Operations;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Shows how each part of Sophia is.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var command = new Command("status", "Show whether each part is healthy.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            using var response = await api.Http.GetAsync("health", cancellation);
            var text = await response.Content.ReadAsStringAsync(cancellation);
            if ((int)response.StatusCode is not (200 or 503))
                throw Api.FailureOf(response.StatusCode, text);
            var view = JsonSerializer.Deserialize(text, EdgeJson.Default.HealthView)!;
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(text);
            else
                Print(view, api);
            return view.State == "unhealthy" ? ExitCodes.Failed : ExitCodes.Done;
        });
        return command;
    }

    private static void Print(HealthView view, Api api)
    {
        AnsiConsole.MarkupLine($"[bold]{view.State}[/] at {api.Url}{(api.IsOwn ? " (started for this command)" : "")}, {Sizes.Of(view.WorkingSetBytes)} resident");
        Show.Rows(["part", "state", "ms", ""], view.Parts.Select(p => new[] { p.Name, p.State, p.Milliseconds.ToString("0", CultureInfo.InvariantCulture), Show.Plain(p.Reason) }));
    }
}
