using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Resilience;

namespace Sophia.Commands;

/// <summary>Shows circuit breakers, and takes one out of the hands of its rule or gives it back.</summary>
internal static class BreakersCommand
{
    public static Command Create()
    {
        var command = new Command("breakers", "Show circuit breakers; isolate, close or reset one.")
        {
            List(), One(),
            Act("isolate", "Let no call through, in every process that reaches the breaker, until it is closed or reset."),
            Act("close", "Let every call through, whatever fails, until it is isolated or reset."),
            Act("reset", "Give the breaker back to its rule, closed and with nothing remembered against the dependency."),
        };
        command.SetAction(All);
        return command.OfOthers();
    }

    private static Command List()
    {
        var command = new Command("list", "Show all: phase, since when, why.");
        command.SetAction(All);
        return command;
    }

    private static Command One()
    {
        var name = Name();
        var command = new Command("show", "Show one with its rule, what processes see, and its history.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            return Print(parsed, await api.Get(await Path(api, parsed, parsed.GetValue(name)!, cancellation), EdgeJson.Default.BreakerView, cancellation));
        });
        return command;
    }

    private static Command Act(string what, string description)
    {
        var name = Name();
        var reason = new Option<string>("--reason") { Description = "Why; whoever looks at the breaker is shown it.", Required = true };
        var confirm = new Option<string>("--confirm") { Description = "The dependency's name once more.", Required = true };
        var command = new Command(what, description) { name, reason, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new BreakerWord(parsed.GetValue(reason), parsed.GetValue(confirm)), EdgeJson.Default.BreakerWord);
            return Print(parsed, await api.Send(HttpMethod.Post, $"{await Path(api, parsed, parsed.GetValue(name)!, cancellation)}/{what}", body, EdgeJson.Default.BreakerView, cancellation));
        });
        return command;
    }

    private static async Task<int> All(ParseResult parsed, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var views = await api.Get(parsed.About("api/breakers"), EdgeJson.Default.IReadOnlyListBreakerView, cancellation);
        if (parsed.GetValue(Settings.Json))
            Console.Out.WriteLine(JsonSerializer.Serialize(views, EdgeJson.Default.IReadOnlyListBreakerView));
        else
            Show.Rows(["dependency", "owner", "state", "since", "lets through", "why"], views.Select(view => new[]
            {
                Show.Plain(view.Dependency), Show.Plain(view.Owner), State(view), Show.Moment(view.HeldAt ?? view.Since), $"{Share(view)} %", Show.Plain(view.HeldBecause ?? view.Because),
            }), "No breaker was asked yet: one appears with the first call to its dependency.");
        return ExitCodes.Done;
    }

    private static int Print(ParseResult parsed, BreakerView view)
    {
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(view, EdgeJson.Default.BreakerView));
            return ExitCodes.Done;
        }
        Show.Rows(["", ""], [
            ["dependency", $"{Show.Plain(view.Dependency)} of {Show.Plain(view.Owner)}"], ["state", State(view)], ["why", Show.Plain(view.HeldBecause is { } held ? $"{held} ({view.HeldBy})" : view.Because)],
            ["since", Show.Moment(view.HeldAt ?? view.Since)], ["until", Show.Moment(view.Until)], ["lets through", $"{Share(view)} %{(view.ProbesOut > 0 ? string.Create(CultureInfo.InvariantCulture, $", {view.ProbesOut} probes are out") : "")}"],
            ["opened", string.Create(CultureInfo.InvariantCulture, $"{view.Trips} times since it was steadily closed")], ["rule", Show.Plain(view.Rule)],
        ]);
        Show.Rows(["process", "calls", "failed", "slow", "sees"], view.Processes.Select(process => new[]
        {
            Show.Plain(process.Name), Show.Number(process.Calls), Show.Number(process.Failures), Show.Number(process.Slow), $"{Show.Plain(process.Sees)}{(process.OpensHere ? " (open there)" : "")}",
        }), "No process called it lately.");
        Show.Rows(["when", "phase", "why", "by"], view.History.Select(change => new[] { Show.Moment(change.At), Word(change.Phase), Show.Plain(change.Because), Show.Plain(change.By) }), "Nothing happened yet.");
        return ExitCodes.Done;
    }

    // A name alone is looked for among all that may be seen; owner/name says whose.
    private static async Task<string> Path(Api api, ParseResult parsed, string name, CancellationToken cancellation)
    {
        if (name.Split('/') is [var owner, var dependency])
            return $"api/breakers/{Uri.EscapeDataString(owner)}/{Uri.EscapeDataString(dependency)}";
        var found = (await api.Get(parsed.About("api/breakers"), EdgeJson.Default.IReadOnlyListBreakerView, cancellation)).Where(view => view.Dependency == name && (Owner.Of(parsed) is null || view.Owner == Owner.Of(parsed))).ToList();
        return found switch
        {
            [var one] => $"api/breakers/{one.Owner}/{one.Dependency}",
            [] => throw new CommandFailedException($"There is no breaker \"{name}\"; \"{SophiaCommand.Name} breakers\" shows those that there are."),
            _ => throw new CommandFailedException($"Say whose: {string.Join(", ", found.Select(view => $"{view.Owner}/{view.Dependency}"))}."),
        };
    }

    private static string State(BreakerView view) => view switch
    {
        { Hold: BreakerHold.Isolated } => "[red]isolated[/]",
        { Hold: BreakerHold.HeldClosed } => "[yellow]held closed[/]",
        { Phase: BreakerPhase.Open } => "[red]open[/]",
        _ => view.Phase == BreakerPhase.Closed ? "[green]closed[/]" : $"[yellow]{Word(view.Phase)}[/]",
    } + (view.IsMetricsOnly ? ", only measured" : "");

    private static int Share(BreakerView view) => view.IsMetricsOnly && view.Hold != BreakerHold.Isolated ? 100 : view.Share;

    private static string Word(BreakerPhase phase) => phase switch { BreakerPhase.Closed => "closed", BreakerPhase.Open => "open", BreakerPhase.HalfOpen => "half-open", BreakerPhase.Ramp => "ramp", _ => "unknown" };

    private static Argument<string> Name() => new("dependency") { Description = "The dependency, or owner/dependency." };
}
