using System.CommandLine;
using System.Globalization;
using Sophia.Operations;
using Sophia.Quality;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>What a stream's records look like, what the rules find, and the rules that they suggest.</summary>
internal static class QualityCommand
{
    public static Command Create() => new("quality", "What a stream's records look like: profile, suggest, accept, dismiss, findings, report.")
    {
        Profile(), Suggest(), Accept(), Dismiss(), Findings(), Report(),
    };

    public static Argument<string> Stream() => new("stream") { Description = $"A stream's name, as {SophiaCommand.Name} records list says them (crm/people)." };

    public static string Address(string stream, string what) => $"api/streams/{Uri.EscapeDataString(stream)}/{what}";

    private static Command Profile()
    {
        var stream = Stream();
        var command = new Command("profile", "By field: missing and distinct values, bounds, types, patterns, drift.") { stream };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = Address(parsed.GetValue(stream)!, "profile");
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
                return ExitCodes.Done;
            }
            var profile = await api.Get(address, EdgeJson.Default.StreamProfile, cancellation);
            Show.Rows(["field", "missing", "distinct", "least", "greatest", "type", "pattern", "commonest", "drift"], profile.Fields.Select(field => new[]
            {
                Show.Plain(field.Field), Share(field.MissingShare), Show.Number(field.Distinct), Show.Plain(field.Least, 20), Show.Plain(field.Most, 20), First(field.Types), First(field.Patterns), First(field.Top),
                field.Drift?.ToString("0.00", CultureInfo.InvariantCulture) ?? "",
            }));
            AnsiConsole.MarkupLine($"[dim]{Show.Number(profile.Looked)} of {Show.Number(profile.Records)} records looked at[/]");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Suggest()
    {
        var stream = Stream();
        var command = new Command("suggest", "Rules that the records speak for, with the evidence.") { stream };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = Address(parsed.GetValue(stream)!, "suggestions");
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
                return ExitCodes.Done;
            }
            var suggested = await api.Get(address, EdgeJson.Default.IReadOnlyListSuggestion, cancellation);
            if (suggested.Count == 0)
                AnsiConsole.MarkupLine("[dim]Nothing is suggested: the records keep to no habit that the rules do not ask for already, or there are too few.[/]");
            Show.Rows(["id", "kind", "what it says", "for", "against", "such as"], suggested.Select(suggestion => new[]
            {
                suggestion.Id, suggestion.Kind, Show.Plain(suggestion.Says, 200), Show.Number(suggestion.Support), Show.Number(suggestion.Against), Show.Plain(string.Join("; ", suggestion.Examples.Take(2)), 80),
            }));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Accept()
    {
        var (stream, ids) = (Stream(), Ids());
        var pipeline = new Option<string>("--pipeline") { Description = "Whose definition gets the rules, and a new version.", Required = true };
        var level = new Option<string>("--level") { Description = "warning (flagged) or error (held back, where the rule looks at one record alone).", DefaultValueFactory = _ => "warning" };
        level.AcceptOnlyFromAmong("warning", "error");
        var command = new Command("accept", "Switch suggested rules on.") { stream, ids, pipeline, level };
        command.SetAction((parsed, cancellation) => Decide(parsed, Address(parsed.GetValue(stream)!, "suggestions/accept"),
            Api.Json(new SuggestionAccept(parsed.GetValue(ids), parsed.GetValue(pipeline), parsed.GetValue(level)), EdgeJson.Default.SuggestionAccept), cancellation));
        return command;
    }

    private static Command Dismiss()
    {
        var (stream, ids) = (Stream(), Ids());
        var reason = new Option<string>("--reason") { Description = "Why; kept in the audit.", Required = true };
        var command = new Command("dismiss", "Suggest these no more.") { stream, ids, reason };
        command.SetAction((parsed, cancellation) => Decide(parsed, Address(parsed.GetValue(stream)!, "suggestions/dismiss"),
            Api.Json(new SuggestionDismiss(parsed.GetValue(ids), parsed.GetValue(reason)), EdgeJson.Default.SuggestionDismiss), cancellation));
        return command;
    }

    private static Command Findings()
    {
        var stream = Stream();
        var rule = new Option<string?>("--rule") { Description = "Only of this rule." };
        var field = new Option<string?>("--field") { Description = "Only of this field." };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 1,000.", DefaultValueFactory = _ => 50 };
        var command = new Command("findings", "Cells that break a rule, over all records.") { stream, rule, field, limit };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = $"{Address(parsed.GetValue(stream)!, "findings")}?limit={parsed.GetValue(limit)}"
                + (parsed.GetValue(rule) is { } r ? $"&rule={Uri.EscapeDataString(r)}" : "") + (parsed.GetValue(field) is { } f ? $"&field={Uri.EscapeDataString(f)}" : "");
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
                return ExitCodes.Done;
            }
            var page = await api.Get(address, EdgeJson.Default.FindingsPage, cancellation);
            Show.Rows(["record", "field", "found", "expected", "why", "rule"], page.Items.Select(finding => new[]
            {
                Show.Plain(finding.Key, 40), Show.Plain(finding.Field), Show.Plain(finding.Value ?? "nothing", 40), Show.Plain(finding.Expected, 40), Show.Plain(finding.Reason, 120), Show.Plain(finding.Rule, 60),
            }));
            AnsiConsole.MarkupLine($"[dim]{Show.Number(page.Total)} findings; {Show.Plain(string.Join(", ", page.Scores.Select(score => $"{score.Check} {(score.Unjudged ? "not judged" : score.Score.ToString("0.000", CultureInfo.InvariantCulture))}")))}[/]");
            foreach (var unjudged in page.Unjudged)
                AnsiConsole.MarkupLine($"[dim]not judged: {Show.Plain(unjudged)}[/]");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Report()
    {
        var stream = Stream();
        var format = new Option<string>("--format") { Description = "md or html.", DefaultValueFactory = _ => "md" };
        format.AcceptOnlyFromAmong("md", "html");
        var command = new Command("report", "A report for the owner of the data, to the output.") { stream, format };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            Console.Out.WriteLine(await api.Text(HttpMethod.Get, $"{Address(parsed.GetValue(stream)!, "report")}?format={parsed.GetValue(format)}", null, cancellation));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Argument<string[]> Ids() => new("ids") { Arity = ArgumentArity.OneOrMore, Description = $"Suggestions, as {SophiaCommand.Name} quality suggest lists them." };

    private static async Task<int> Decide(ParseResult parsed, string address, HttpContent body, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var outcome = await api.Send(HttpMethod.Post, address, body, EdgeJson.Default.SuggestionOutcome, cancellation);
        AnsiConsole.MarkupLine(outcome.Version > 0 ? $"{outcome.Accepted.Count} accepted: pipeline {Show.Plain(outcome.Pipeline)} has version {outcome.Version}" : $"{outcome.Accepted.Count} dismissed");
        foreach (var unknown in outcome.Unknown)
            AnsiConsole.MarkupLine($"There is no suggestion {Show.Plain(unknown)}.");
        return outcome.Unknown.Count > 0 ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static string Share(double share) => share.ToString("P1", CultureInfo.InvariantCulture);

    private static string First(IReadOnlyList<ValueShare> shares) => shares is [var first, ..] ? $"{Show.Plain(first.Value, 30)} {Share(first.Share)}" : "";
}
