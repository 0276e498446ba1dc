using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: whoever gets an alert, which names no tenant, is told whom it is about. Method: a tenant with one of every trouble, which the watch finds; asked by operators of the installation and by everybody else.
public sealed class TroubleTests : IAsyncLifetime
{
    private readonly SophiaApp app = new()
    {
        Adapt = static builder =>
        {
            builder.Services.AddFailureDomains(static domains => domains.LookEvery = TimeSpan.FromMilliseconds(100));
            builder.Services.AddLimits(static limits =>
            {
                limits.Penalties = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromMilliseconds(200), FirstBan = TimeSpan.FromMinutes(10) };
                limits.Policies.Add(new() { Name = "streams", Per = LimitPer.Key, Routes = ["GET /api/streams"], Algorithm = LimitAlgorithm.SlidingWindow, Limit = 1, Window = TimeSpan.FromHours(10), Exact = true });
            });
        },
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Every_trouble_of_a_tenant_is_named_with_whose_it_is_and_goes_when_it_is_over()
    {
        var (name, _, owner) = await app.NewTenant();
        await Eventually.Get(() => owner.GetAsync("/api/streams"), answer => answer.Headers.RetryAfter?.Delta > TimeSpan.FromMinutes(1) && !answer.Headers.Contains("RateLimit"), "a ban");
        var breaker = app.Services.GetRequiredService<IBreakers>().For(TenantId.Parse(name), "troubled");
        for (var entry = await breaker.Enter(default); !entry.IsRefused; entry = breaker.TryEnter())
            entry.Permit.Report(CallOutcome.Failed);
        await Dead(owner);
        await Good(owner.PostAsJsonAsync("/api/queue/hold", new { queue = "jobs", reason = "it floods", confirm = "jobs" }));
        await Good(owner.PostAsJsonAsync("/api/degradation/hold", new { level = "partial", because = "planned work", confirm = name }));
        using var operating = await app.InRole("operator");
        var lines = await Eventually.Get(() => Lines(operating, name), lines => lines.Count == 5, "all of it");
        Assert.Equal(["banned", "breakerOpen", "deadWork", "levelHeld", "queueHeld"], lines.Keys.Order(StringComparer.Ordinal));
        Assert.StartsWith("key:", lines["banned"].GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.Equal(("troubled", "jobs", "jobs", 1), (lines["breakerOpen"].GetProperty("name").GetString(), lines["deadWork"].GetProperty("name").GetString(), lines["queueHeld"].GetProperty("name").GetString(), lines["deadWork"].GetProperty("count").GetInt32()));
        Assert.Contains("planned work", lines["levelHeld"].GetProperty("because").GetString(), StringComparison.Ordinal);
        Assert.True(lines["deadWork"].TryGetProperty("since", out _));

        await Good(owner.PostAsJsonAsync("/api/queue/let-go", new { queue = "jobs", reason = "done", confirm = "jobs" }));
        await Good(owner.PostAsJsonAsync("/api/degradation/release", new { because = "done", confirm = name }));
        await Eventually.Get(() => Lines(operating, name), lines => !lines.ContainsKey("queueHeld") && !lines.ContainsKey("levelHeld"), "what is over is gone");
    }

    [Fact]
    public async Task Trouble_that_was_there_before_a_restart_is_found_though_nobody_uses_the_tenant()
    {
        var (name, _, owner) = await app.NewTenant();
        await Dead(owner);
        await app.Restart();
        await Eventually.Get(() => Lines(app.Owner, name), lines => lines.ContainsKey("deadWork"), "dead work of a tenant that nobody uses");
    }

    [Fact]
    public async Task Nobody_else_is_told_who_is_in_trouble()
    {
        var (_, _, other) = await app.NewTenant();
        using var viewing = await app.InRole("viewer");
        foreach (var client in (HttpClient[])[other, viewing])
            foreach (var path in (string[])["/api/trouble", "/trouble", "/pages/trouble"])
                Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Stranger.GetAsync("/api/trouble")).StatusCode);
        Assert.DoesNotContain("/trouble", await other.GetStringAsync("/queues"), StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, JsonElement>> Lines(HttpClient client, string owner) => (await client.GetFromJsonAsync<JsonElement>("/api/trouble")).GetProperty("lines").EnumerateArray()
        .Where(line => line.GetProperty("owner").GetString() == owner).Select(line => line.GetProperty("what")).ToDictionary(what => what.GetProperty("kind").GetString()!);

    private static async Task Dead(HttpClient owner)
    {
        await Good(owner.PostAsJsonAsync("/api/queue/jobs/items", new { items = new[] { new { kind = "bill", payload = new { } } } }));
        var leased = (await (await owner.PostAsJsonAsync("/api/queue/jobs/lease", new { worker = "w", items = 1, seconds = 60 })).Json())[0];
        await Good(owner.PostAsJsonAsync("/api/queue/jobs/finish", new { results = new[] { new { id = leased.GetProperty("id").GetInt64(), lease = leased.GetProperty("lease").GetInt64(), end = "rejected", error = "it never can" } } }));
    }

    private static async Task Good(Task<HttpResponseMessage> asked)
    {
        using var answer = await asked;
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
