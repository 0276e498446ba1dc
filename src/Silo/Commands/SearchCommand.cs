using System.CommandLine;
using System.Globalization;
using Sophia.Knowledge;
using Sophia.Operations;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Finds passages.</summary>
internal static class SearchCommand
{
    public static Command Create()
    {
        var text = new Argument<string>("text") { Description = "What to look for, in plain words." };
        var streams = new Option<string[]>("--stream") { Description = "Only these streams." };
        var kind = new Option<ChunkKind?>("--kind") { Description = "Only what was cut from turns (conversations), section (documents), entity (rows) or function (code)." };
        var from = new Option<DateTimeOffset?>("--from") { Description = "Only from this moment on." };
        var until = new Option<DateTimeOffset?>("--until") { Description = "Only before this moment." };
        var limit = new Option<int>("--limit") { Description = "How many passages, 1 to 1000.", DefaultValueFactory = _ => 5 };
        var command = new Command("search", "Find passages.") { text, streams, kind, from, until, limit };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var only = parsed.GetValue(streams) is { Length: > 0 } named ? named : null;
            var filter = (only, parsed.GetValue(kind), parsed.GetValue(from), parsed.GetValue(until)) is (null, null, null, null) ? null
                : new SearchFilter(Streams: only, Kind: parsed.GetValue(kind), From: parsed.GetValue(from), Until: parsed.GetValue(until));
            var query = Api.Json(new SearchQuery(parsed.GetValue(text)!, parsed.GetValue(limit), filter), EdgeJson.Default.SearchQuery);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(await api.Text(HttpMethod.Post, "api/search", query, cancellation));
            else
            {
                var answer = await api.Send(HttpMethod.Post, "api/search", query, EdgeJson.Default.SearchAnswer, cancellation);
                if (answer.Hits.Count == 0 && only is not null)
                    await KnownStreams.Check(api, only, cancellation);
                Print(answer);
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(SearchAnswer answer)
    {
        foreach (var (hit, number) in answer.Hits.Select((hit, index) => (hit, index + 1)))
        {
            AnsiConsole.MarkupLine(string.Create(CultureInfo.InvariantCulture,
                $"[bold]{number}. {Show.Plain(hit.Title)}[/] [dim]{Show.Plain($"{hit.Citation.Stream}/{hit.Citation.Key} v{hit.Citation.Version} · {hit.Score:0.00}", 1000)}[/]"));
            if (hit is { Kind: ChunkKind.Function, Section: { } section })
                AnsiConsole.MarkupLine($"   {Show.Plain(section, 300)}");
            AnsiConsole.MarkupLine("   " + Snippet(hit));
            if (Why(hit) is { Length: > 0 } why)
                AnsiConsole.MarkupLine($"   [dim]{Show.Plain(why)}[/]");
        }
        var lag = answer.IndexedTo < answer.Head ? $"; {Show.Number(answer.Head - answer.IndexedTo)} newer log positions are not searchable yet" : "";
        AnsiConsole.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"[dim]{Found(answer)} in {answer.Milliseconds:0} ms{lag}[/]"));
        if (answer.Stale is { } stale)
            AnsiConsole.MarkupLine($"[dim]{Show.Plain(stale.Said, 300)}[/]");
        if (answer.Degraded is { } reason)
            AnsiConsole.MarkupLine($"[dim]By words alone: {Show.Plain(reason, 300)}[/]");
    }

    private static string Why(SearchHit hit) => string.Join("; ", new[]
    {
        hit.Words switch { { Count: > 0 } words => $"holds {string.Join(", ", words)}", { Count: 0 } when hit.Nearness is null => "stands beside a passage that holds the words", _ => "" },
        hit.Nearness is { } near ? string.Create(CultureInfo.InvariantCulture, $"nearness {near:0.00}") : "",
    }.Where(part => part.Length > 0));

    /// <summary>How many passages are shown, and how many hold a word at all: the first is what was asked for, the second what there is.</summary>
    internal static string Found(SearchAnswer answer) => answer switch
    {
        { Hits.Count: 0, Matched: 0 } => "No passage holds any of these words",
        { Matched: 0 } => $"No passage holds any of these words; the {answer.Hits.Count} nearest to them are shown",
        _ => string.Create(CultureInfo.InvariantCulture, $"{answer.Hits.Count:#,0} shown, best first; {answer.Matched:#,0} {(answer.Matched == 1 ? "passage holds" : "passages hold")} at least one of these words"),
    };

    // About 300 characters around the first highlight, highlights in bold.
    private static string Snippet(SearchHit hit)
    {
        const int width = 300;
        var text = Show.Tame(hit.Text); // Letter for letter, so that the highlights stay where they are.
        var from = Math.Max(0, (hit.Highlights.Count == 0 ? 0 : hit.Highlights[0].Start) - width / 4);
        var until = Math.Min(text.Length, from + width);
        var (line, at) = (new System.Text.StringBuilder(from > 0 ? "…" : ""), from);
        foreach (var mark in hit.Highlights.Where(h => h.Start >= from && h.Start + h.Length <= until).OrderBy(h => h.Start))
        {
            if (mark.Start < at)
                continue;
            line.Append(Markup.Escape(text[at..mark.Start])).Append("[bold yellow]").Append(Markup.Escape(text.Substring(mark.Start, mark.Length))).Append("[/]");
            at = mark.Start + mark.Length;
        }
        return line.Append(Markup.Escape(text[at..until])).Append(until < text.Length ? "…" : "").ToString().ReplaceLineEndings(" ");
    }
}
