using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: what a level turns off is off on the real paths and comes back, what must never be off is on at every level, and everybody is told. Method: the real application; its dependencies fail by stand-ins.
public sealed class DegradationTests : IAsyncLifetime
{
    private readonly SickModel model = new();
    private readonly SickStore store = new();
    private readonly SophiaApp app;

    public DegradationTests() => app = new SophiaApp
    {
        Adapt = builder => builder.Services.AddSingleton<IAnswerModel>(model).AddSingleton<IHealthSource>(store)
            .AddReplicas(static replicas => replicas.ExchangeEvery = TimeSpan.FromMilliseconds(100))
            .AddDegradation(static degradation => (degradation.Rules, degradation.StayFor, degradation.StepEvery, degradation.LookEvery, degradation.EvidenceFor) =
                (ShippedRules.All, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2))),
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task At_every_level_what_comes_in_is_kept_people_sign_in_and_the_audit_is_written()
    {
        var secret = await Hook();
        foreach (var level in Enum.GetValues<DegradationLevel>())
        {
            await Hold(level, system: true);
            using var delivered = await Deliver(secret, $"d-{level}");
            Assert.Equal(HttpStatusCode.Accepted, delivered.StatusCode);
            using var link = await app.Owner.PostAsync("/api/signin-links", null);
            Assert.True(link.IsSuccessStatusCode, $"{level}: {await link.Content.ReadAsStringAsync()}");
            var code = (await link.Json()).GetProperty("url").GetString()!.Split("code=")[1];
            using var signedIn = await app.Stranger.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/signin") { Content = new FormUrlEncodedContent([new("code", Uri.UnescapeDataString(code))]), Headers = { { "Origin", app.Url } } });
            Assert.True(signedIn.StatusCode is HttpStatusCode.Redirect or HttpStatusCode.SeeOther, $"{level}: {(int)signedIn.StatusCode}");
            Assert.True((await app.Owner.GetAsync("/api/streams")).IsSuccessStatusCode);
        }
        var rows = await app.Services.GetRequiredService<ILogStore>().Read(RunningSophia.DefaultTenant, 0, 10_000, int.MaxValue, default);
        Assert.Equal(4, rows.Count(row => row.Stream == "github/ping"));
        var audit = rows.Where(row => row.Type == EntryType.Audit && row.Key.StartsWith("degradation-hold", StringComparison.Ordinal)).Select(row => Encoding.UTF8.GetString(row.Payload.Span)).ToArray();
        Assert.All(Enum.GetValues<DegradationLevel>(), level => Assert.Contains(audit, entry => entry.Contains($"system: {level.ToString().ToLowerInvariant()} until") && entry.Contains("a drill")));
    }

    [Fact]
    public async Task A_model_that_fails_is_spared_until_it_may_be_tried_again()
    {
        await Ingest("kb", ("a.md", "# Oak\n\nThe oak stands behind the mill."));
        Assert.Equal("sick", await AnsweredBy());
        model.IsDown = true;
        for (var question = 0; question < 3; question++)
            Assert.Contains("did not answer", await AnsweredBy());
        // What is not asked for two seconds is tried again, so each look asks, too.
        var asked = 0;
        await Eventually.Get(() =>
        {
            asked = model.Asked;
            return AnsweredBy();
        }, by => by.Contains("model_answers is off for now", StringComparison.Ordinal) && model.Asked == asked, "an answer without the model");
        await Eventually.Get(async () =>
        {
            await AnsweredBy();
            return await Status();
        }, status => IsAt(status, DegradationLevel.Partial) && status.GetProperty("because").GetString()!.Contains("model_failure: the model is down", StringComparison.Ordinal), "the level and why");
        await Eventually.Get(async () =>
        {
            await AnsweredBy();
            using var told = await app.Owner.GetAsync("/api/streams");
            return told.Headers.TryGetValues("Sophia-Degradation", out var said) ? said.Single() : "nothing";
        }, said => said.StartsWith("partial; because=\"model_failure", StringComparison.Ordinal), "what every answer tells");
        model.IsDown = false;
        await Comes(DegradationLevel.Full);
        Assert.Equal("sick", await AnsweredBy());
        Assert.False((await app.Owner.GetAsync("/api/streams")).Headers.Contains("Sophia-Degradation"));
        Assert.Equal("full", (await Status()).GetProperty("system").GetProperty("history")[0].GetProperty("level").GetString());
        await Eventually.Comes(async () => (await Audited("degradation-level")).Any(entry => entry.Contains("partial: model_failure")), "the audit of the change");
    }

