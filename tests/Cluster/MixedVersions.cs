using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Sophia.Cluster;

/// <summary>One release beside the next: silos are rolled from an older program to this one and back, under load from a front end of each.</summary>
internal static class MixedVersions
{
    private const int Silos = 3, Files = 60, RowsPerFile = 400;

    /// <summary>Failures as callers saw them, and what was acknowledged and is not there.</summary>
    public sealed record Outcome(long Calls, int Acknowledged, IReadOnlyList<string> Failures, IReadOnlyList<string> Lost);

    /// <param name="older">The folder of the older program.</param>
    public static async Task<Outcome> RollForthAndBack(string folder, string older, int callers, Action<string> told)
    {
        var cluster = await LocalCluster.Up(folder, Silos, 0, "http://127.0.0.1:0", default, older);
        try
        {
            await using var before = await ClusterLoad.On(cluster, "before", callers);
            before.Begin();
            await before.Acknowledges(5);
            var run = await StartRun(before.Http, folder);
            await cluster.Roll(silo => told($"silo-{silo} is new"), default);
            await before.Acknowledges(5);
            await using var after = await ClusterLoad.On(await cluster.AddFrontend(default), "after", callers);
            told("a new front end serves beside the old one");
            after.Begin();
            await after.Acknowledges(5);
            await cluster.Roll(silo => told($"silo-{silo} is old again"), default, older);
            await Task.WhenAll(before.Acknowledges(5), after.Acknowledges(5));
            await Task.WhenAll(before.End(), after.End());
            var lost = (await before.Lost()).Concat(await after.Lost()).Concat(await Unfinished(before.Http, run));
            return new Outcome(before.Calls + after.Calls, before.Acknowledged + after.Acknowledged, [.. before.Failures, .. after.Failures], [.. lost]);
        }
        finally
        {
            await cluster.Down(default);
        }
    }

    private static async Task<string> StartRun(HttpClient http, string folder)
    {
        var source = Path.Combine(folder, "people");
        Directory.CreateDirectory(source);
        for (var file = 0; file < Files; file++)
            await File.WriteAllLinesAsync(Path.Combine(source, $"{file}.csv"), ["id,name", .. Enumerable.Range(0, RowsPerFile).Select(row => $"{file}-{row},Person {row} of {file}")]);
        using var defined = await http.PutAsync("/api/pipelines/people", new StringContent($"name: people\nsources:\n  - type: files\n    path: {source}\n    key: id\n    stream: people\n"));
        defined.EnsureSuccessStatusCode();
        using var started = await http.PostAsync("/api/pipelines/people/runs", null);
        return JsonDocument.Parse(await started.Content.ReadAsStringAsync()).RootElement.GetProperty("runId").GetString()!;
    }

    private static async Task<IReadOnlyList<string>> Unfinished(HttpClient http, string run)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var view = await http.GetFromJsonAsync<JsonElement>($"/api/pipelines/people/runs/{run}");
            var stored = view.GetProperty("counts").GetProperty("stored").GetInt64();
            if (view.GetProperty("state").GetString() is { } state && (state != "running" || patience.IsCancellationRequested))
                return state == "succeeded" && stored == Files * RowsPerFile ? [] : [string.Create(CultureInfo.InvariantCulture, $"run {run}: {state}, {stored} stored")];
            await Task.Yield();
        }
    }
}
