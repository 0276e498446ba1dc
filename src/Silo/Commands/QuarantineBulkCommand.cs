using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Quality;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>One decision on every held item of a pipeline, stream or rule: begun, waited for, listed, stopped.</summary>
internal static class QuarantineBulkCommand
{
    private const string Decisions = "api/quarantine/decisions";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    public static Command Create()
    {
        var kind = new Argument<string>("what") { Description = "release, edit or discard." };
        kind.AcceptOnlyFromAmong("release", "edit", "discard");
        var pipeline = new Option<string?>("--pipeline") { Description = "Only of this pipeline." };
        var stream = new Option<string?>("--stream") { Description = "Only of this stream." };
        var rule = new Option<string?>("--rule") { Description = "Only what this rule holds, as quarantine list --json names it (type:amount)." };
        var field = new Option<string?>("--field") { Description = "The field that an edit sets." };
        var value = new Option<string?>("--value") { Description = "What an edit sets it to; a number, true, false or null is taken as such." };
        var replace = new Option<string[]>("--replace") { Description = "Instead of --value: OLD=NEW, as often as there are values.", AllowMultipleArgumentsPerToken = true };
        var reason = new Option<string?>("--reason") { Description = "Why, for discard; kept in the audit." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Change nothing and show what would be." };
        var noWait = new Option<bool>("--no-wait") { Description = "Say its number and return; it goes on by itself." };
        var command = new Command("bulk", "Release, edit or discard every held item that a filter takes. It goes on where this command ends.") { kind, pipeline, stream, rule, field, value, replace, reason, dryRun, noWait };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation, Console.Error.WriteLine);
            var body = new QuarantineBulk(Enum.Parse<BulkKind>(parsed.GetValue(kind)!, ignoreCase: true), parsed.GetValue(pipeline), parsed.GetValue(stream), parsed.GetValue(rule), parsed.GetValue(field), parsed.GetValue(reason),
                parsed.GetValue(value) is { } text ? Element(text) : null, Replacements(parsed.GetValue(replace) ?? []), parsed.GetValue(dryRun));
            if (body.DryRun)
                return await Try(api, body, cancellation);
            var order = await api.Send(HttpMethod.Post, Decisions, Api.Json(new QuarantineDecide(body.Kind, body.Pipeline, body.Stream, body.Rule, body.Field, body.Reason, body.Value, body.Replace), EdgeJson.Default.QuarantineDecide),
                EdgeJson.Default.BulkOrderView, cancellation);
            if (!parsed.GetValue(noWait))
                order = await Follow(api, order, parsed.GetValue(Settings.Json), cancellation);
            return Print(order, parsed.GetValue(Settings.Json));
        });
        return command;
    }

    public static Command CreateList()
    {
        var stop = new Option<long?>("--stop") { Description = "End the decision of this number; what it decided stays." };
        var command = new Command("decisions", "Decisions on many items, newest first: all that go, and the last that ended.") { stop };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            if (parsed.GetValue(stop) is { } id)
                return Print(await api.Send(HttpMethod.Post, $"{Decisions}/{id}/stop", null, EdgeJson.Default.BulkOrderView, cancellation), parsed.GetValue(Settings.Json), fails: false);
            var text = await api.Text(HttpMethod.Get, Decisions, null, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(text);
            else
                Show.Rows(["id", "what", "which", "by", "since", "state", "released", "discarded", "still held", ""], JsonSerializer.Deserialize(text, EdgeJson.Default.IReadOnlyListBulkOrderView)!.Select(order => new[]
                {
                    $"{order.Id}", order.Kind.ToString().ToLowerInvariant(), Show.Plain(Which(order), 60), Show.Plain(order.By, 40), Show.Moment(order.At), Word(order.Phase),
                    Show.Number(order.Released), Show.Number(order.Discarded), Show.Number(order.StillHeld), Show.Plain(order.Says, 120),
                }), "No decision on many items was taken yet.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<int> Try(Api api, QuarantineBulk body, CancellationToken cancellation)
    {
        var (taken, shown) = (0, new List<QuarantineOutcome>());
        do
        {
            var outcome = await api.Send(HttpMethod.Post, "api/quarantine/bulk", Api.Json(body, EdgeJson.Default.QuarantineBulk), EdgeJson.Default.BulkOutcome, cancellation);
            taken += outcome.Taken;
            shown.AddRange(outcome.Outcomes.Take(20 - shown.Count));
            body = body with { Before = outcome.Next };
        }
        while (body.Before is not null);
        Show.Rows(["id", "state", ""], shown.Select(o => new[] { $"{o.Id}", o.State.ToString().ToLowerInvariant(), Show.Plain(o.Detail, 120) }));
        AnsiConsole.MarkupLine($"{Show.Number(taken)} would be taken (nothing was changed)");
        return ExitCodes.Done;
    }

    private static async Task<BulkOrderView> Follow(Api api, BulkOrderView order, bool quiet, CancellationToken cancellation)
    {
        var look = async () => order = await api.Get($"{Decisions}/{order.Id}", EdgeJson.Default.BulkOrderView, cancellation);
        if (quiet || !AnsiConsole.Profile.Capabilities.Interactive)
        {
            for (var told = ""; IsGoing(order); await look())
            {
                if (!quiet && order.Says is { } says && says != told)
                    Console.Error.WriteLine(Show.OneLine(told = says));
                await Task.Delay(LookEvery, cancellation);
            }
            return order;
        }
        await AnsiConsole.Status().StartAsync("deciding", async status =>
        {
            for (; IsGoing(order); await look())
            {
                status.Status(Markup.Escape($"decision {order.Id}, {Word(order.Phase)}: {Show.Number(Taken(order))} of at most {Show.Number(order.AtMost)}{(order.Says is { } says ? $"; {Show.OneLine(says)}" : "")}"));
                await Task.Delay(LookEvery, cancellation);
            }
        });
        return order;
    }

    private static int Print(BulkOrderView order, bool json, bool fails = true)
    {
        if (json)
            Console.Out.WriteLine(JsonSerializer.Serialize(order, EdgeJson.Default.BulkOrderView));
        else
            AnsiConsole.MarkupLine(IsGoing(order) ? $"decision {order.Id} goes on by itself: {SophiaCommand.Name} quarantine decisions" : Show.Plain(
                $"{(order.Phase == BulkPhase.Done ? "" : $"decision {order.Id} is {Word(order.Phase)} ({order.Says}): ")}{Show.Number(Taken(order))} taken: {Show.Number(order.Released)} released, {Show.Number(order.Discarded)} discarded, {Show.Number(order.StillHeld)} still held", 1_000));
        return fails && !IsGoing(order) && (order.StillHeld > 0 || order.Phase != BulkPhase.Done) ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static bool IsGoing(BulkOrderView order) => order.Phase is BulkPhase.Waiting or BulkPhase.Going;

    private static long Taken(BulkOrderView order) => order.Released + order.Discarded + order.StillHeld;

    private static string Word(BulkPhase phase) => phase.ToString().ToLowerInvariant();

    private static string Which(BulkOrderView order) => string.Join(", ", ((string?[])[order.Rule, order.Field, order.Stream, order.Pipeline]).Where(text => text is not null));

    private static Dictionary<string, JsonElement>? Replacements(string[] pairs) => pairs.Length == 0 ? null : pairs.ToDictionary(
        pair => pair.IndexOf('=') is >= 0 and var at ? pair[..at] : throw new CommandFailedException($"\"{pair}\" is not OLD=NEW."), pair => Element(pair[(pair.IndexOf('=') + 1)..]), StringComparer.Ordinal);

    /// <summary>A number, true, false or null as such; anything else is a text.</summary>
    private static JsonElement Element(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null)
                return json.RootElement.Clone();
        }
        catch (JsonException)
        {
            // A text without quotes.
        }
        using var quoted = JsonDocument.Parse($"\"{JsonEncodedText.Encode(text)}\"");
        return quoted.RootElement.Clone();
    }
}