    [Fact]
    public async Task Answers_of_before_are_given_again_and_say_so_and_in_an_emergency_nothing_else_is_looked_up()
    {
        await Ingest("kb", ("a.md", "# Oak\n\nThe oak stands behind the mill."));
        var fresh = await Search("oak mill");
        Assert.False(fresh.Body.TryGetProperty("stale", out _));
        await Hold(DegradationLevel.Partial);
        await Ingest("more", ("b.md", "# Mill\n\nAnother oak stands before the mill."));
        var stale = await Search("oak mill");
        Assert.Equal(fresh.Body.GetProperty("hits").GetArrayLength(), stale.Body.GetProperty("hits").GetArrayLength());
        Assert.Contains("a drill", stale.Body.GetProperty("stale").GetProperty("because").GetString());
        Assert.NotNull(stale.Age);
        Assert.Equal(2, (await Search("another oak")).Body.GetProperty("hits").GetArrayLength());
        var answer = await (await app.Owner.PostAsJsonAsync("/api/ask", new { text = "oak mill" })).Json();
        Assert.True(answer.GetProperty("found").GetBoolean(), answer.ToString());
        await Hold(DegradationLevel.Emergency);
        Assert.NotNull((await Search("oak mill")).Age);
        using var refused = await app.Owner.GetAsync("/api/search?q=never+asked+before");
        Assert.Contains("answered before", (await refused.Problem(503, "unavailable")).GetProperty("detail").GetString());
        Assert.NotNull(refused.Headers.RetryAfter);
        await Release();
        var again = await Search("oak mill");
        Assert.Equal((null, 2), (again.Age, again.Body.GetProperty("hits").GetArrayLength()));
    }

