using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Quality;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>One decision on every held item of a pipeline, stream or rule.</summary>
internal static class QuarantineBulkCommand
{
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
        var command = new Command("bulk", "Release, edit or discard every held item that a filter takes.") { kind, pipeline, stream, rule, field, value, replace, reason, dryRun };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = new QuarantineBulk(Enum.Parse<BulkKind>(parsed.GetValue(kind)!, ignoreCase: true), parsed.GetValue(pipeline), parsed.GetValue(stream), parsed.GetValue(rule), parsed.GetValue(field), parsed.GetValue(reason),
                parsed.GetValue(value) is { } text ? Element(text) : null, Replacements(parsed.GetValue(replace) ?? []), parsed.GetValue(dryRun));
            var (taken, released, discarded, held) = (0, 0, 0, 0);
            var shown = new List<QuarantineOutcome>();
            do
            {
                var outcome = await api.Send(HttpMethod.Post, "api/quarantine/bulk", Api.Json(body, EdgeJson.Default.QuarantineBulk), EdgeJson.Default.BulkOutcome, cancellation);
                (taken, released, discarded, held) = (taken + outcome.Taken, released + outcome.Released, discarded + outcome.Discarded, held + outcome.StillHeld);
                shown.AddRange(outcome.Outcomes.Take(20 - shown.Count));
                body = body with { Before = outcome.Next };
            }
            while (body.Before is not null);
            Show.Rows(["id", "state", ""], shown.Select(o => new[] { $"{o.Id}", o.State.ToString().ToLowerInvariant(), Show.Plain(o.Detail, 120) }));
            AnsiConsole.MarkupLine($"{Show.Number(taken)} taken: {Show.Number(released)} released, {Show.Number(discarded)} discarded, {Show.Number(held)} still held{(body.DryRun ? " (nothing was changed)" : "")}");
            return held > 0 && !body.DryRun ? ExitCodes.Failed : ExitCodes.Done;
        });
        return command;
    }

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
