using System.Globalization;
using Sophia.Pipelines;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>How commands print things for people.</summary>
internal static class Show
{
    /// <summary>Wider than any line: no line of a table is broken, a terminal wraps what does not fit.</summary>
    private const int Unbroken = 100_000;

    private static readonly Lazy<IAnsiConsole> Lines = new(() =>
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings());
        console.Profile.Capabilities.Ansi = AnsiConsole.Profile.Capabilities.Ansi;
        console.Profile.Capabilities.ColorSystem = AnsiConsole.Profile.Capabilities.ColorSystem;
        console.Profile.Width = Unbroken;
        return console;
    });

    /// <summary>A file or another program gets plain text in long lines.</summary>
    public static void FitOutput()
    {
        if (!Console.IsOutputRedirected)
            return;
        AnsiConsole.Profile.Capabilities.Ansi = false;
        AnsiConsole.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        AnsiConsole.Profile.Capabilities.Interactive = false;
        AnsiConsole.Profile.Width = Unbroken;
    }

    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Moment(DateTimeOffset? at) => at?.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    public static string State(RunView run) => run.State switch
    {
        RunState.Succeeded => "[green]succeeded[/]",
        RunState.Failed => "[red]failed[/]",
        RunState.Running => run.Waits is null ? "[blue]running[/]" : run.Waits.Since is null ? "[yellow]waits[/]" : "[yellow]waits for its turn[/]",
        _ => $"[yellow]{run.State.ToString().ToLowerInvariant()}[/]",
    };

    public static string Counts(RunView run) => string.Create(CultureInfo.InvariantCulture,
        $"{run.Counts.In:#,0} in, {run.Counts.Stored:#,0} stored, {run.Counts.Duplicate:#,0} unchanged, {Some(run.Counts.Filtered, "filtered, ")}{Some(run.Counts.Blocked, "blocked, ")}{run.Counts.Quarantined:#,0} held back, {run.Counts.Deleted:#,0} deleted, "
        + $"{run.Counts.Unreadable:#,0} unreadable{(RunPace.Of(run) is { } pace ? $", {pace:#,0}/s" : "")}");

    /// <summary>The counts that say something, for a line of a list.</summary>
    public static string Brief(RunView run) => string.Join(", ", new[]
    {
        $"{Number(run.Counts.In)} in", $"{Number(run.Counts.Stored)} stored", Some(run.Counts.Duplicate, "unchanged"), Some(run.Counts.Quarantined, "held back"),
        Some(run.Counts.Filtered, "filtered"), Some(run.Counts.Blocked, "blocked (erased)"), Some(run.Counts.Nulled, "values nulled"), Some(run.Counts.Deleted, "deleted"), Some(run.Counts.Unreadable, "unreadable"),
    }.Where(part => part.Length > 0));

    private static string Some(long count, string what) => count == 0 ? "" : $"{Number(count)} {what}";

    /// <summary>Columns as wide as their widest cell (markup), two blanks apart; <paramref name="none"/> where there is no row.</summary>
    public static void Rows(string[] heads, IEnumerable<string[]> rows, string none = "")
    {
        string[][] all = [[.. heads.Select(head => $"[dim]{head}[/]")], .. rows];
        if (all.Length == 1)
        {
            if (none.Length > 0)
                AnsiConsole.MarkupLine($"[dim]{Markup.Escape(none)}[/]");
            return;
        }
        int[] widths = [.. heads.Select((_, column) => all.Max(row => Width(row[column])))];
        foreach (var row in all)
        {
            var used = Array.FindLastIndex(row, cell => Width(cell) > 0) + 1;
            Lines.Value.MarkupLine(string.Join("  ", row.Take(used).Select((cell, column) => column == used - 1 ? cell : cell + new string(' ', widths[column] - Width(cell)))));
        }
    }

    private static int Width(string markup) => Markup.Remove(markup).GetCellWidth();

    /// <summary>A text out of records as a terminal may see it: what would move the cursor, colour or rename anything is U+FFFD. Line ends and tabs stay.</summary>
    public static string Tame(string text)
    {
        if (!text.Any(IsWild))
            return text;
        return string.Create(text.Length, text, static (tame, from) =>
        {
            for (var i = 0; i < from.Length; i++)
                tame[i] = IsWild(from[i]) ? '\uFFFD' : from[i];
        });
    }

    /// <summary>The same for a text that must stay on its line.</summary>
    public static string OneLine(string text) => Tame(text).Replace('\n', '\uFFFD').Replace('\r', '\uFFFD');

    private static bool IsWild(char c) => char.IsControl(c) && c is not ('\n' or '\r' or '\t');

    public static string Plain(string? text, int most = 200)
    {
        var line = Tame(text ?? "").ReplaceLineEndings(" ");
        return Markup.Escape(line.Length <= most ? line : line[..most] + "…");
    }

    public static void Runs(IEnumerable<RunView> runs) => Rows(["run", "pipeline", "state", "started", "counts", ""],
        runs.Select(run => new[] { run.RunId, run.Pipeline, State(run), Moment(run.StartedAt), Brief(run), Plain(run.Error ?? (run.Waits is { } wait ? $"Waiting: {wait.Because}" : null), run.Waits is null ? 80 : 200) }), "No run yet.");
}
