using System.CommandLine;
using System.Globalization;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Shows the silos of a running Sophia and what is active on them, for operators of the system's tenant.</summary>
internal static class SilosCommand
{
    public static Command Create()
    {
        var all = new Option<bool>("--runtime-grains") { Description = "Show the runtime's own grains, too." };
        all.Recursive = true;
        var list = new Command("list", "List silos, and how many grains of each kind are active.");
        var command = new Command("silos", "Show silos with status, labels, version and load, and how many grains of each kind are active.") { all, list };
        list.SetAction(Lines);
        command.SetAction(Lines);
        return command;

        async Task<int> Lines(ParseResult parsed, CancellationToken cancellation)
        {
            await using var api = await Api.Open(parsed, cancellation);
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, "api/silos", null, cancellation));
                return ExitCodes.Done;
            }
            Print(await api.Get("api/silos", EdgeJson.Default.SilosView, cancellation), parsed.GetValue(all));
            return ExitCodes.Done;
        }
    }

    private static void Print(SilosView view, bool withRuntime)
    {
        Show.Rows(["silo", "status", "since", "grains", "cpu", "managed memory", "version", "labels"], view.Silos.Select(silo => new[]
        {
            Show.Plain(silo.Name), State(silo), Show.Moment(silo.StartedAt), silo.Load is { } load ? Show.Number(load.Activations) : "", silo.Load is null ? "" : silo.Load.CpuPercent.ToString("0 '%'", CultureInfo.InvariantCulture),
            silo.Load is null ? "" : Sizes.Of(silo.Load.MemoryBytes), Show.Plain(silo.Version), Show.Plain(string.Join(", ", silo.Labels)),
        }));
        Console.Out.WriteLine();
        var silos = view.Grains.SelectMany(grain => grain.Silos).Select(on => on.Silo).Distinct().Order(StringComparer.Ordinal).ToArray();
        Show.Rows(["grain", "active", .. silos.Length > 1 ? silos.Select(silo => Show.Plain(silo)) : []], view.Grains.Where(grain => withRuntime || !grain.IsRuntime).Select(grain => (string[])
        [
            Show.Plain(grain.Grain), Show.Number(grain.Total), .. silos.Length > 1 ? silos.Select(silo => grain.Silos.FirstOrDefault(on => on.Silo == silo) is { } on ? Show.Number(on.Activations) : "") : [],
        ]), "No grain is active.");
    }

    private static string State(SiloView silo) => silo switch
    {
        { Status: "active", Load: null } => "[yellow]does not answer[/]",
        { Status: "active", Load.IsOverloaded: true } => "[yellow]overloaded[/]",
        { Status: "active" } => "[green]active[/]",
        { Status: "dead" } => "[red]ended[/]",
        _ => $"[yellow]{Show.Plain(silo.Status)}[/]",
    };
}
