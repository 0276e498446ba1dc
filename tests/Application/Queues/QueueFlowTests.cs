using System.Text;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Tenants;

namespace Sophia.Queues;

// Goal: a program in any language can put work in, do it and be told when a queue is full; roles and shares hold. Method: REST of the real application.
public sealed class QueueFlowTests : IClassFixture<QueueFlowTests.SmallQueues>
{
    private readonly SophiaApp app;
    private readonly SmallQueues small;

    public QueueFlowTests(SmallQueues small) => (this.small, app) = (small, small.App);

    [Fact]
    public async Task Work_of_a_program_s_own_queue_is_leased_renewed_and_ended_over_REST()
    {
        var taken = await Items("mine", new { kind = "sum", payload = new { n = 7 }, dedupKey = "once", orderKey = "k" }, new { kind = "sum", payload = new { n = 7 }, dedupKey = "once", orderKey = "k" });
        Assert.Equal(["accepted", "known"], taken.EnumerateArray().Select(answer => answer.GetProperty("state").GetString()));
        var work = Assert.Single((await Post("mine/lease", new { worker = "me", items = 5, seconds = 600 })).EnumerateArray());
        Assert.Equal(7, work.GetProperty("payload").GetProperty("n").GetInt32());
        var lease = new { id = work.GetProperty("id").GetInt64(), lease = work.GetProperty("lease").GetInt64() };
        Assert.False((await Post("others/extend", new { leases = new[] { lease } }))[0].GetBoolean());
        Assert.Equal("late", (await Post("others/finish", new { results = new[] { new { lease.id, lease.lease, end = "done" } } }))[0].GetString());
        Assert.True((await Post("mine/extend", new { leases = new[] { lease } }))[0].GetBoolean());
        var old = new { lease.id, lease = lease.lease - 1, end = "done" };
        Assert.Equal("late", (await Post("mine/finish", new { results = new[] { old } }))[0].GetString());
        Assert.Equal("done", (await Post("mine/finish", new { results = new[] { new { lease.id, lease.lease, end = "done" } } }))[0].GetString());
        var view = (await (await app.Owner.GetAsync("/api/queue")).Json()).EnumerateArray().Single(queue => queue.GetProperty("queue").GetString() == "mine");
        Assert.Equal((1, 1), (view.GetProperty("accepted").GetInt64(), view.GetProperty("done").GetInt64()));
    }

    [Fact]
    public async Task A_tenant_that_is_not_there_has_no_share_and_no_limits_and_gets_no_folder()
    {
        await (await app.Owner.PostAsJsonAsync("/api/queue/weights/nobody-here", new { weight = 3 })).Problem(404, "not-found");
        await (await app.Owner.GetAsync("/api/limits/nobody-here/api")).Problem(404, "not-found");
        Assert.False(Directory.Exists(Path.Combine(app.Folder, "data", "tenants", "nobody-here")));
        var there = await app.NewTenant();
        (await app.Owner.PostAsJsonAsync($"/api/queue/weights/{there.Name}", new { weight = 3, reason = "it pays", confirm = there.Name })).EnsureSuccessStatusCode();
    }

    // The store did what it was asked and could not say so: the key is free again, the items are in.
    [Fact]
    public async Task A_request_with_a_key_whose_answer_was_lost_puts_nothing_in_twice()
    {
        var body = new { items = new object[] { new { kind = "sum", payload = 1 }, new { kind = "sum", payload = 1 }, new { kind = "sum", payload = 2, dedupKey = "own" } } };
        small.LosesAnswers = true;
        await (await Keyed("kept/items", body)).Problem(503, "unavailable");
        small.LosesAnswers = false;
        var again = await Eventually.Get(() => Keyed("kept/items", body), answer => answer.IsSuccessStatusCode, "an answer");
        Assert.Equal(["known", "known", "known"], (await again.Json()).EnumerateArray().Select(answer => answer.GetProperty("state").GetString()));
        var view = (await (await app.Owner.GetAsync("/api/queue")).Json()).EnumerateArray().Single(queue => queue.GetProperty("queue").GetString() == "kept");
        Assert.Equal(3, view.GetProperty("accepted").GetInt64());
    }

