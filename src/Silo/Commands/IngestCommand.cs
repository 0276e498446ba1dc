using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Reads a file or folder into records: defines a pipeline over it, runs it, waits until the records can be found.</summary>
internal static class IngestCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>How long to wait for files that are still being written.</summary>
    private static readonly TimeSpan SettledWithin = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait for the index once everything is stored.</summary>
    private static readonly TimeSpan SearchableWithin = TimeSpan.FromMinutes(10);

    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "A file or folder." };
        var name = new Option<string?>("--pipeline") { Description = "The pipeline's name. Default: made from the path." };
        var watch = new Option<bool>("--watch") { Description = "Keep watching the path for changes while Sophia runs." };
        var dry = new Option<bool>("--dry-run") { Description = "Read and judge, store nothing." };
        var command = new Command("ingest", "Read a file or folder into records and wait until they can be found.") { path, name, watch, dry };
        command.SetAction(async (parsed, cancellation) =>
        {
            var full = Path.GetFullPath(parsed.GetValue(path)!);
            if (!Path.Exists(full))
                throw new CommandFailedException($"There is no file or folder {full}.");
            var pipeline = parsed.GetValue(name) ?? NameOf(full);
            await using var api = await Api.Open(parsed, cancellation, Console.Error.WriteLine);
            await Define(api, pipeline, full, parsed.GetValue(watch), cancellation);
            var json = parsed.GetValue(Settings.Json);
            var run = await Follow(api, pipeline, await Start(api, pipeline, parsed.GetValue(dry), cancellation), quiet: json, cancellation);
            for (var asked = Stopwatch.StartNew(); run is { State: RunState.Succeeded, Settling: > 0 } && asked.Elapsed < SettledWithin;)
                run = await Settle(api, run, asked, json, cancellation);
            if (json)
                Console.Out.WriteLine(JsonSerializer.Serialize(run, EdgeJson.Default.RunView));
            else
                await Summary(api, run, cancellation);
            if (parsed.GetValue(watch) && api.IsOwn)
                await KeepWatching(full, cancellation);
            return run.State == RunState.Succeeded ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static string NameOf(string path)
    {
        var stem = new string([.. Path.GetFileName(path.TrimEnd('/')).ToLowerInvariant().Select(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') ? c : '-')]).Trim('-');
        return TenantId.IsName(stem) ? stem : TenantKey.Escape(path);
    }

    // A pipeline that somebody has refined (rules, keys) over the same path is run as it is, never overwritten.
    private static async Task Define(Api api, string pipeline, string path, bool watch, CancellationToken cancellation)
    {
        var known = (await api.Get("api/pipelines", EdgeJson.Default.IReadOnlyListPipelineView, cancellation)).FirstOrDefault(p => p.Name == pipeline);
        if (known is not null && Reads(known.DefinitionText, path) && (!watch || known.Sources.Any(s => s.Watched)))
            return;
        if (known is not null && !known.DefinitionText.StartsWith(Mark, StringComparison.Ordinal))
            throw new CommandFailedException($"There is a pipeline \"{pipeline}\" over something else already. Choose another name with --pipeline.");
        var text = $"{Mark}\nname: {pipeline}\nsources:\n  - type: files\n    path: {Quoted(path)}\n{(watch ? "    watch: true\n" : "")}";
        await api.Text(HttpMethod.Put, $"api/pipelines/{pipeline}?strict=true", new StringContent(text), cancellation);
    }

    // However its author quotes the path.
    private static bool Reads(string definition, string path) =>
        Regex.IsMatch(definition, "path[\"']?\\s*:\\s*[\"']?" + Regex.Escape(path) + "/?[\"']?\\s*([,}#]|$)", RegexOptions.Multiline, TimeSpan.FromSeconds(1));

    private const string Mark = "# Made by ./sophia ingest";

    private static string Quoted(string path) => JsonSerializer.Serialize(path, EdgeJson.Default.String);

    private static Task<RunView> Start(Api api, string pipeline, bool dry, CancellationToken cancellation) =>
        api.Send(HttpMethod.Post, $"api/pipelines/{pipeline}/runs", Api.Json(new StartRun(dry, Reason: "ingest"), EdgeJson.Default.StartRun), EdgeJson.Default.RunView, cancellation);

    public static async Task<RunView> Follow(Api api, string pipeline, RunView run, bool quiet, CancellationToken cancellation)
    {
        var look = async () => run = await api.Get($"api/pipelines/{pipeline}/runs/{run.RunId}", EdgeJson.Default.RunView, cancellation);
        if (quiet || !AnsiConsole.Profile.Capabilities.Interactive)
        {
            for (var told = ""; !Settled(await look()); await Task.Delay(LookEvery, cancellation))
                if (!quiet && Waits(run) is { } waits && waits != told)
                    Console.Error.WriteLine(Show.OneLine(told = waits));
            return run;
        }
        await AnsiConsole.Status().StartAsync("reading", async status =>
        {
            while (!Settled(await look()))
            {
                var stage = Waits(run) is { } waits ? Show.OneLine(waits) : run.State == RunState.Running ? $"{run.PartitionsDone}/{run.PartitionsTotal} files" : "stored; becoming searchable";
                status.Status(Markup.Escape($"{stage}: {Show.Counts(run)}"));
                await Task.Delay(LookEvery, cancellation);
            }
        });
        return run;
    }

    /// <summary>What a run that goes waits for, such as its turn in the queue; null where it reads.</summary>
    private static string? Waits(RunView run) => run.State == RunState.Running ? run.Error : null;

    // What was written a moment ago may still be written; the watch reads it once it rests.
    private static async Task<RunView> Settle(Api api, RunView run, Stopwatch asked, bool quiet, CancellationToken cancellation)
    {
        if (!quiet)
            Console.Error.WriteLine($"{run.Settling} {(run.Settling == 1 ? "file" : "files")} changed a moment ago and may still be written: waiting until at rest.");
        while (asked.Elapsed < SettledWithin)
        {
            var newest = (await api.Get($"api/pipelines/{run.Pipeline}/runs?limit=1", EdgeJson.Default.IReadOnlyListRunView, cancellation)).FirstOrDefault();
            if (newest is not null && newest.RunId != run.RunId)
                return await Follow(api, run.Pipeline, newest, quiet, cancellation);
            await Task.Delay(LookEvery, cancellation);
        }
        return run;
    }

    private static bool Settled(RunView run) => run.State switch
    {
        RunState.Running => false,
        // A run that stored nothing leaves nothing to be found.
        RunState.Succeeded => run.DryRun || run.Counts is { Stored: 0, Deleted: 0 } || run.SearchableAt is not null || DateTimeOffset.UtcNow - run.EndedAt > SearchableWithin,
        _ => true,
    };

    public static async Task Summary(Api api, RunView run, CancellationToken cancellation)
    {
        var searchable = run.SearchableAt is { } at ? $", searchable {(at - run.StartedAt).TotalSeconds:0.0} s after the start" : "";
        AnsiConsole.MarkupLine($"{Show.State(run)} run {run.RunId} of {run.Pipeline}{(run.DryRun ? " (dry run: nothing stored)" : "")}{searchable}");
        AnsiConsole.MarkupLine(Show.Counts(run));
        if (run is { State: RunState.Succeeded, Settling: > 0 })
            AnsiConsole.MarkupLine($"{run.Settling} {(run.Settling == 1 ? "file is" : "files are")} still being written; the watch reads what is at rest.");
        else if (run.State == RunState.Succeeded && run.Counts is { In: 0, Deleted: 0, Unreadable: 0 })
            AnsiConsole.MarkupLine("Nothing has changed since the last run.");
        if (run.Error is not null)
            AnsiConsole.MarkupLine($"[red]{Show.Plain(run.Error, 1000)}[/]");
        ShowTransforms.Print(run);
        await RunsCommand.Warnings(api, run, cancellation);
        if (run.Counts.Quarantined > 0)
            await Held(api, run, cancellation);
        if (run.Counts.Unreadable > 0)
            await Unreadable(api, run, cancellation);
    }

    private static async Task Held(Api api, RunView run, CancellationToken cancellation)
    {
        var page = await api.Get($"api/quarantine?pipeline={run.Pipeline}&limit=1", EdgeJson.Default.QuarantinePage, cancellation);
        AnsiConsole.MarkupLine($"Held back, by rule (see {SophiaCommand.Name} quarantine list):");
        Show.Rows(["stream", "rule", "records"], page.Reasons.OrderByDescending(r => r.Count).Take(10).Select(r => new[] { Show.Plain(r.Stream), Show.Plain(r.Rule), Show.Number(r.Count) }));
        if (page.Reasons.Any(reason => reason.Rule.StartsWith("key", StringComparison.Ordinal)))
            AnsiConsole.MarkupLine(Show.Plain(RunsCommand.WhereToState(run.Pipeline), 1_000));
    }

    private static async Task Unreadable(Api api, RunView run, CancellationToken cancellation)
    {
        var files = await api.Get($"api/pipelines/{run.Pipeline}/runs/{run.RunId}/unreadable?limit=20", EdgeJson.Default.IReadOnlyListUnreadableView, cancellation);
        AnsiConsole.MarkupLine(run.Counts.Unreadable > files.Count ? $"Could not be read (the first {files.Count} of {Show.Number(run.Counts.Unreadable)}):" : "Could not be read:");
        Show.Rows(["file", "why"], files.Select(f => new[] { Show.Plain(f.Path), Show.Plain(f.Reason) }));
    }

    private static async Task KeepWatching(string path, CancellationToken cancellation)
    {
        Console.Error.WriteLine($"Watching {path}. Ctrl-C stops.");
        await Task.Delay(Timeout.Infinite, cancellation);
    }
}
