using System.CommandLine;
using System.Text;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Pages;
using Sophia.Queues;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Work that could not be done: lists it, shows one, brings it back, gives it up, replays it step by step.</summary>
internal static class DeadCommand
{
    public static Command Create()
    {
        var command = Listing("dead", "Work that could not be done: list, show, revive, purge, quarantine, edit, export, replay.");
        foreach (var part in (Command[])[Listing("list", "List dead and quarantined work, newest first."), One(), Export(), Decide("revive", "Bring items back at once."), Decide("purge", "Give items up for good."),
            Decide("quarantine", "Hold items back."), Edit(), Replay()])
            command.Add(part);
        return command.OfOthers();
    }

    private static Option<string?> Queue() => new("--queue") { Description = "Only of this queue." };

    private static Option<string?> Kind() => new("--kind") { Description = "Only of this kind." };

    private static Option<string?> Cause() => new("--cause") { Description = "failed, rejected, noHandler, lapsed, expired or byHand." };

    private static Option<string?> Error() => new("--error") { Description = "Only where these words stand in the error." };

    private static Command Listing(string word, string description)
    {
        var (queue, kind, cause, error) = (Queue(), Kind(), Cause(), Error());
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 500.", DefaultValueFactory = _ => 20 };
        var command = new Command(word, description) { queue, kind, cause, error, limit };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = new StringBuilder($"api/dead?limit={parsed.GetValue(limit)}");
            foreach (var option in (Option<string?>[])[queue, kind, cause, error])
                if (parsed.GetValue(option) is { } given)
                    address.Append($"&{option.Name[2..]}={Uri.EscapeDataString(given)}");
            var text = await api.Text(HttpMethod.Get, parsed.About(address.ToString()), null, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(text);
            else
                Show.Rows(["id", "queue", "kind", "why", "attempts", "since", "error"], JsonSerializer.Deserialize(text, EdgeJson.Default.WorkPage)!.Items.Select(item => new[]
                {
                    $"{item.Id}", Show.Plain(item.Queue), Show.Plain(item.Kind), Show.Plain(item.Cause?.Word()), $"{item.Attempts}", Show.Moment(item.ChangedAt), Show.Plain(item.Error, 100),
                }), "Nothing is dead.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command One()
    {
        var id = new Argument<long>("id") { Description = "The item's number." };
        var command = new Command("show", "Print one item with its payload.") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var text = await api.Text(HttpMethod.Get, parsed.About($"api/dead/{parsed.GetValue(id)}"), null, cancellation);
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(text);
                return ExitCodes.Done;
            }
            var item = JsonSerializer.Deserialize(text, EdgeJson.Default.WorkItem)!;
            AnsiConsole.MarkupLine($"[bold]{item.State.Word()}[/] · {Show.Plain($"{item.Kind} in {item.Queue}, {item.Attempts} of {item.MaxAttempts} attempts, put in {Show.Moment(item.EnqueuedAt)}{(item.Origin is null ? "" : $" by {item.Origin}")}", 1_000)}");
            if (item.Cause is { } cause)
                AnsiConsole.MarkupLine($"{Show.Plain(cause.Word())}: {Show.Plain(item.Error, 2_000)}\n[dim]{Show.Plain(cause.Hint())}[/]");
            Console.Out.WriteLine(item.Payload is { } payload ? Show.Tame(payload) : $"({item.PayloadBytes} bytes of payload, which operators of {Owner.Of(parsed) ?? "the tenant"} may read)");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Export()
    {
        var (queue, kind, cause, error) = (Queue(), Kind(), Cause(), Error());
        var to = new Option<FileInfo>("--to") { Description = "The file of JSON lines to write; must not be there yet.", Required = true };
        var command = new Command("export", "Write dead and quarantined work with payloads into a file, one JSON object a line.") { queue, kind, cause, error, to };
        command.SetAction(async (parsed, cancellation) =>
        {
            var target = parsed.GetValue(to)!;
            MustBeOwn(parsed);
            if (target.Exists)
                throw new CommandFailedException($"{target.Name} is there already.");
            await using var api = await Api.Open(parsed, cancellation);
            var asked = string.Join('&', ((Option<string?>[])[queue, kind, cause, error]).Where(option => parsed.GetValue(option) is not null).Select(option => $"{option.Name[2..]}={Uri.EscapeDataString(parsed.GetValue(option)!)}"));
            using var answer = await api.Http.GetAsync($"api/dead/export?{asked}", HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!answer.IsSuccessStatusCode)
                throw Api.FailureOf(answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
            var partial = target.FullName + ".part";
            await using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write))
                await answer.Content.CopyToAsync(file, cancellation);
            File.Move(partial, target.FullName);
            Console.Out.WriteLine($"{target.FullName} holds {File.ReadLines(target.FullName).Count()} items");
            return ExitCodes.Done;
        });
        return command;
    }

    private static (Option<string> Reason, Option<string> Confirm) Words(string repeats) =>
        (new("--reason") { Description = "Why; kept in the audit.", Required = true }, new("--confirm") { Description = repeats, Required = true });

    private static Command Decide(string verb, string description)
    {
        var ids = new Argument<long[]>("ids") { Arity = ArgumentArity.OneOrMore, Description = $"Numbers of items, as {SophiaCommand.Name} dead lists them." };
        var (reason, confirm) = Words("How many items these are.");
        var command = new Command(verb, description) { ids, reason, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var changes = await api.Send(HttpMethod.Post, parsed.About($"api/dead/{verb}"), Api.Json(new DeadIds(parsed.GetValue(ids), parsed.GetValue(reason), parsed.GetValue(confirm)), EdgeJson.Default.DeadIds), EdgeJson.Default.IReadOnlyListWorkChange, cancellation);
            Show.Rows(["id", "state", ""], changes.Select(change => new[] { $"{change.Id}", change.State?.Word() ?? "unknown", change.Changed ? "" : "left as it is" }));
            return changes.All(change => change.Changed) ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static Command Edit()
    {
        var id = new Argument<long>("id") { Description = "The item's number." };
        var payload = new Argument<string>("payload") { Description = "The new payload, or - to read it from the input." };
        var (reason, confirm) = Words("The item's number once more.");
        var command = new Command("edit", "Replace an item's payload; bring it back afterwards.") { id, payload, reason, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            MustBeOwn(parsed);
            var text = parsed.GetValue(payload) == "-" ? await Console.In.ReadToEndAsync(cancellation) : parsed.GetValue(payload)!;
            await using var api = await Api.Open(parsed, cancellation);
            await api.Text(HttpMethod.Put, $"api/dead/{parsed.GetValue(id)}?reason={Uri.EscapeDataString(parsed.GetValue(reason)!)}&confirm={Uri.EscapeDataString(parsed.GetValue(confirm)!)}", new StringContent(text, Encoding.UTF8, "application/json"), cancellation);
            AnsiConsole.MarkupLine("The payload is saved.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Replay()
    {
        var (queue, kind, cause, error) = (Queue(), Kind(), Cause(), Error());
        var dry = new Option<bool>("--dry-run") { Description = "Only say what it would take." };
        var canary = new Option<int>("--canary") { Description = "Items of the first step, 1 to 100.", DefaultValueFactory = _ => 1 };
        var most = new Option<int>("--most") { Description = "Items of a step at most, 1 to 1,000.", DefaultValueFactory = _ => 500 };
        var stop = new Option<double>("--stop-share") { Description = "It stops where more than this share failed again, 0 to 1.", DefaultValueFactory = _ => 0.2 };
        var reason = new Option<string?>("--reason") { Description = "Why; kept in the audit. Not of a dry run." };
        var confirm = new Option<string?>("--confirm") { Description = "The queue once more, or all where none is named. Not of a dry run." };
        var status = new Command("status", "The replay that goes, or the last one.");
        status.SetAction((parsed, cancellation) => Said(parsed, HttpMethod.Get, "api/dead/replay", null, cancellation));
        var (endReason, endConfirm) = Words("The replay's number once more.");
        var end = new Command("stop", "Stop the replay that goes.") { endReason, endConfirm };
        end.SetAction((parsed, cancellation) => Said(parsed, HttpMethod.Post, "api/dead/replay/stop", Api.Json(new StopReplay(parsed.GetValue(endReason), parsed.GetValue(endConfirm)), EdgeJson.Default.StopReplay), cancellation));
        var command = new Command("replay", "Bring back all that a filter takes: a canary first, then more and more, and an end where too much fails again.") { queue, kind, cause, error, dry, canary, most, stop, reason, confirm, status, end };
        command.SetAction((parsed, cancellation) =>
        {
            WorkCause? known = parsed.GetValue(cause) is not { } word ? null : Enum.TryParse<WorkCause>(word, ignoreCase: true, out var parsedCause) ? parsedCause : throw new CommandFailedException("--cause is failed, rejected, noHandler, lapsed, expired or byHand.");
            var order = new ReplayDead(parsed.GetValue(queue), parsed.GetValue(kind), known, parsed.GetValue(error), parsed.GetValue(dry), parsed.GetValue(canary), parsed.GetValue(most), parsed.GetValue(stop), parsed.GetValue(reason), parsed.GetValue(confirm));
            return Said(parsed, HttpMethod.Post, "api/dead/replay", Api.Json(order, EdgeJson.Default.ReplayDead), cancellation);
        });
        return command;
    }

    private static void MustBeOwn(ParseResult parsed)
    {
        if (Owner.Of(parsed) is { } owner)
            throw new CommandFailedException($"What stands in an item is its tenant's own: an operator of {owner} exports and mends it.");
    }

    private static async Task<int> Said(ParseResult parsed, HttpMethod method, string address, HttpContent? body, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var text = await api.Text(method, parsed.About(address), body, cancellation);
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(text);
            return ExitCodes.Done;
        }
        var view = JsonSerializer.Deserialize(text, EdgeJson.Default.DeadReplayView)!;
        AnsiConsole.MarkupLine(view.Phase == DeadReplayPhase.DryRun ? $"It would take {Show.Number(view.Taken)} items."
            : $"Replay {view.Number}: [bold]{Show.Plain(view.Phase.Word())}[/]: {Show.Number(view.Replayed)} of {Show.Number(view.Taken)} brought back, {Show.Number(view.Succeeded)} done, {Show.Number(view.Failed)} failed again. {Show.Plain(view.Why, 500)}");
        Show.Rows(["id", "queue", "kind", "error"], view.Sample.Select(item => new[] { $"{item.Id}", Show.Plain(item.Queue), Show.Plain(item.Kind), Show.Plain(item.Error, 100) }));
        return view.Phase == DeadReplayPhase.StoppedItself ? ExitCodes.Failed : ExitCodes.Done;
    }
}
