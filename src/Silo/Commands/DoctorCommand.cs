using System.Collections;
using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Says what is missing on this machine, and what to do about it. It starts nothing and changes nothing.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "Say what is missing on this machine, why it matters, and what to do. Fails where something needed is missing.");
        command.SetAction(async (parsed, cancellation) =>
        {
            var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(one => (string)one.Key, one => (string?)one.Value ?? "", StringComparer.Ordinal);
            var diagnosis = await new Doctor(Settings.DataFolder(parsed), Environment.GetEnvironmentVariable).Look(variables, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(JsonSerializer.Serialize(diagnosis, DoctorJson.Default.Diagnosis));
            else
                Print(diagnosis);
            return diagnosis.Ok ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static void Print(Diagnosis diagnosis)
    {
        Show.Rows(["", "part", "seen"], diagnosis.Findings.Select(finding => new[] { Word(finding.State), Show.Plain(finding.Part), Show.Plain(finding.Seen, 400) }));
        foreach (var finding in diagnosis.Findings.Where(finding => finding.Do is not null && finding.State is FindingState.Missing or FindingState.Warning))
            AnsiConsole.MarkupLine($"\n{Word(finding.State)} [bold]{Show.Plain(finding.Part)}[/]\n  {Show.Plain(finding.Why, 400)}\n  {Show.Plain(finding.Do, 400)}");
        Console.Out.WriteLine();
        Console.Out.WriteLine(diagnosis.Findings.Count(finding => finding.State == FindingState.Missing) switch
        {
            0 => "Nothing that is needed is missing.",
            1 => "One thing that is needed is missing.",
            var many => $"{many} things that are needed are missing.",
        });
    }

    private static string Word(FindingState state) => state switch
    {
        FindingState.Ok => "[green]ok[/]",
        FindingState.Warning => "[yellow]warning[/]",
        FindingState.Missing => "[red]missing[/]",
        _ => "[dim]not needed[/]",
    };
}
