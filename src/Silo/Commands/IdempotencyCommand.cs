using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Resilience;

namespace Sophia.Commands;

/// <summary>Says what holds for idempotency keys, and what became of one.</summary>
internal static class IdempotencyCommand
{
    public static Command Create()
    {
        var command = new Command("idempotency", "Say how long idempotency keys are remembered and what they met of late; show one; release a stuck one.") { Key(), Release(), Audit() };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var terms = await api.Get("api/idempotency", EdgeJson.Default.IdempotencyTerms, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(JsonSerializer.Serialize(terms, EdgeJson.Default.IdempotencyTerms));
            else
                Print(terms);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Key()
    {
        var key = new Argument<string>("key") { Description = "The key as it was sent, without its quotes, or as it was claimed." };
        var caller = Caller();
        var command = new Command("show", "Show what became of a key: who is at it, or what was answered.") { key, caller };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var of = parsed.GetValue(caller) is { } id ? $"&caller={Uri.EscapeDataString(id)}" : "";
            var view = await api.Get($"api/idempotency/key?key={Uri.EscapeDataString(parsed.GetValue(key)!)}{of}", EdgeJson.Default.IdempotencyView, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(JsonSerializer.Serialize(view, EdgeJson.Default.IdempotencyView));
            else
                Print(view);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Release()
    {
        var key = new Argument<string>("key") { Description = "The key as it was sent, without its quotes, or as it was claimed." };
        var caller = Caller();
        var reason = new Option<string>("--reason") { Description = "Why; it stands in the audit.", Required = true };
        var confirm = new Option<string>("--confirm") { Description = "The key once more.", Required = true };
        var command = new Command("release", "Take a stuck key out of the hands of whoever is at it: the next request does the work. While that one still works, its effect may happen twice.") { key, caller, reason, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new ReleaseKey(parsed.GetValue(key), parsed.GetValue(caller), parsed.GetValue(reason), parsed.GetValue(confirm)), EdgeJson.Default.ReleaseKey);
            var view = await api.Send(HttpMethod.Post, "api/idempotency/key/release", body, EdgeJson.Default.IdempotencyView, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(JsonSerializer.Serialize(view, EdgeJson.Default.IdempotencyView));
            else
                Print(view);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Audit()
    {
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 500.", DefaultValueFactory = _ => 20 };
        var command = new Command("audit", "Show the newest lines of the audit: what keys met, and which were released.") { limit };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var lines = await api.Get($"api/idempotency/audit?limit={parsed.GetValue(limit)}", EdgeJson.Default.IReadOnlyListIdempotencyLine, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(JsonSerializer.Serialize(lines, EdgeJson.Default.IReadOnlyListIdempotencyLine));
            else
                Show.Rows(["when", "what", "of", "why", "by"], lines.Select(line => new[] { Show.Moment(line.At), line.What, Show.Plain(line.Of, 100), Show.Plain(line.Because, 200), Show.Plain(line.By ?? "counted") }), "Nothing yet: what keys meet is written down once a minute.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Option<string?> Caller() => new("--caller") { Description = $"The id of the API key that sent it, as {SophiaCommand.Name} keys lists it, or {IdempotencyKey.Program}: one that programs claimed. Default: the one that the command acts with.", HelpName = "key id" };

    private static void Print(IdempotencyTerms terms) => Show.Rows(["remembered", "removed at the latest", "lease", "largest answer kept", "required", "replayed", "mismatches", "taken over", "late", "since"], [
        [
            Time(terms.KeptForSeconds), $"{Time(terms.SweptEverySeconds)} later", Time(terms.LeaseSeconds), $"{Show.Number(terms.KeptBytes)} bytes", terms.Required.Count == 0 ? "nowhere" : string.Join(", ", terms.Required),
            Show.Number(terms.Replayed), Show.Number(terms.Mismatches), Show.Number(terms.TakenOver), Show.Number(terms.Late), Show.Moment(terms.Since),
        ]]);

    private static void Print(IdempotencyView view) => Show.Rows(["state", "operation", "attempts", "began", "lease until", "ended", "status", "bytes", "because", "replays", "forgotten"], [
        [
            view.State.ToString().ToLowerInvariant(), Show.Plain(view.Operation), Show.Number(view.Attempts), Show.Moment(view.BeganAt), Show.Moment(view.LeaseUntil), Show.Moment(view.EndedAt),
            view.Status is { } status ? $"{status}" : "", Show.Number(view.BodyBytes), Show.OneLine(view.Because ?? ""), Show.Number(view.Replays), Show.Moment(view.ExpiresAt),
        ]]);

    private static string Time(long seconds) => seconds % 3600 == 0 ? $"{seconds / 3600} h" : seconds % 60 == 0 ? $"{seconds / 60} min" : $"{seconds} s";
}
