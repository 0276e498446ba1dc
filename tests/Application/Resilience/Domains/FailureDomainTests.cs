using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: a failure is seen, its blast radius is right, it is contained and freed, all of it in the audit, and nobody sees another's. Method: the real application before a real endpoint that dies and comes back, spoken to over HTTP.
public sealed class FailureDomainTests : IAsyncLifetime
{
    private readonly DyingEndpoint endpoint = new();
    private readonly SophiaApp app;
    private TimeSpan healFor = TimeSpan.FromSeconds(1), holdFor = TimeSpan.FromSeconds(4);

    public FailureDomainTests() => app = new SophiaApp
    {
        Adapt = builder => builder.Services.AddSingleton<IAnswerModel>(services => new AskedModel(endpoint, services.GetRequiredService<IBreakers>()))
            .AddReplicas(static replicas => replicas.ExchangeEvery = TimeSpan.FromMilliseconds(100))
            .AddBreakers(static breakers => breakers.Dependencies[DomainTopology.ModelName] = new BreakerOptions { ConsecutiveFailures = 2, BreakFor = TimeSpan.FromMilliseconds(500), LongestBreak = TimeSpan.FromSeconds(1), Ramp = [] })
            .AddFailureDomains(domains =>
            {
                (domains.LookEvery, domains.HealFor, domains.HoldFor, domains.LongestHold, domains.RelapseWithin, domains.QueueGivesUp) = (TimeSpan.FromMilliseconds(200), healFor, holdFor, TimeSpan.FromHours(1), TimeSpan.FromSeconds(1), 3);
                domains.Topology = domains.Topology with { Model = endpoint.Address };
                domains.Rules = [.. ShippedContainment.Rules.Select(rule => rule with { AfterSeconds = 0 })];
            }),
    };

    public async Task InitializeAsync()
    {
        await endpoint.Start();
        await app.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task A_model_that_dies_is_a_failing_domain_is_left_alone_tried_again_and_freed_and_the_audit_says_all_of_it()
    {
        await Ingest("kb", ("a.md", "# Oak\n\nThe oak stands behind the mill."));
        Assert.Equal("asked", await AnsweredBy());
        // What was called is in the graph under its declared name.
        await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>("/api/domains"), view => view.GetProperty("needs").EnumerateArray().Any(need => need.GetProperty("from").GetString() == "silo/" + SiloName(view) && need.GetProperty("oneOf")[0].GetString() == "dependency/model" && need.GetProperty("calls").GetInt64() > 0), "the call is seen");
        var could = await Impact("dependency/model");
        Assert.False(could.GetProperty("isFailing").GetBoolean());
        Assert.Equal("fully", HitOf(could, "feature/model_answers"));
        Assert.Equal("partly", HitOf(could, "feature/answers"));
        Assert.Equal("partly", HitOf(could, "tenant/default"));
        Assert.Null(HitOf(could, "pipeline/default/kb"));
        Assert.Null(HitOf(could, "feature/ingest"));

        endpoint.IsDead = true;
        for (var question = 0; question < 3; question++)
            Assert.Contains("did not answer", await AnsweredBy());
        var failing = await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>("/api/domains"), view => Happened(view, "applied", "dependency/model"), "containment");
        Assert.StartsWith("its breaker is ", failing.GetProperty("history").EnumerateArray().Last(change => change.GetProperty("what").GetString() == "failing").GetProperty("because").GetString());
        var held = failing.GetProperty("containments")[0];
        Assert.Equal(("openBreaker", "the breaker of model"), (held.GetProperty("strategy").GetString(), held.GetProperty("target").GetString()));
        // Core paths go on.
        Assert.True((await app.Owner.PostAsync("/api/signin-links", null)).IsSuccessStatusCode);
        await Ingest("more", ("b.md", "# Mill\n\nAnother oak."));

