using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Pipelines;

// Goal: a run that waits for its turn says so wherever runs are looked at: with its place, since when, and why. Method: the real application; the queue of runs is held.
public sealed class WaitingRunTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task A_run_that_waits_for_its_turn_says_its_place_since_when_and_why_in_lists_alone_on_pages_and_when_asked_why()
    {
        (await app.Owner.PostAsJsonAsync("/api/queue/hold", new { queue = "sophia-runs", reason = "a drill", confirm = "sophia-runs" })).EnsureSuccessStatusCode();
        var (first, second) = (await Start("first"), await Start("second"));
        var waits = await Eventually.Get(() => Run("second", second), run => run.TryGetProperty("waits", out var wait) && wait.TryGetProperty("place", out _), "its place");
        Assert.Equal("running", waits.GetProperty("state").GetString());
        Assert.Equal((2, 2), (waits.GetProperty("waits").GetProperty("place").GetInt32(), waits.GetProperty("waits").GetProperty("of").GetInt32()));
        Assert.EndsWith("place 2 of 2; the queue is held: a drill", waits.GetProperty("waits").GetProperty("because").GetString());
        Assert.True(waits.GetProperty("waits").GetProperty("since").GetDateTimeOffset() >= waits.GetProperty("startedAt").GetDateTimeOffset().AddSeconds(-1));

        var listed = await Eventually.Get(async () => (await app.Owner.GetFromJsonAsync<JsonElement>("/api/runs")).EnumerateArray().Single(run => run.GetProperty("runId").GetString() == second), run => run.TryGetProperty("waits", out _), "its place in the list");
        Assert.Equal(2, listed.GetProperty("waits").GetProperty("place").GetInt32());
        var why = await app.Owner.GetFromJsonAsync<JsonElement>($"/api/why?id={second}");
        Assert.Equal(("waiting", "its turn, place 2 of 2"), (why.GetProperty("stage").GetString(), why.GetProperty("waitingFor").GetString()));
        Assert.Contains("the queue is held: a drill", why.GetProperty("explanation").GetString());
        Assert.Equal(["asked for", "waiting"], why.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("stage").GetString()));
        foreach (var page in (string[])["/pipelines", "/pipelines/second", $"/pipelines/second/runs/{second}"])
        {
            var html = await app.Owner.GetStringAsync(page);
            Assert.Contains("waits for its turn", html);
            Assert.Contains("place 2 of 2; the queue is held: a drill", html);
            Assert.DoesNotContain("0 of 0 files", html);
        }
        Assert.Contains("runs of pipelines", await app.Owner.GetStringAsync("/queues"));

        (await app.Owner.PostAsJsonAsync("/api/queue/let-go", new { queue = "sophia-runs", reason = "over", confirm = "sophia-runs" })).EnsureSuccessStatusCode();
        foreach (var (pipeline, run) in ((string, string)[])[("first", first), ("second", second)])
        {
            var ended = await Eventually.Get(() => Run(pipeline, run), view => view.GetProperty("state").GetString() != "running", "the end of the run");
            Assert.Equal(("succeeded", false), (ended.GetProperty("state").GetString(), ended.TryGetProperty("waits", out _)));
        }
        Assert.Equal("succeeded", (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/why?id={second}")).GetProperty("stage").GetString());
    }

    private Task<JsonElement> Run(string pipeline, string run) => app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{pipeline}/runs/{run}");

    private async Task<string> Start(string name)
    {
        var folder = app.FilesOf(name, ("a.csv", "id,name\n1,Ada\n"));
        using var defined = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsources:\n  - type: files\n    path: {JsonSerializer.Serialize(folder)}\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        using var started = await app.Owner.PostAsJsonAsync($"/api/pipelines/{name}/runs", new { });
        return (await started.Json()).GetProperty("runId").GetString()!;
    }
}
