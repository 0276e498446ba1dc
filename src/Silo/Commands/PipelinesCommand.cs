using System.CommandLine;
using Sophia.Operations;
using Sophia.Pipelines;

namespace Sophia.Commands;

/// <summary>Shows, applies and removes pipeline definitions.</summary>
internal static class PipelinesCommand
{
    public static Command Create()
    {
        var command = new Command("pipelines", "List pipelines; show, apply or remove one.") { One(), Apply(), Remove() };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, "api/pipelines", null, cancellation));
            else
                Print(await api.Get("api/pipelines", EdgeJson.Default.IReadOnlyListPipelineView, cancellation));
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(IReadOnlyList<PipelineView> pipelines) => Show.Rows(["pipeline", "version", "reads", "schedule", "last run", ""], pipelines.Select(p => new[]
    {
        p.Name, $"{p.Version}", Show.Plain(string.Join("; ", p.Sources.Select(s => s.WebhookPath ?? s.Description))), Show.Plain(p.Schedule),
        (p.ActiveRun ?? p.LastRun) is { } run ? Show.State(run) : "", (p.ActiveRun ?? p.LastRun) is { } last ? Show.Brief(last) : "",
    }), "No pipeline yet: ./sophia ingest FOLDER makes one.");

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
            Console.Out.WriteLine($"{view.Name} is at version {view.Version}");
            foreach (var source in view.Sources.Where(s => s.WebhookPath is not null))
                Console.Out.WriteLine($"deliver to {api.Url}{source.WebhookPath}");
            if (view.Sources.Any(s => s.WebhookPath is not null) && view.DefinitionText.Contains("generated", StringComparison.Ordinal))
                Console.Out.WriteLine($"secret {(await api.Get($"api/pipelines/{view.Name}/webhook-secret", EdgeJson.Default.WebhookSecret, cancellation)).Secret}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Remove()
    {
        var name = new Argument<string>("name") { Description = "The pipeline's name." };
        var command = new Command("remove", "Forget a pipeline; its records stay.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            await api.Text(HttpMethod.Delete, $"api/pipelines/{Uri.EscapeDataString(parsed.GetValue(name)!)}", null, cancellation);
            Console.Out.WriteLine($"{parsed.GetValue(name)} is forgotten; its records stay");
            return ExitCodes.Done;
        });
        return command;
    }
}