    private async Task<HttpResponseMessage> Keyed(string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/queue/{path}") { Content = JsonContent.Create(body), Headers = { { "Idempotency-Key", "\"lost\"" } } };
        return await app.Owner.SendAsync(request);
    }

    [Theory]
    [InlineData("items", """{"items":[{"kind":"sum","payload":1},{"kind":"sum","payload":{"a":"\ud800"}}]}""", "half a character")]
    [InlineData("items", """{"items":[{"kind":"sum","payload":{"\udc00":1}}]}""", "half a character")]
    [InlineData("items", """{"items":[null]}""", "null")]
    [InlineData("finish", """{"results":[null]}""", "null")]
    [InlineData("extend", """{"leases":[null]}""", "null")]
    public async Task What_no_worker_could_be_given_is_refused_with_all_that_came_with_it(string path, string body, string said)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var problem = await (await app.Owner.PostAsync($"/api/queue/odd/{path}", content)).Problem(400, "invalid");
        Assert.Contains(said, problem.GetProperty("detail").GetString());
        Assert.DoesNotContain("\"odd\"", await app.Owner.GetStringAsync("/api/queue"));
    }

    [Fact]
    public async Task A_full_queue_is_a_429_that_says_when_to_come_again()
    {
        for (var i = 0; i < 3; i++)
            await Items("full", new { kind = "sum", payload = i });
        var answer = await app.Owner.PostAsJsonAsync("/api/queue/full/items", new { items = new[] { new { kind = "sum", payload = 4 } } });
        var problem = await answer.Problem(429, "busy");
        Assert.InRange(problem.GetProperty("retryAfter").GetInt32(), 1, 61);
        Assert.InRange((int)answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 61);
        Assert.Contains("has 3 items that are not done (SOPHIA_QUEUE depth).", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var dead = (await Post("full/lease", new { items = 2 })).EnumerateArray().Select(work => new { id = work.GetProperty("id").GetInt64(), lease = work.GetProperty("lease").GetInt64(), end = "rejected" }).ToArray();
        Assert.Equal(["dead", "dead"], (await Post("full/finish", new { results = dead })).EnumerateArray().Select(end => end.GetString()));
        problem = await (await app.Owner.PostAsJsonAsync("/api/queue/full/items", new { items = new[] { new { kind = "sum", payload = 4 } } })).Problem(429, "busy");
        Assert.Contains("2 of them dead or quarantined", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("dead --queue full", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sophia_s_own_work_is_leased_by_nobody_else_and_viewers_read_no_payload()
    {
        await (await app.Owner.PostAsJsonAsync("/api/queue/sophia/lease", new { worker = "me" })).Problem(409, "conflict");
        var id = (await Items("sophia", new { kind = "nobodys", payload = new { secret = "word" }, maxAttempts = 1 }))[0].GetProperty("id").GetInt64();
        await Eventually.Comes(async () => (await (await app.Owner.GetAsync($"/api/dead/{id}")).Json()) is var item && item.TryGetProperty("cause", out var cause) && cause.GetString() == "noHandler", "a dead letter");
        using var viewer = await app.InRole("viewer");
        Assert.DoesNotContain("word", await viewer.GetStringAsync($"/api/dead/{id}"));
        Assert.Contains("word", await app.Owner.GetStringAsync($"/api/dead/{id}"));
        await (await viewer.GetAsync("/api/dead/export")).Problem(403, "forbidden");
        var lines = (await app.Owner.GetStringAsync("/api/dead/export?queue=sophia&cause=noHandler")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Contains("word", lines.Single(line => line.GetProperty("id").GetInt64() == id).GetProperty("payload").GetString());
        Assert.Empty(await app.Owner.GetStringAsync("/api/dead/export?queue=no-such"));
        foreach (var path in (string[])["/api/dead/revive", "/api/dead/purge", "/api/dead/quarantine", "/api/dead/replay", "/api/dead/replay/stop", "/api/queue/hold", "/api/queue/let-go", "/api/queue/mine/items", "/api/queue/mine/lease"])
            await (await viewer.PostAsJsonAsync(path, new { })).Problem(403, "forbidden");
        Assert.Equal("quarantined", (await (await app.Owner.PostAsJsonAsync("/api/dead/quarantine", new { ids = new[] { id }, reason = "to look at it", confirm = "1" })).Json())[0].GetProperty("state").GetString());
        Assert.Equal("done", (await (await app.Owner.PostAsJsonAsync("/api/dead/purge", new { ids = new[] { id }, reason = "not needed", confirm = "1" })).Json())[0].GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_tenant_s_share_is_said_by_the_owner_of_the_installation_alone()
    {
        var (name, _, client) = await app.NewTenant();
        await (await client.PostAsJsonAsync($"/api/queue/weights/{name}", new { weight = 9 })).Problem(403, "forbidden");
        await (await client.GetAsync("/api/queue/fairness")).Problem(403, "forbidden");
        var view = await (await app.Owner.PostAsJsonAsync($"/api/queue/weights/{name}", new { weight = 9, reason = "it pays", confirm = name })).Json();
        Assert.Equal(9, view[0].GetProperty("weight").GetInt32());
        // Each worker tells of itself, once the application has started.
        var fairness = await Eventually.Get(async () => await (await app.Owner.GetAsync("/api/queue/fairness")).Json(), static seen => seen.EnumerateArray().All(queue => queue.GetProperty("workers").GetInt32() >= 1), "workers of each queue");
        Assert.Equal(["sophia", "sophia-runs"], fairness.EnumerateArray().Select(queue => queue.GetProperty("queue").GetString()));
    }

    private Task<JsonElement> Items(string queue, params object[] items) => Post($"{queue}/items", new { items });

    private async Task<JsonElement> Post(string path, object body)
    {
        var answer = await app.Owner.PostAsJsonAsync($"/api/queue/{path}", body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Json();
    }

    /// <summary>The application with queues of three items, but for Sophia's own.</summary>
    public sealed class SmallQueues : IAsyncLifetime
    {
        public SophiaApp App { get; } = new();

        /// <summary>Whether the store takes items in and then fails to say so.</summary>
        public bool LosesAnswers { get; set; }

        public Task InitializeAsync()
        {
            App.Adapt = builder =>
            {
                var real = builder.Services.Last(service => service.ServiceType == typeof(IQueueStore)).ImplementationType!;
                builder.Services.Configure<QueueOptions>(options => options.MaxDepth = 3);
                builder.Services.AddSingleton(provider =>
                {
                    var store = (IQueueStore)ActivatorUtilities.CreateInstance(provider, real);
                    return HookedQueueStore.Over(store, (_, _) => null, after: method => LosesAnswers && method == nameof(IQueueStore.Enqueue));
                });
            };
            return App.InitializeAsync();
        }

        public Task DisposeAsync() => App.DisposeAsync();
    }
}
