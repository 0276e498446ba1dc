using System.CommandLine;
using System.Text;
using Sophia.Operations;
using Sophia.Quality;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Shows what was held back and why; releases, edits, discards.</summary>
internal static class QuarantineCommand
{
    public static Command Create()
    {
        var command = Listing("quarantine", "What the quality gate held back: list, show, release, edit, discard, bulk, decisions.");
        foreach (var part in (Command[])[Listing("list", "List items, newest first."), One(), Release(), Edit(), Discard(), QuarantineBulkCommand.Create(), QuarantineBulkCommand.CreateList()])
            command.Add(part);
        return command;
    }

    private static Command Listing(string word, string description)
    {
        var pipeline = new Option<string?>("--pipeline") { Description = "Only of this pipeline." };
        var stream = new Option<string?>("--stream") { Description = "Only of this stream." };
        var state = new Option<string>("--state") { Description = "held, released, discarded or all.", DefaultValueFactory = _ => "held" };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 500.", DefaultValueFactory = _ => 20 };
        var command = new Command(word, description) { pipeline, stream, state, limit };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = new StringBuilder($"api/quarantine?state={Uri.EscapeDataString(parsed.GetValue(state)!)}&limit={parsed.GetValue(limit)}");
            if (parsed.GetValue(pipeline) is { } p)
                address.Append($"&pipeline={Uri.EscapeDataString(p)}");
            if (parsed.GetValue(stream) is { } s)
                address.Append($"&stream={Uri.EscapeDataString(s)}");
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address.ToString(), null, cancellation));
            else
            {
                var page = await api.Get(address.ToString(), EdgeJson.Default.QuarantinePage, cancellation);
                if (page.Items.Count == 0 && parsed.GetValue(pipeline) is { } named)
                    await api.Get($"api/pipelines/{Uri.EscapeDataString(named)}", EdgeJson.Default.PipelineView, cancellation);
                if (page.Items.Count == 0 && parsed.GetValue(stream) is { } asked)
                    await KnownStreams.Check(api, [asked], cancellation);
                Print(page);
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(QuarantinePage page)
    {
        Show.Rows(["id", "stream", "key", "why", "from"], page.Items.Select(item => new[]
        {
            $"{item.Id}", Show.Plain(item.Stream), Show.Plain(item.Key, 40),
            string.Join("; ", item.Reasons.Select(r => Reason(r, 40))),
            Show.Plain($"{item.Origin.Path}:{item.Origin.Line}", 80),
        }));
        AnsiConsole.MarkupLine($"[dim]{Show.Number(page.Held)} held[/]");
    }

    // "*" is the record as a whole.
    private static string Reason(CellReason reason, int most) =>
        $"{(reason.Field == "*" ? "" : $"{Show.Plain(reason.Field)}: ")}expected {Show.Plain(reason.Expected)}, found {(reason.Value is { } value ? Show.Plain(value, most) : "nothing")}";

    private static Command One()
    {
        var id = new Argument<long>("id") { Description = "The item's number." };
        var command = new Command("show", "Print one item.") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = $"api/quarantine/{parsed.GetValue(id)}";
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
                return ExitCodes.Done;
            }
            var item = await api.Get(address, EdgeJson.Default.QuarantinedItem, cancellation);
            AnsiConsole.MarkupLine($"[bold]{Word(item.State)}[/] · {Show.Plain($"{item.Stream}{(item.Key is { Length: > 0 } key ? $"/{key}" : "")} from {item.Origin.Path} line {item.Origin.Line}, run {item.Run}")}");
            foreach (var reason in item.Reasons)
            {
                AnsiConsole.MarkupLine($"{Reason(reason, 200)} [dim]({Show.Plain(reason.Rule)})[/]");
                if (reason.Hint is { Length: > 0 } hint)
                    AnsiConsole.MarkupLine($"  {Show.Plain(hint, 1000)}");
            }
            Console.Out.WriteLine(item.PayloadJson is { } json ? Show.Tame(json) : $"(no record: {item.Origin.Length} bytes at {item.Origin.Offset}, SHA-256 {item.Origin.HashHex})");
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Word(QuarantineState state) => state.ToString().ToLowerInvariant();

    private static Argument<long[]> Ids() => new("ids") { Arity = ArgumentArity.OneOrMore, Description = $"Numbers of items, as {SophiaCommand.Name} quarantine lists them." };

    private static Command Release()
    {
        var ids = Ids();
        var command = new Command("release", "Store items as they are.") { ids };
        command.SetAction((parsed, cancellation) =>
            Decide(parsed, "api/quarantine/release", Api.Json(new QuarantineIds(parsed.GetValue(ids)), EdgeJson.Default.QuarantineIds), cancellation));
        return command;
    }

    private static Command Discard()
    {
        var ids = Ids();
        var reason = new Option<string>("--reason") { Description = "Why; kept in the audit.", Required = true };
        var command = new Command("discard", "Give items up.") { ids, reason };
        command.SetAction((parsed, cancellation) =>
            Decide(parsed, "api/quarantine/discard", Api.Json(new QuarantineDiscard(parsed.GetValue(ids), parsed.GetValue(reason)), EdgeJson.Default.QuarantineDiscard), cancellation));
        return command;
    }

    private static async Task<int> Decide(ParseResult parsed, string address, HttpContent body, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var outcomes = await api.Send(HttpMethod.Post, address, body, EdgeJson.Default.IReadOnlyListQuarantineOutcome, cancellation);
        Show.Rows(["id", "state", ""], outcomes.Select(o => new[] { $"{o.Id}", Word(o.State), Show.Plain(o.Detail) }));
        return outcomes.Any(o => o.State is QuarantineState.Held or QuarantineState.Unknown) ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static Command Edit()
    {
        var id = new Argument<long>("id") { Description = "The item's number." };
        var payload = new Argument<string>("payload") { Description = "The corrected JSON object, or - to read it from the input." };
        var command = new Command("edit", "Replace an item's payload and judge it again.") { id, payload };
        command.SetAction(async (parsed, cancellation) =>
        {
            var text = parsed.GetValue(payload) == "-" ? await Console.In.ReadToEndAsync(cancellation) : parsed.GetValue(payload)!;
            await using var api = await Api.Open(parsed, cancellation);
            var outcome = await api.Send(HttpMethod.Put, $"api/quarantine/{parsed.GetValue(id)}",
                new StringContent(text, Encoding.UTF8, "application/json"), EdgeJson.Default.QuarantineOutcome, cancellation);
            AnsiConsole.MarkupLine($"{Word(outcome.State)}: {Show.Plain(outcome.Detail)}");
            foreach (var reason in outcome.Reasons)
                AnsiConsole.MarkupLine($"{Reason(reason, 200)} [dim]({Show.Plain(reason.Rule)})[/]");
            return outcome.State == QuarantineState.Held ? ExitCodes.Failed : ExitCodes.Done;
        });
        return command;
    }
}
