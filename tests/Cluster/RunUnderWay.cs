using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Sophia.Cluster;

/// <summary>A run that takes a while, and what became of it.</summary>
internal sealed class RunUnderWay
{
    private const int RowsPerFile = 500;

    private readonly HttpClient http;
    private readonly string address, stream;
    private readonly long rows;

    private RunUnderWay(HttpClient http, string address, string stream, long rows) => (this.http, this.address, this.stream, this.rows) = (http, address, stream, rows);

    /// <summary>Writes files below a folder, and starts a run over them on a pipeline of its own.</summary>
    public static async Task<RunUnderWay> Start(HttpClient http, string folder, int number, int files = 40)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"people-{number}");
        var source = Path.Combine(folder, name);
        Directory.CreateDirectory(source);
        for (var file = 0; file < files; file++)
            await File.WriteAllLinesAsync(Path.Combine(source, $"{file}.csv"), ["id,name", .. Enumerable.Range(0, RowsPerFile).Select(row => $"{file}-{row},Person {row} of {file}")]);
        using var defined = await http.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsources:\n  - type: files\n    path: {source}\n    key: id\n    stream: {name}\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        using var started = await http.PostAsync($"/api/pipelines/{name}/runs", null);
        started.EnsureSuccessStatusCode();
        var run = (await started.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("runId").GetString();
        return new RunUnderWay(http, $"/api/pipelines/{name}/runs/{run}", name, files * RowsPerFile);
    }

    /// <summary>Waits until something of it is stored.</summary>
    public Task Begins() => http.Read(address, static run => run.GetProperty("counts").GetProperty("stored").GetInt64() > 0);

    /// <summary>Waits for its end; says what is wrong with it: that it did not succeed, or did not store and count each row once.</summary>
    public async Task<IReadOnlyList<string>> Wrong()
    {
        var run = await http.Read(address, static run => run.GetProperty("state").GetString() != "running");
        var (state, counted) = (run.GetProperty("state").GetString(), run.GetProperty("counts").GetProperty("stored").GetInt64());
        var streams = await http.Read("/api/streams");
        var stored = streams.EnumerateArray().Where(found => found.GetProperty("stream").GetString() is { } name && (name == stream || name.StartsWith(stream + "/", StringComparison.Ordinal)))
            .Sum(found => found.GetProperty("records").GetInt64());
        return (state, stored, counted) == ("succeeded", rows, rows) ? [] : [string.Create(CultureInfo.InvariantCulture, $"{address}: {state}, {stored} of {rows} records, of which it counted {counted}")];
    }
}