    [Fact]
    public async Task A_run_that_transforms_waits_says_why_and_goes_on_by_itself()
    {
        await Hold(DegradationLevel.Partial);
        var folder = app.FilesOf("waits", ("a.csv", "id,name\n1,Ada\n2,Bob\n"));
        using var defined = await app.Owner.PutAsync("/api/pipelines/waits", new StringContent($"name: waits\nsources:\n  - type: files\n    path: {JsonSerializer.Serialize(folder)}\nstreams:\n  \"*\":\n    transforms:\n      - rename: {{ name: person }}\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        var run = (await (await app.Owner.PostAsJsonAsync("/api/pipelines/waits/runs", new { })).Json()).GetProperty("runId").GetString();
        await Eventually.Comes(async () => (await app.Owner.GetStringAsync($"/api/pipelines/waits/runs/{run}")).Contains("data_transformations is off for now"), "the reason of waiting");
        Assert.Equal("running", (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/waits/runs/{run}")).GetProperty("state").GetString());
        await Release();
        var ended = await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/waits/runs/{run}"), view => view.GetProperty("state").GetString() != "running", "the end of the run");
        Assert.Equal(("succeeded", 2), (ended.GetProperty("state").GetString(), ended.GetProperty("counts").GetProperty("stored").GetInt32()));
    }

    [Fact]
    public async Task A_store_that_fails_turns_off_what_needs_it_bounds_reading_and_all_comes_back()
    {
        store.Reason = "Redis cannot be reached";
        var status = await Comes(DegradationLevel.Partial);
        Assert.Equal(["caching", "session_storage"], status.GetProperty("effects").GetProperty("off").EnumerateArray().Select(feature => feature.GetString()));
        await Reading_is_bounded_to(100);
        using (var within = await app.Owner.GetAsync("/api/search?q=oak"))
            Assert.Equal(HttpStatusCode.OK, within.StatusCode);
        store.Reason = null;
        await Comes(DegradationLevel.Full);
    }

    // By a clock that stands, over what the application offers: how many requests a machine answers within a second, nobody knows.
    private async Task Reading_is_bounded_to(int most)
    {
        var (time, answered) = (new SteppedTime(), 0);
        var features = app.Services.GetRequiredService<IFeatures>();
        var edge = new DegradationMiddleware(_ =>
        {
            answered++;
            return Task.CompletedTask;
        }, features, new ReadBounds(features, time), app.Services.GetRequiredService<IHealth>(), time);
        for (var request = 0; request < most; request++)
            await Pass("/api/records");
        var busy = await Assert.ThrowsAsync<RefusedException>(() => Pass("/api/records"));
        Assert.Equal((RefusalCode.Busy, time.GetUtcNow() + TimeSpan.FromSeconds(1.1)), (busy.Code, busy.RetryAt));
        Assert.Contains($"{most} requests a second", busy.Message);
        await Pass("/api/streams");
        time.Advance(TimeSpan.FromSeconds(1.1));
        await Pass("/api/search");
        Assert.Equal(most + 2, answered);

        Task Pass(string path) => edge.InvokeAsync(new DefaultHttpContext { User = new Caller(RunningSophia.DefaultTenant, "key", "owner", TenantRole.Owner).ToPrincipal("test"), Request = { Method = "GET", Path = path } });
    }

    [Fact]
    public async Task A_tenant_has_a_level_of_its_own_which_outlasts_a_restart_and_the_hub_and_pages_tell_of_it()
    {
        var (name, key, client) = await app.NewTenant();
        await using (var hub = await HubClient.Connect(app.Url, key))
        {
            await using var news = hub.StreamAsync<DegradationNews>("WatchDegradation").GetAsyncEnumerator();
            Assert.True(await news.MoveNextAsync());
            Assert.Equal(DegradationLevel.Full, news.Current.Level);
            using var held = await client.PostAsJsonAsync("/api/degradation/hold", new { level = "minimal", because = "a bill to pay", confirm = name });
            Assert.Equal("minimal", (await held.Json()).GetProperty("level").GetString());
            Assert.True(await news.MoveNextAsync());
            Assert.Equal((DegradationLevel.Minimal, true), (news.Current.Level, news.Current.Off.Contains(Feature.Exports)));
        }
        Assert.Equal("full", (await Status()).GetProperty("level").GetString());
        Assert.DoesNotContain("bill", await app.Owner.GetStringAsync("/api/degradation"));
        Assert.Contains("a bill to pay", await client.GetStringAsync("/degradation"));
        Assert.Contains("Only the most needed works for now.", await client.GetStringAsync("/pages/degradation/banner"));
        await app.Restart();
        using var after = app.With(key);
        Assert.Equal("minimal", (await after.GetFromJsonAsync<JsonElement>("/api/degradation")).GetProperty("level").GetString());
        await (await after.PostAsJsonAsync("/api/degradation/hold", new { level = "full", because = "mine?", system = true })).Problem(403, "forbidden");
        var entries = await app.Services.GetRequiredService<ILogStore>().Read(TenantId.Parse(name), 0, 1_000, int.MaxValue, default);
        Assert.Contains(entries, row => row.Type == EntryType.Audit && row.Key.StartsWith("degradation-hold", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"level":"halfway","because":"x"}""")]
    [InlineData("""{"level":"1","because":"x"}""")]
    [InlineData("""{"level":"partial","confirm":"default"}""")]
    [InlineData("""{"level":"partial","because":"x"}""")]
    [InlineData("""{"level":"emergency","because":"x","system":true}""")]
    [InlineData("""{"level":"emergency","because":"x","system":true,"confirm":"default"}""")]
    [InlineData("""{"level":"partial","because":"x","minutes":0,"confirm":"default"}""")]
    [InlineData("""{"level":"partial","because":"x","minutes":50000,"confirm":"default"}""")]
    public async Task What_cannot_be_meant_is_refused_and_changes_nothing(string body)
    {
        using var answer = await app.Owner.PostAsync("/api/degradation/hold", new StringContent(body, Encoding.UTF8, "application/json"));
        await answer.Problem(400, "invalid");
        Assert.Empty((await Status()).GetProperty("own").GetProperty("history").EnumerateArray());
        using var viewer = await app.InRole("viewer");
        await (await viewer.PostAsJsonAsync("/api/degradation/hold", new { level = "partial", because = "x" })).Problem(403, "forbidden");
        Assert.False((await viewer.GetAsync("/api/degradation")).StatusCode == HttpStatusCode.Forbidden);
    }

    private async Task<JsonElement> Status() => await app.Owner.GetFromJsonAsync<JsonElement>("/api/degradation");

    /// <summary>Waits until the level is in force in this process, too.</summary>
    private Task<JsonElement> Comes(DegradationLevel level) => Eventually.Get(Status, status => IsAt(status, level), Word(level));

    private static bool IsAt(JsonElement status, DegradationLevel level) => status.GetProperty("level").GetString() == Word(level) && status.GetProperty("here").GetString() == Word(level);

    private async Task Hold(DegradationLevel level, bool system = false)
    {
        using var held = await app.Owner.PostAsJsonAsync("/api/degradation/hold", new { level = Word(level), because = "a drill", system, confirm = system ? "system" : "default" });
        Assert.True(held.IsSuccessStatusCode, await held.Content.ReadAsStringAsync());
        await Comes(level);
    }

    private async Task Release()
    {
        using var released = await app.Owner.PostAsJsonAsync("/api/degradation/release", new { because = "over", confirm = "default" });
        Assert.True(released.IsSuccessStatusCode, await released.Content.ReadAsStringAsync());
        await Comes(DegradationLevel.Full);
    }

    /// <summary>Reads files through a pipeline of their own until they are found.</summary>
    private async Task Ingest(string name, params (string Path, string Text)[] files)
    {
        var folder = app.FilesOf(name, files);
        using var defined = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsources:\n  - type: files\n    path: {JsonSerializer.Serialize(folder)}\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        var run = (await (await app.Owner.PostAsJsonAsync($"/api/pipelines/{name}/runs", new { })).Json()).GetProperty("runId").GetString();
        await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs/{run}"), view => view.TryGetProperty("searchableAt", out var at) && at.ValueKind == JsonValueKind.String, "searchable");
    }

    private async Task<(JsonElement Body, TimeSpan? Age)> Search(string text)
    {
        using var answer = await app.Owner.GetAsync($"/api/search?q={Uri.EscapeDataString(text)}");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Json(), answer.Headers.Age);
    }

    private async Task<string> AnsweredBy()
    {
        using var answer = await app.Owner.PostAsJsonAsync("/api/ask", new { text = "Where does the oak stand?" });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Json()).GetProperty("by").GetString()!;
    }

    private async Task<IEnumerable<string>> Audited(string what) => (await app.Services.GetRequiredService<ILogStore>().Read(RunningSophia.DefaultTenant, 0, 10_000, int.MaxValue, default))
        .Where(row => row.Type == EntryType.Audit && row.Key.StartsWith(what, StringComparison.Ordinal)).Select(row => Encoding.UTF8.GetString(row.Payload.Span));

    private async Task<string> Hook()
    {
        using var defined = await app.Owner.PutAsync("/api/pipelines/hook", new StringContent("name: hook\nsources:\n  - type: github-webhook\n    secret: generated\n"));
        Assert.True(defined.IsSuccessStatusCode);
        return (await app.Owner.GetFromJsonAsync<JsonElement>("/api/pipelines/hook/webhook-secret")).GetProperty("secret").GetString()!;
    }

    private Task<HttpResponseMessage> Deliver(string secret, string id)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"zen":"{{id}}"}""");
        var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/default/hook") { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };
        request.Headers.Add("X-GitHub-Event", "ping");
        request.Headers.Add("X-GitHub-Delivery", id);
        request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))}");
        return app.Stranger.SendAsync(request);
    }

    private static string Word(DegradationLevel level) => level.ToString().ToLowerInvariant();

    private sealed class SickModel : IAnswerModel
    {
        private int asked;

        public string Name => "sick";

        public volatile bool IsDown;

        public int Asked => Volatile.Read(ref asked);

        public async IAsyncEnumerable<string> Answer(AnswerPrompt prompt, [EnumeratorCancellation] CancellationToken cancellation)
        {
            Interlocked.Increment(ref asked);
            await Task.Yield();
            if (IsDown)
                throw new AnswerModelException("the model is down");
            yield return "Behind the mill [1].";
        }
    }

    private sealed class SickStore : IHealthSource
    {
        public volatile string? Reason;

        public IEnumerable<(HealthSignal Signal, double Value)> Signals => [];

        public IEnumerable<(string Dependency, string Because)> Failing => Reason is { } reason ? [("redis", reason)] : [];
    }
}