        endpoint.IsDead = false;
        await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>("/api/domains"), view => view.GetProperty("failing").GetArrayLength() == 0 && view.GetProperty("containments").EnumerateArray().All(one => one.GetProperty("phase").GetString() is "lifted" or "withdrawn"), "healed");
        Assert.Equal("none", (await app.Owner.GetFromJsonAsync<JsonElement>("/api/breakers/system/model")).GetProperty("hold").GetString());
        await Eventually.Comes(async () => await AnsweredBy() == "asked", "the model answers again");
        Assert.True(Happened(await app.Owner.GetFromJsonAsync<JsonElement>("/api/domains"), "healed", "dependency/model"));
        await Eventually.Comes(async () => (await Audited("containment-1-lifted-")).Count > 0, "the audit of the end");
        foreach (var step in (string[])["proposed", "applying", "applied", "lifting", "lifted"])
            Assert.Contains("dependency/model", Assert.Single(await Audited($"containment-1-{step}-")));
        Assert.Contains("leave_alone: dependency/model fails", (await Audited("containment-1-proposed-"))[0]);
        Assert.Contains((await Audited("breaker-isolate")), entry => entry.Contains("containment 1") && entry.Contains("leave_alone"));
        Assert.Contains((await Audited("breaker-reset")), entry => entry.Contains("containment 1") && entry.Contains("time to try again"));
    }

    [Fact]
    public async Task A_queue_that_gives_up_is_held_when_an_operator_of_its_tenant_says_so_stays_held_over_a_restart_and_is_freed_by_hand_and_no_other_tenant_sees_any_of_it()
    {
        // Nothing heals or is tried again while the test looks at it.
        healFor = holdFor = TimeSpan.FromHours(1);
        await app.Restart();
        var (name, key, client) = await app.NewTenant();
        var (_, _, other) = await app.NewTenant();
        Assert.True((await client.GetAsync("/api/queue")).IsSuccessStatusCode);
        var proposed = await Eventually.Get(async () =>
        {
            await GiveUp(client, "mail");
            return await client.GetFromJsonAsync<JsonElement>("/api/domains");
        }, view => view.GetProperty("containments").GetArrayLength() > 0, "proposal");
        var one = proposed.GetProperty("containments")[0];
        var (id, node) = (one.GetProperty("id").GetInt64(), $"queue/{name}/mail");
        Assert.Equal((node, "proposed", "quarantineQueue", "the rule leaves it to a person"), (one.GetProperty("node").GetString(), one.GetProperty("phase").GetString(), one.GetProperty("strategy").GetString(), one.GetProperty("notByItself").GetString()));
        // Theirs, and of the installation features alone.
        Assert.All(proposed.GetProperty("nodes").EnumerateArray(), seen => Assert.True(seen.GetProperty("kind").GetString() == "feature" || seen.GetProperty("tenant").GetString() == name));
        Assert.Contains((await Impact(node, client)).GetProperty("hits").EnumerateArray(), hit => hit.GetProperty("node").GetString() == $"tenant/{name}");

        Assert.DoesNotContain(name, await other.GetStringAsync("/api/domains"));
        Assert.DoesNotContain(name, await other.GetStringAsync("/domains"));
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync($"/api/domains/impact?node={Uri.EscapeDataString(node)}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.PostAsJsonAsync($"/api/domains/containments/{id}/approve", new { because = "mine", confirm = node })).StatusCode);
        foreach (var hidden in (string[])["store/sqlite", "part/log", "dependency/model", "tenant/default"])
            Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync($"/api/domains/impact?node={Uri.EscapeDataString(hidden)}")).StatusCode);

        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsJsonAsync($"/api/domains/containments/{id}/approve", new { because = "it must stop", confirm = "queue" })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsJsonAsync($"/api/domains/containments/{id}/approve", new { because = "", confirm = node })).StatusCode);
        await Said(client, id, "approve", node);
        await Eventually.Get(() => Phase(client, id), phase => phase == "applied", "in force");
        await Said(client, id, "pin", node);
        await Eventually.Get(() => Phase(client, id), phase => phase == "applied", "in force");
        Assert.Contains("containment", await client.GetStringAsync("/api/queue"));
        await app.Restart();
        using var again = app.With(key);
        Assert.Equal("applied", await Phase(again, id));
        Assert.Contains("Hold the queue: the queue mail", await again.GetStringAsync("/domains"));
        await Said(again, id, "lift", node);
        await Eventually.Get(() => Phase(again, id), phase => phase == "lifted", "lifted");
        Assert.DoesNotContain("containment", await again.GetStringAsync("/api/queue"));
        await Eventually.Comes(async () => (await Audited($"containment-{id}-lifted")).Any(entry => entry.Contains("it must stop")), "the audit of the end");
        foreach (var step in (string[])["proposed", "applying", "pinned", "lifting", "lifted"])
            Assert.Single(await Audited($"containment-{id}-{step}-"));
    }

    [Fact]
    public async Task A_viewer_looks_and_does_not_decide_and_what_is_not_there_is_not_found()
    {
        using var viewer = await app.InRole("viewer");
        var seen = await Eventually.Get(() => viewer.GetFromJsonAsync<JsonElement>("/api/domains"), view => view.GetProperty("nodes").GetArrayLength() > 3, "nodes");
        Assert.DoesNotContain(seen.GetProperty("nodes").EnumerateArray(), node => node.GetProperty("kind").GetString() == "silo");
        await (await viewer.PostAsJsonAsync("/api/domains/containments/1/lift", new { because = "x" })).Problem(403, "forbidden");
        await (await app.Owner.PostAsJsonAsync("/api/domains/containments/999/lift", new { because = "x" })).Problem(404, "not-found");
        await (await app.Owner.GetAsync("/api/domains/impact?node=never/was")).Problem(404, "not-found");
    }

    private static string? SiloName(JsonElement view) => view.GetProperty("nodes").EnumerateArray().FirstOrDefault(node => node.GetProperty("kind").GetString() == "silo") is { ValueKind: JsonValueKind.Object } silo ? silo.GetProperty("name").GetString() : null;

    private static bool Happened(JsonElement view, string what, string node) => view.GetProperty("history").EnumerateArray().Any(change => (change.GetProperty("what").GetString(), change.GetProperty("node").GetString()) == (what, node));

    private static string? HitOf(JsonElement impact, string node) => impact.GetProperty("hits").EnumerateArray().Where(hit => hit.GetProperty("node").GetString() == node).Select(hit => hit.GetProperty("hit").GetString()).FirstOrDefault();

    private Task<JsonElement> Impact(string node, HttpClient? client = null) => (client ?? app.Owner).GetFromJsonAsync<JsonElement>($"/api/domains/impact?node={Uri.EscapeDataString(node)}");

    private static async Task<string?> Phase(HttpClient client, long id) => (await client.GetFromJsonAsync<JsonElement>("/api/domains")).GetProperty("containments").EnumerateArray().First(one => one.GetProperty("id").GetInt64() == id).GetProperty("phase").GetString();

    private static async Task Said(HttpClient client, long id, string what, string node)
    {
        using var answer = await client.PostAsJsonAsync($"/api/domains/containments/{id}/{what}", new { because = "it must stop", confirm = node });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Work that its worker rejects: dead at once.</summary>
    private static async Task GiveUp(HttpClient client, string queue)
    {
        using var put = await client.PostAsJsonAsync($"/api/queue/{queue}/items", new { items = Enumerable.Range(0, 5).Select(_ => new { kind = "mail", payload = new { } }) });
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        using var leased = await client.PostAsJsonAsync($"/api/queue/{queue}/lease", new { worker = "w", items = 5 });
        var results = (await leased.Json()).EnumerateArray().Select(item => new { id = item.GetProperty("id").GetInt64(), lease = item.GetProperty("lease").GetInt64(), end = "rejected", error = "it cannot be sent" }).ToArray();
        using var ended = await client.PostAsJsonAsync($"/api/queue/{queue}/finish", new { results });
        Assert.True(ended.IsSuccessStatusCode, await ended.Content.ReadAsStringAsync());
    }

    private async Task<string> AnsweredBy()
    {
        using var answer = await app.Owner.PostAsJsonAsync("/api/ask", new { text = "Where does the oak stand?" });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Json()).GetProperty("by").GetString()!;
    }

    private async Task<IReadOnlyList<string>> Audited(string what) => [.. (await app.Services.GetRequiredService<ILogStore>().Read(RunningSophia.DefaultTenant, 0, 10_000, int.MaxValue, default))
        .Where(row => row.Type == EntryType.Audit && row.Key.StartsWith(what, StringComparison.Ordinal)).Select(row => Encoding.UTF8.GetString(row.Payload.Span))];

    private async Task Ingest(string name, params (string Path, string Text)[] files)
    {
        var folder = app.FilesOf(name, files);
        using var defined = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsources:\n  - type: files\n    path: {JsonSerializer.Serialize(folder)}\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        var run = (await (await app.Owner.PostAsJsonAsync($"/api/pipelines/{name}/runs", new { })).Json()).GetProperty("runId").GetString();
        await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs/{run}"), view => view.TryGetProperty("searchableAt", out var at) && at.ValueKind == JsonValueKind.String, "searchable");
    }

    /// <summary>A model that is reached over HTTP, through the breaker of its name.</summary>
    private sealed class AskedModel(DyingEndpoint endpoint, IBreakers breakers) : IAnswerModel
    {
        private static readonly HttpClient Http = new();

        public string Name => "asked";

        public async IAsyncEnumerable<string> Answer(AnswerPrompt prompt, [EnumeratorCancellation] CancellationToken cancellation)
        {
            var entry = await breakers.OfInstallation(DomainTopology.ModelName).Enter(cancellation);
            if (entry.IsRefused)
                throw new AnswerModelException(entry.Refusal.Text);
            using var answer = await Http.GetAsync(endpoint.Url, cancellation);
            entry.Permit.Report(answer.IsSuccessStatusCode ? CallOutcome.Success : CallOutcome.Failed);
            if (!answer.IsSuccessStatusCode)
                throw new AnswerModelException("it answered 503");
            yield return await answer.Content.ReadAsStringAsync(cancellation);
        }
    }

    private sealed class DyingEndpoint : IAsyncDisposable
    {
        private WebApplication? server;

        public volatile bool IsDead;

        public Uri Url { get; private set; } = null!;

        public string Address => $"{Url.Host}:{Url.Port}";

        public async Task Start()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            server = builder.Build();
            server.MapGet("/", () => IsDead ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable) : Results.Text("Behind the mill [1]."));
            await server.StartAsync();
            Url = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        }

        public async ValueTask DisposeAsync()
        {
            if (server is not null)
                await server.DisposeAsync();
        }
    }
}
