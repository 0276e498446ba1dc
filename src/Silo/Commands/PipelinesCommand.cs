using System.CommandLine;
using Sophia.Operations;
using Sophia.Pipelines;

namespace Sophia.Commands;

/// <summary>Shows, applies and removes pipeline definitions.</summary>
internal static class PipelinesCommand
{
    public static Command Create()
    {
        var command = new Command("pipelines", "List pipelines; show, apply or remove one.") { List(), One(), Apply(), Remove() };
        command.SetAction(List);
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List pipelines with their last runs; the same as without a word.");
        command.SetAction(List);
        return command;
    }

    private static async Task<int> List(ParseResult parsed, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        if (parsed.GetValue(Settings.Json))
            Console.Out.WriteLine(await api.Text(HttpMethod.Get, "api/pipelines", null, cancellation));
        else
            Print(await api.Get("api/pipelines", EdgeJson.Default.IReadOnlyListPipelineView, cancellation));
        return ExitCodes.Done;
    }

    private static void Print(IReadOnlyList<PipelineView> pipelines) => Show.Rows(["pipeline", "version", "reads", "schedule", "last run", ""], pipelines.Select(p => new[]
    {
        p.Name, $"{p.Version}", Show.Plain(string.Join("; ", p.Sources.Select(s => s.WebhookPath ?? s.Description))), Show.Plain(p.Schedule),
        (p.ActiveRun ?? p.LastRun) is { } run ? Show.State(run) : Taken(p.Deliveries), (p.ActiveRun ?? p.LastRun) is { } last ? Show.Brief(last) : Show.Moment(p.Deliveries?.LastAt),
    }), $"No pipeline yet: {SophiaCommand.Name} ingest FOLDER makes one.");

    private static string Taken(DeliveryTally? taken) => taken is null ? ""
        : $"{Show.Number(taken.Stored)} {(taken.Stored == 1 ? "delivery" : "deliveries")}{(taken.Quarantined == 0 ? "" : $", {Show.Number(taken.Quarantined)} held back")}";

    private static Command One()
    {
        var name = new Argument<string>("name") { Description = "The pipeline's name." };
        var command = new Command("show", "Print a pipeline's definition.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = $"api/pipelines/{Uri.EscapeDataString(parsed.GetValue(name)!)}";
            Console.Out.WriteLine(parsed.GetValue(Settings.Json)
                ? await api.Text(HttpMethod.Get, address, null, cancellation)
                : (await api.Get(address, EdgeJson.Default.PipelineView, cancellation)).DefinitionText);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Apply()
    {
        var file = new Argument<FileInfo>("file") { Description = "A definition in YAML or JSON." }.AcceptExistingOnly();
        var name = new Option<string?>("--name") { Description = "The pipeline's name. Default: the file's." };
        var command = new Command("apply", "Define a pipeline by a file; an edit takes effect at the next run.") { file, name };
        command.SetAction(async (parsed, cancellation) =>
        {
            var definition = parsed.GetValue(file)!;
            var pipeline = parsed.GetValue(name) ?? Path.GetFileNameWithoutExtension(definition.Name);
            await using var api = await Api.Open(parsed, cancellation);
            var address = $"api/pipelines/{Uri.EscapeDataString(pipeline)}?file={Uri.EscapeDataString(definition.Name)}";
            var view = await api.Send(HttpMethod.Put, address, new StringContent(await File.ReadAllTextAsync(definition.FullName, cancellation)), EdgeJson.Default.PipelineView, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(System.Text.Json.JsonSerializer.Serialize(view, EdgeJson.Default.PipelineView));
            else
                Print(view, api.Url);
            if (parsed.GetValue(Settings.Json))
                return ExitCodes.Done;
            if (view.Sources.Any(s => s.WebhookPath is not null) && view.DefinitionText.Contains("generated", StringComparison.Ordinal))
                Console.Out.WriteLine($"secret {(await api.Get($"api/pipelines/{view.Name}/webhook-secret", EdgeJson.Default.WebhookSecret, cancellation)).Secret}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(PipelineView view, string url)
    {
        var change = view.Change ?? new DefinitionChange(0, [], []);
        Console.Out.WriteLine(change.Replaced == 0 ? $"{view.Name} is new, at version {view.Version}"
            : change.Replaced == view.Version ? $"{view.Name} is unchanged, at version {view.Version}"
            : $"{view.Name}: version {change.Replaced} is replaced by {view.Version}");
        foreach (var line in change.Lines)
            Console.Out.WriteLine($"  {Show.Tame(line)}");
        foreach (var warning in change.Warnings)
            Console.Error.WriteLine($"Warning: {Show.Tame(warning)}");
        foreach (var source in view.Sources.Where(s => s.WebhookPath is not null))
            Console.Out.WriteLine($"deliver to {url}{source.WebhookPath}");
    }

    private static Command Remove()
    {
        var name = new Argument<string>("name") { Description = "The pipeline's name." };
        var command = new Command("remove", "Forget a pipeline; its records stay.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = $"api/pipelines/{Uri.EscapeDataString(parsed.GetValue(name)!)}";
            var view = await api.Get(address, EdgeJson.Default.PipelineView, cancellation);
            var streams = (await api.Get("api/streams", EdgeJson.Default.IReadOnlyListStreamView, cancellation)).Where(stream => stream.Stream.StartsWith($"{view.Name}/", StringComparison.Ordinal)).ToList();
            await api.Text(HttpMethod.Delete, address, null, cancellation);
            Console.Out.WriteLine($"{view.Name} is forgotten; its records stay and can be found{(streams.Count == 0 ? "" : $": {Show.Number(streams.Sum(stream => stream.Records))} in {streams.Count} {(streams.Count == 1 ? "stream" : "streams")} ({Show.Plain(string.Join(", ", streams.Take(5).Select(stream => stream.Stream)))}{(streams.Count > 5 ? ", …" : "")})")}.");
            Console.Out.WriteLine("To get it back, apply this definition again; it goes on where it ended:");
            Console.Out.WriteLine();
            Console.Out.WriteLine(Show.Tame(view.DefinitionText.TrimEnd()));
            Console.Out.WriteLine();
            if (view.Sources.Any(source => source.WebhookPath is null))
                Console.Out.WriteLine("To delete its records, apply it with gate: {failWhenEmpty: false, minimumShareOfUsual: 0}, take the files out of its folder, and run it once: what vanished from a source is deleted.");
            return ExitCodes.Done;
        });
        return command;
    }
}
