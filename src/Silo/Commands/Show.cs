using System.Globalization;
using Sophia.Pipelines;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>How commands print things for people.</summary>
internal static class Show
{
    /// <summary>A file or another program gets plain text in long lines.</summary>
    public static void FitOutput()
    {
        if (!Console.IsOutputRedirected)
            return;
        AnsiConsole.Profile.Capabilities.Ansi = false;
        AnsiConsole.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        AnsiConsole.Profile.Capabilities.Interactive = false;
        AnsiConsole.Profile.Width = 400;
    }

    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Moment(DateTimeOffset? at) => at?.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    public static string State(RunView run) => run.State switch
    {
        RunState.Succeeded => "[green]succeeded[/]",
        RunState.Failed => "[red]failed[/]",
        RunState.Running => "[blue]running[/]",
        _ => $"[yellow]{run.State.ToString().ToLowerInvariant()}[/]",
    };

    public static string Counts(RunView run) => string.Create(CultureInfo.InvariantCulture,
        $"{run.Counts.In:#,0} in, {run.Counts.Stored:#,0} stored, {run.Counts.Duplicate:#,0} unchanged, {run.Counts.Quarantined:#,0} held back, {run.Counts.Deleted:#,0} deleted, "
        + $"{run.Counts.Unreadable:#,0} unreadable, {run.RecordsPerSecond:#,0}/s");

    public static void Rows(string[] heads, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.None).Collapse();
        foreach (var head in heads)
            table.AddColumn(new TableColumn($"[dim]{head}[/]").NoWrap());
        foreach (var row in rows)
            table.AddRow(row);
        AnsiConsole.Write(table);
    }

    public static string Plain(string? text, int most = 200)
    {
        var line = (text ?? "").ReplaceLineEndings(" ");
        return Markup.Escape(line.Length <= most ? line : line[..most] + "…");
    }

    public static void Runs(IEnumerable<RunView> runs) => Rows(["run", "pipeline", "state", "started", "counts", ""],
        runs.Select(run => new[] { run.RunId, run.Pipeline, State(run), Moment(run.StartedAt), Counts(run), Plain(run.Error, 80) }));
}
