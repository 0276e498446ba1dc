using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Pages;

/// <summary>Small records of our own, taken in through REST.</summary>
internal static class Records
{
    public const string Handbook = """
        # Travel

        ## How are flights booked?

        Flights are booked by the office manager at least ten days ahead. A flight above 900 euros needs the written consent of Mara Voss.

        ## Which hotels are allowed?

        Hotels up to 140 euros a night are paid without asking.
        """;

    public const string Call = """
        Ann Lee: Good morning, shall we talk about the Acme renewal?
        Bo Chen: Acme wants to renew for two years if the price stays below 40000 euros.
        Ann Lee: Their main worry is the slow export of reports.
        Bo Chen: The export will be fixed in the May release.
        """;

    /// <summary>Defines a pipeline over a folder of files, runs it, and waits until what it stored can be found.</summary>
    public static async Task<string> Ingest(this SophiaApp app, string name, string more, params (string Path, string Text)[] files)
    {
        await app.Define(name, app.FilesOf(name, files), more);
        using var started = await app.Owner.PostAsJsonAsync($"/api/pipelines/{name}/runs", new { });
        Assert.True(started.StatusCode == HttpStatusCode.Accepted, await started.Content.ReadAsStringAsync());
        var id = (await started.Json()).GetProperty("runId").GetString();
        var run = await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs/{id}"),
            r => r.GetProperty("state").GetString() == "failed" || r.TryGetProperty("searchableAt", out var at) && at.ValueKind == JsonValueKind.String, $"the end of {name}");
        Assert.Equal("succeeded", run.GetProperty("state").GetString());
        return id!;
    }

    public static async Task Define(this SophiaApp app, string name, string folder, string more = "")
    {
        var definition = $"name: {name}\nsources:\n  - type: files\n    path: {JsonSerializer.Serialize(folder)}\n    settleFor: 0s\n{more}";
        using var answer = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent(definition, Encoding.UTF8, "application/yaml"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
