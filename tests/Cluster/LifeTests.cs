using System.Diagnostics;
using System.Net;
using Sophia.Hosting;

namespace Sophia.Cluster;

/// <summary>What a silo and a front end say of themselves while the cluster works, while its database is away, and while they leave.</summary>
[Collection("cluster")]
public sealed class LifeTests(ClusterFixture fixture)
{
    [ClusterFact]
    public async Task A_silo_serves_health_and_metrics_and_nothing_else()
    {
        await fixture.Whole();
        using var silo = At("silo-1");
        Assert.Equal("live", await silo.GetStringAsync("/live"));
        await Says("silo-1", HttpStatusCode.OK, "ready");
        var metrics = await Eventually.Get(() => silo.GetStringAsync("/metrics"), static seen => seen.Contains("sophia_cluster_silos{state=\"active\"} 3\n", StringComparison.Ordinal), "three active silos");
        Assert.Contains("\norleans_catalog_activations ", metrics);
        Assert.Contains("db_client_connections{", metrics);
        Assert.DoesNotContain("Password", metrics);
        Assert.DoesNotContain("Host=", metrics);
        foreach (var path in (string[])["/", "/api/me", "/dashboard/", "/hub/chat", "/health", "/signin", "/openapi/v1.json", "/hooks/default/x"])
            Assert.Equal((path, HttpStatusCode.NotFound), (path, (await silo.GetAsync(path)).StatusCode));
        if (Tool.Find("promtool") is not null)
            Assert.Equal((0, ""), await Tool.Run("promtool", ["check", "metrics"], metrics));
    }

    [ClusterFact]
    public async Task While_the_database_is_away_all_live_and_none_is_ready_and_then_they_are_again()
    {
        await fixture.Whole();
        string[] names = ["silo-1", "silo-2", "silo-3", "frontend"];
        foreach (var name in names)
            await Says(name, HttpStatusCode.OK, "ready");
        var said = FrontendSaid().Length;
        await fixture.Cluster.File.Postgres!.Stop(TimeSpan.FromSeconds(30), default, "INT");
        foreach (var name in names)
        {
            await Says(name, HttpStatusCode.ServiceUnavailable, name == "frontend" ? "not ready: no silo answers, or its store does not" : "not ready: the store does not answer");
            using var client = At(name);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/live")).StatusCode);
        }
        await Refuses(HttpMethod.Get, "/api/streams", null, "The store does not answer. ");
        // A conversation that is in no silo's memory, of which the store is asked to make a grain; and a pipeline, whose grain's state it is asked for.
        await Refuses(HttpMethod.Post, "/api/chat/sessions/while-away/questions", """{"text":"Is anybody there?"}""", "The store does not answer. Nothing of this request was done.");
        await Refuses(HttpMethod.Get, "/api/pipelines/while-away", null, "The store does not answer. Nothing of this request was done.");
        await fixture.Up();
        foreach (var name in names)
            await Says(name, HttpStatusCode.OK, "ready");
        await Eventually.Comes(() => FrontendSaid()[said..].Contains("Which silos there are is known again", StringComparison.Ordinal), "the front end says that the database is back");
        Assert.Single(FrontendSaid()[said..].Split('\n'), line => line.Contains("cannot be read from the database", StringComparison.Ordinal));
        Assert.DoesNotContain("NpgsqlException", FrontendSaid()[said..]);
    }

    private string FrontendSaid() => File.ReadAllText(fixture.Cluster.LogOf("frontend"));

    /// <summary>Goal: nobody is sent work while it leaves. Method: asked to end, a silo must never again say that it is ready.</summary>
    [ClusterFact]
    public async Task A_silo_that_was_asked_to_end_is_not_ready_any_more()
    {
        await fixture.Whole();
        using var silo = At("silo-3");
        var process = fixture.Cluster.File.Silos[2].Process;
        process.Signal("TERM");
        var left = false;
        for (; process.IsAlive; await Task.Yield())
        {
            var said = await Ready(silo);
            Assert.False(left && said == "ready");
            left |= said is null or "not ready: it is stopping";
        }
        await fixture.Whole();
    }

    private async Task Refuses(HttpMethod method, string path, string? body, string said)
    {
        using var http = At("frontend");
        using var request = new HttpRequestMessage(method, path) { Headers = { { "Authorization", $"Bearer {HomeFolder.CliKey(fixture.Cluster.FrontendFolder)}" } }, Content = body is null ? null : new StringContent(body, null, "application/json") };
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable && text.Contains(said, StringComparison.Ordinal), $"{method} {path}: {answer.StatusCode} {text}");
    }

    /// <returns>Null: it takes no call any more.</returns>
    private static async Task<string?> Ready(HttpClient silo)
    {
        try
        {
            using var answer = await silo.GetAsync("/ready");
            return await answer.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private async Task Says(string name, HttpStatusCode status, string text)
    {
        using var client = At(name);
        for (var since = Stopwatch.StartNew(); ;)
        {
            using var answer = await client.GetAsync("/ready");
            var said = await answer.Content.ReadAsStringAsync();
            if (answer.StatusCode == status && said == text)
                return;
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(60), $"{name}: {answer.StatusCode} {said}");
        }
    }

    private HttpClient At(string name) => new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(HomeFolder.Serving(Path.Combine(fixture.Folder, name))!.Url) };
}
