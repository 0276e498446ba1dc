using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: limits of every kind at the edge, what becomes of who asks on, and an operator's hand on it. Method: the real application with narrow limits on addresses that the test alone asks, so slow that nothing comes back within it.
public sealed class LimitFlowTests : IAsyncLifetime
{
    private readonly SophiaApp app = new()
    {
        Adapt = static builder => builder.Services.AddLimits(limits =>
        {
            limits.Penalties = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromMilliseconds(200), FirstBan = TimeSpan.FromMinutes(10) };
            limits.Policies.AddRange(
            [
                new() { Name = "pipelines", Per = LimitPer.Key, Routes = ["GET /api/pipelines"], Algorithm = LimitAlgorithm.SlidingWindow, Limit = 3, Window = TimeSpan.FromHours(10), Exact = true },
                new() { Name = "streams", Per = LimitPer.Route, Routes = ["/api/streams"], Algorithm = LimitAlgorithm.SlidingWindow, Limit = 2, Window = TimeSpan.FromHours(10), Exact = true },
                new() { Name = "search", Per = LimitPer.Tenant, Routes = ["/api/search"], Algorithm = LimitAlgorithm.Concurrency, Limit = 50 },
                new() { Name = "search-slow", Per = LimitPer.Installation, Routes = ["/api/search"], Algorithm = LimitAlgorithm.Gradient2, Limit = 20 },
                new() { Name = "bucket", Resource = "test", Limit = 100, Burst = 300 },
                new() { Name = "minutes", Resource = "minutes", Algorithm = LimitAlgorithm.SlidingWindow, Limit = 300, Window = TimeSpan.FromMinutes(1) },
                new() { Name = "address", Per = LimitPer.Address, Routes = ["/api/quarantine"], Limit = 0.001, Burst = 1, Window = TimeSpan.FromHours(1) },
            ]);
        }),
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Whoever_asks_on_is_banned_with_a_reason_stays_so_over_a_restart_and_is_released_by_an_operator()
    {
        var (name, key, owner) = await app.NewTenant();
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync("/api/pipelines")).StatusCode);
        var first = await (await owner.GetAsync("/api/pipelines")).Problem(429, "quota-exceeded");
        Assert.Equal("pipelines", first.GetProperty("violated-policies")[0].GetString());
        var banned = await Eventually.Get(() => owner.GetAsync("/api/pipelines"), answer => answer.Headers.RetryAfter?.Delta > TimeSpan.FromMinutes(1) && !answer.Headers.Contains("RateLimit"), "a ban");
        var problem = await banned.Problem(429, "abnormal-usage-detected");
        Assert.Equal("https://iana.org/assignments/http-problem-types#abnormal-usage-detected", problem.GetProperty("type").GetString());
        Assert.Contains("This API key is banned for a while", problem.GetProperty("detail").GetString());
        Assert.InRange(problem.GetProperty("retryAfter").GetInt32(), 60, 600);

        // Only what the limit is for is closed; another tenant's key is not concerned.
        var status = await owner.GetFromJsonAsync<JsonElement>("/api/limits");
        var offender = Assert.Single(status.GetProperty("own").GetProperty("offenders").EnumerateArray());
        Assert.True(offender.GetProperty("isBanned").GetBoolean());
        Assert.Equal("ban", status.GetProperty("own").GetProperty("history")[0].GetProperty("what").GetString());
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/pipelines")).StatusCode);
        var dry = await (await owner.PostAsJsonAsync("/api/limits/test", new { route = "GET /api/pipelines" })).Json();
        Assert.False(dry.GetProperty("admitted").GetBoolean());
        Assert.Contains("banned", dry.GetProperty("penalty").GetString());

        await app.Stop();
        await app.Start();
        using var again = app.With(key);
        await Eventually.Get(() => again.GetAsync("/api/pipelines"), answer => answer.Headers.RetryAfter?.Delta > TimeSpan.FromMinutes(1), "the ban, after a restart");
        var who = offender.GetProperty("of").GetString();
        var (_, _, stranger) = await app.NewTenant();
        await (await stranger.PostAsJsonAsync($"/api/limits/{name}/release", new { of = who, reason = "it is mine", confirm = who })).Problem(404, "not-found");
        await (await app.Owner.PostAsJsonAsync($"/api/limits/{name}/release", new { of = who, reason = "it is mended", confirm = "key:another" })).Problem(400, "invalid");
        var released = await (await app.Owner.PostAsJsonAsync($"/api/limits/{name}/release", new { of = who, reason = "it is mended", confirm = who })).Json();
        Assert.Equal(("release", "it is mended"), (released.GetProperty("history")[0].GetProperty("what").GetString(), released.GetProperty("history")[0].GetProperty("because").GetString()));
        await Eventually.Get(() => again.GetAsync("/api/pipelines"), answer => answer.Headers.Contains("RateLimit"), "the limit alone");
    }

    [Fact]
    public async Task An_address_that_asks_on_waits_whoever_it_says_that_it_is_and_only_operators_of_the_installation_see_it()
    {
        var (_, _, other) = await app.NewTenant();
        await Eventually.Get(() => app.Stranger.GetAsync("/api/quarantine"), answer => answer.StatusCode == HttpStatusCode.TooManyRequests, "a refusal of a stranger");
        await Eventually.Get(() => other.GetAsync("/api/quarantine"), answer => answer.Headers.RetryAfter?.Delta > TimeSpan.FromMinutes(1) && !answer.Headers.Contains("RateLimit"), "a ban of the address");
        var system = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/limits")).GetProperty("system");
        var who = system.GetProperty("offenders")[0].GetProperty("of").GetString()!;
        Assert.StartsWith("address:", who, StringComparison.Ordinal);
        Assert.False((await other.GetFromJsonAsync<JsonElement>("/api/limits")).TryGetProperty("system", out _));
        Assert.True((await app.Owner.PostAsJsonAsync("/api/limits/system/release", new { of = who, reason = "it is ours", confirm = who })).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Each_route_counts_by_itself_and_terms_that_an_operator_sets_count_until_they_are_reset()
    {
        var (name, _, owner) = await app.NewTenant();
        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync("/api/streams")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await owner.GetAsync("/api/streams")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/streams")).StatusCode);
        await (await owner.PostAsJsonAsync($"/api/limits/{name}/streams/set", new { limit = 5, reason = "more", confirm = "streams" })).Problem(403, "forbidden");
        await (await app.Owner.PostAsJsonAsync($"/api/limits/{name}/streams/set", new { limit = -5, reason = "more", confirm = "streams" })).Problem(400, "invalid");
        await (await app.Owner.PostAsJsonAsync("/api/limits/t-nobody/streams/set", new { limit = 5, reason = "more", confirm = "streams" })).Problem(404, "not-found");
        var nobody = await (await app.Owner.PostAsJsonAsync("/api/limits/t-nobody/release", new { of = "key:k", reason = "it is mended", confirm = "key:k" })).Problem(404, "not-found");
        Assert.Equal("There is no such tenant.", nobody.GetProperty("detail").GetString());
        await (await app.Owner.PostAsJsonAsync("/api/limits/t-nobody/streams/reset", new { reason = "as ever", confirm = "streams" })).Problem(404, "not-found");
        await (await app.Owner.GetAsync("/api/limits/t-nobody/streams")).Problem(404, "not-found");
        await (await app.Owner.PostAsJsonAsync($"/api/limits/{name}/streams/set", new { limit = 5, reason = "it needs more", confirm = "streams" })).Json();
        // Who asked instead of looking would be banned.
        await Eventually.Comes(async () => (await (await owner.PostAsJsonAsync("/api/limits/test", new { route = "GET /api/streams" })).Json()).GetProperty("admitted").GetBoolean(), "more");
        Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync("/api/streams")).StatusCode);
        var line = await owner.GetFromJsonAsync<JsonElement>($"/api/limits/{name}/streams");
        Assert.Equal(("5 within any 10 h, counted exactly", "it needs more"), (line.GetProperty("rule").GetString(), line.GetProperty("set").GetProperty("because").GetString()));
        Assert.True((await app.Owner.PostAsJsonAsync($"/api/limits/{name}/streams/reset", new { reason = "as ever", confirm = "streams" })).IsSuccessStatusCode);
        await Eventually.Get(() => owner.GetAsync("/api/streams"), answer => answer.StatusCode == HttpStatusCode.TooManyRequests, "as configured");
        // What was done to a tenant stands in its own audit, whoever did it, and in no other's.
        foreach (var what in (string[])["limit-set", "limit-reset"])
            Assert.Equal((1, 0), (await Audited(TenantId.Parse(name), what), await Audited(RunningSophia.DefaultTenant, what)));

        async Task<int> Audited(TenantId tenant, string what) => (await app.Services.GetRequiredService<ILogStore>().Read(tenant, 0, 10_000, int.MaxValue, default)).Count(row => row.Type == EntryType.Audit && row.Key.StartsWith(what, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("test")]
    [InlineData("minutes")]
    public async Task A_divided_limit_is_there_whole_at_once_after_a_restart(string resource)
    {
        await Taken(100);
        await app.Stop();
        await app.Start();
        await Taken(200);

        // Where nothing were given before old leases ended, it would be a hundredth for 20 s, of a window of a minute for 86 s.
        Task Taken(int cost) => Eventually.Comes(async () => (await (await app.Owner.PostAsJsonAsync("/api/limits/take", new { resource, cost })).Json()).GetProperty("admitted").GetBoolean(), $"{cost} of {resource}", TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task What_is_not_said_of_a_limits_terms_stays_as_it_was()
    {
        var (name, _, _) = await app.NewTenant();
        Assert.Equal("150 flow in every 1 s, 300 at once", await Set("bucket", new { limit = 150, reason = "more", confirm = "bucket" }));
        Assert.Equal("150 flow in every 1 min, 40 at once", await Set("bucket", new { limit = 150, windowSeconds = 60, burst = 40, reason = "less", confirm = "bucket" }));
        Assert.Equal("90 flow in every 1 min, 40 at once", await Set("bucket", new { limit = 90, reason = "still less", confirm = "bucket" }));
        Assert.Equal("90 flow in every 1 min, 50 at once", await Set("bucket", new { limit = 90, burst = 50, reason = "all at once", confirm = "bucket" }));
        Assert.Equal("7 within any 10 h, counted exactly", await Set("streams", new { limit = 7, reason = "more", confirm = "streams" }));
        foreach (var (limit, wrong, said) in ((string, object, string)[])[("streams", new { limit = 7, burst = 9, reason = "more", confirm = "streams" }, "no burst"), ("search", new { limit = 7, windowSeconds = 9, reason = "more", confirm = "search" }, "no window")])
            Assert.Contains(said, (await (await app.Owner.PostAsJsonAsync($"/api/limits/{name}/{limit}/set", wrong)).Problem(400, "invalid")).GetProperty("detail").GetString());

        async Task<string?> Set(string limit, object terms)
        {
            await (await app.Owner.PostAsJsonAsync($"/api/limits/{name}/{limit}/set", terms)).Json();
            return (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/limits/{name}/{limit}")).GetProperty("rule").GetString();
        }
    }

    [Fact]
    public async Task Places_are_told_and_come_back_with_each_answer_and_the_adaptive_limit_of_search_follows_what_it_takes()
    {
        for (var i = 0; i < 100; i++)
        {
            using var answer = await app.Owner.GetAsync("/api/search?q=boat");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("\"search\";q=50;qu=\"concurrent-requests\"", answer.Headers.GetValues("RateLimit-Policy").Single());
        }
        var shown = await Eventually.Get(async () =>
        {
            await app.Owner.GetAsync("/api/search?q=boat");
            return (await app.Owner.GetFromJsonAsync<JsonElement>("/api/limits/system/search-slow")).GetProperty("adaptive");
        }, static now => now.TryGetProperty("latencyMilliseconds", out _), "a window of calls");
        Assert.Equal((20, 200, 0), (shown.GetProperty("minLimit").GetInt32(), shown.GetProperty("maxLimit").GetInt32(), shown.GetProperty("underWay").GetInt32()));
        Assert.InRange(shown.GetProperty("limit").GetInt32(), 20, 200);
        Assert.True(shown.GetProperty("latencyMilliseconds").GetDouble() > 0 && shown.GetProperty("floorMilliseconds").GetDouble() > 0);
        Assert.Contains("in the long run", await app.Owner.GetStringAsync("/limits"));
        Assert.False((await app.Owner.GetFromJsonAsync<JsonElement>("/api/limits/default/search")).TryGetProperty("adaptive", out _));
        var limits = app.Services.GetRequiredService<ILimits>();
        var slow = limits.For(TenantId.Parse("default"), "search-slow")!;
        Assert.Equal(slow.Terms.Limit, (await slow.Look()).Remaining);
        // What is dropped below shrinks it to its least, and who then comes is told that there is no room.
        List<LimitAnswer> taken = [];
        for (var answer = await slow.Ask(); answer.IsAdmitted; answer = await slow.Ask())
            taken.Add(answer);
        var refused = await app.Owner.GetAsync("/api/search?q=boat");
        var problem = await refused.Problem(503, "temporary-reduced-capacity");
        Assert.Equal("search-slow", problem.GetProperty("violated-policies")[0].GetString());
        taken.ForEach(_ => slow.Ended(1, TimeSpan.FromMilliseconds(50), dropped: false));
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/search?q=boat")).StatusCode);
    }
}
