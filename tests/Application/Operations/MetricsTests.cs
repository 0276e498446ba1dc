using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sophia.Hosting;
using Sophia.Servers;

namespace Sophia.Operations;

/// <summary>What /metrics says, to whom, and in a form that Prometheus' own tool accepts.</summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public class MetricsTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    // Meters are the process's: what other Sophias of other tests count would be counted here.
    private const string Name = "metrics";

    [ToolFact("promtool")]
    public async Task Promtool_accepts_every_line()
    {
        await Work("accepted");
        var (code, output) = await Tool.Run("promtool", ["check", "metrics"], await app.Owner.GetStringAsync("/metrics"));
        Assert.Equal((0, ""), (code, output));
    }

    [Fact]
    public async Task What_was_done_is_counted()
    {
        var before = await Read();
        await Work("counted");
        using var refused = await app.Owner.GetAsync("/api/pipelines/no-such-pipeline");
        var after = await Read();
        foreach (var name in (string[])["sophia_runs_started_total", "sophia_runs_ended_total{outcome=\"succeeded\"}", "sophia_run_duration_seconds_count", "sophia_batch_duration_seconds_count",
                     "sophia_search_duration_seconds_count", "sophia_chat_answers_total{outcome=\"done\"}", "sophia_chat_first_words_duration_seconds_count", "sophia_commit_duration_seconds_count{store=\"log.db\"}",
                     "sophia_commit_writes_count{store=\"log.db\"}", "sophia_projection_delay_seconds_count{projection=\"index\"}", "sophia_refusals_total{code=\"not-found\"}"])
            Assert.True(after.GetValueOrDefault(name) > before.GetValueOrDefault(name), $"{name}: {before.GetValueOrDefault(name)}, then {after.GetValueOrDefault(name)}");
        Assert.True(after["sophia_records_total{outcome=\"stored\"}"] >= before.GetValueOrDefault("sophia_records_total{outcome=\"stored\"}") + 2);
        Assert.True(after["sophia_records_total{outcome=\"quarantined\"}"] >= before.GetValueOrDefault("sophia_records_total{outcome=\"quarantined\"}") + 1);
        Assert.Contains("sophia_process_waiting_work", after.Keys);
        Assert.Contains("dotnet_process_memory_working_set_bytes", after.Keys);
    }

    [Fact]
    public async Task No_label_tells_what_a_tenant_is_called_or_has_named()
    {
        var (name, _, owner) = await app.NewTenant();
        using var dropped = await owner.PostAsync("/api/inbox?path=zanzibar.txt", new StringContent("Ann called from Zanzibar."));
        Assert.Equal(HttpStatusCode.Accepted, dropped.StatusCode);
        using var defined = await owner.PutAsync("/api/pipelines/zanzibar", new StringContent("name: zanzibar\nsources:\n  - type: webhook\n    secret: generated\n    stream: zanzibar\n    key: id\n"));
        Assert.True(defined.IsSuccessStatusCode);
        using var delivered = await app.Stranger.PostAsync($"/hooks/{name}/zanzibar", new StringContent("{}"));
        await Ask(owner, "zanzibar");
        var text = await app.Owner.GetStringAsync("/metrics");
        Assert.All((string[])[name, "zanzibar", "Ann", "\"default"], word => Assert.DoesNotContain(word, text));
    }

    [Fact]
    public async Task Only_who_looks_after_the_installation_reads_them()
    {
        var (_, _, otherOwner) = await app.NewTenant();
        Assert.Equal(HttpStatusCode.OK, (await (await app.InRole("operator")).GetAsync("/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await (await app.InRole("analyst")).GetAsync("/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await otherOwner.GetAsync("/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Stranger.GetAsync("/metrics")).StatusCode);
    }

    [Fact]
    public async Task Who_asks_for_OpenMetrics_gets_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Accept = { MediaTypeWithQualityHeaderValue.Parse("application/openmetrics-text;version=1.0.0") } } };
        using var answer = await app.Owner.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith("# EOF\n", text);
        Assert.Contains("# TYPE dotnet_exceptions counter\ndotnet_exceptions_total", text);
        Assert.DoesNotContain("_total counter\n", text);
    }

    [Fact]
    public async Task The_metrics_address_answers_with_its_key_and_serves_nothing_else()
    {
        const string key = "a-key-of-a-scraper";
        var folder = Path.Combine(app.Folder, "second");
        var metrics = $"http://127.0.0.1:{LoopbackPort.Free()}";
        await using var second = await RunningSophia.Start(new SophiaOptions { DataFolder = folder, Url = "http://127.0.0.1:0", LogLevel = LogLevel.Error, MetricsUrl = metrics, MetricsKey = key }, announce: false);
        using var scraper = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(metrics) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await scraper.GetAsync("/metrics")).StatusCode);
        scraper.DefaultRequestHeaders.Authorization = new("Bearer", second.OwnerKey);
        Assert.Equal(HttpStatusCode.Unauthorized, (await scraper.GetAsync("/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await scraper.GetAsync("/api/me")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await scraper.GetAsync("/")).StatusCode);
        Assert.Equal("live", await scraper.GetStringAsync("/live"));
        Assert.Equal("ready", await scraper.GetStringAsync("/ready"));
        scraper.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using var pod = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Host = "10.1.2.3:9464" } };
        Assert.Equal(HttpStatusCode.OK, (await scraper.SendAsync(pod)).StatusCode);
        using var owner = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(second.Url), DefaultRequestHeaders = { Authorization = new("Bearer", key) } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await owner.GetAsync("/api/me")).StatusCode);
    }

    [Theory]
    [InlineData("sophia.runs.started", "{run}", "counter", "sophia_runs_started_total")]
    [InlineData("sophia.search.duration", "s", "histogram", "sophia_search_duration_seconds")]
    [InlineData("process.memory", "By", "gauge", "process_memory_bytes")]
    [InlineData("orleans-messaging-sent-messages-size", "bytes", "histogram", "orleans_messaging_sent_messages_size")]
    [InlineData("cache.hits", "1", "gauge", "cache_hits_ratio")]
    [InlineData("db.client.connection.count", "{connection}", "gauge", "db_client_connections")]
    [InlineData("2nd--part", "", "gauge", "_2nd_part")]
    public void A_name_becomes_what_Prometheus_expects(string name, string unit, string kind, string expected) => Assert.Equal(expected, PrometheusText.NameOf(name, unit, kind));

    [Theory]
    [InlineData("http://127.0.0.1:0", null)]
    [InlineData("http://127.0.0.1:5080", null)]
    [InlineData("http://0.0.0.0:9464", null)]
    [InlineData("9464", null)]
    [InlineData(null, "short")]
    public void A_setting_that_cannot_be_meant_is_refused(string? url, string? key) =>
        Assert.Throws<StartRefusedException>(() => new SophiaOptions { DataFolder = "x", MetricsUrl = url, MetricsKey = key }.Validated());

    /// <summary>A run with a bad record, found; a question, answered.</summary>
    private async Task Work(string name)
    {
        var folder = app.FilesOf($"metrics/{name}", ("people.csv", "id,name,age\n1,Ann,36\n2,Bob,45\n3,Cid,none\n"));
        using var defined = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent(
            $"name: {name}\nsources:\n  - type: files\n    path: {folder}\n    settleFor: 0s\ngate:\n  minimumScore: 0\nstreams:\n  people:\n    key: [id]\n    rules:\n      - type: {{age: integer}}\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        using var started = await app.Owner.PostAsJsonAsync($"/api/pipelines/{name}/runs", new { });
        var run = (await started.Json()).GetProperty("runId").GetString();
        await Eventually.Get(async () => (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs/{run}")).TryGetProperty("searchableAt", out _), done => done, "a searchable run");
        await Ask(app.Owner, name);
    }

    private static async Task Ask(HttpClient owner, string name)
    {
        using var found = await owner.GetAsync($"/api/search?q={name}");
        using var answered = await owner.PostAsJsonAsync("/api/ask", new { text = $"Who is {name}?", session = name });
        Assert.True(found.IsSuccessStatusCode && answered.IsSuccessStatusCode);
    }

    private async Task<Dictionary<string, double>> Read() => (await app.Owner.GetStringAsync("/metrics")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
}
