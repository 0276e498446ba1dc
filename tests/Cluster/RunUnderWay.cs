using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Sophia.Cluster;

/// <summary>A run that takes a while, and what became of it.</summary>
internal sealed class RunUnderWay
{
    private const int Files = 40, RowsPerFile = 500;

    private readonly HttpClient http;
    private readonly string address, stream;

    private RunUnderWay(HttpClient http, string address, string stream) => (this.http, this.address, this.stream) = (http, address, stream);

    /// <summary>Writes files below a folder, and starts a run over them on a pipeline of its own.</summary>
    public static async Task<RunUnderWay> Start(HttpClient http, string folder, int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"people-{number}");
        var source = Path.Combine(folder, name);
        Directory.CreateDirectory(source);
        for (var file = 0; file < Files; file++)
            await File.WriteAllLinesAsync(Path.Combine(source, $"{file}.csv"), ["id,name", .. Enumerable.Range(0, RowsPerFile).Select(row => $"{file}-{row},Person {row} of {file}")]);
        using var defined = await http.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsources:\n  - type: files\n    path: {source}\n    key: id\n    stream: {name}\n"));
        defined.EnsureSuccessStatusCode();
        using var started = await http.PostAsync($"/api/pipelines/{name}/runs", null);
        started.EnsureSuccessStatusCode();
        var run = (await started.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("runId").GetString();
        return new RunUnderWay(http, $"/api/pipelines/{name}/runs/{run}", name);
    }

    /// <summary>Waits for its end; says what is wrong with it: that it did not succeed, or did not store each row once.</summary>
    public async Task<IReadOnlyList<string>> Wrong()
    {
        var state = "";
        await Eventually.Comes(async () => (state = (await http.GetFromJsonAsync<JsonElement>(address)).GetProperty("state").GetString()!) != "running", $"{address} ends");
        var streams = await http.GetFromJsonAsync<JsonElement>("/api/streams");
        var stored = streams.EnumerateArray().Where(found => found.GetProperty("stream").GetString() is { } name && (name == stream || name.StartsWith(stream + "/", StringComparison.Ordinal)))
            .Sum(found => found.GetProperty("records").GetInt64());
        return state == "succeeded" && stored == Files * RowsPerFile ? [] : [string.Create(CultureInfo.InvariantCulture, $"{address}: {state}, {stored} of {Files * RowsPerFile} records")];
    }
}
