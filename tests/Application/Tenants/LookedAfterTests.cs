using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Resilience;

namespace Sophia.Tenants;

// Goal: who looks after the installation finds and mends what is wrong with any tenant; nobody else does, and what stands in a tenant's work stays its own.
// Method: a tenant with a banned key, an open breaker and dead work, looked at by operators of the system's tenant, by a viewer of it, and by another tenant's owner.
public sealed class LookedAfterTests : IAsyncLifetime
{
    private const string Secret = "zqx-account-number";

    private readonly SophiaApp app = new()
    {
        Adapt = static builder => builder.Services.AddLimits(static limits =>
        {
            limits.Penalties = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromMilliseconds(200), FirstBan = TimeSpan.FromMinutes(10) };
            limits.Policies.Add(new() { Name = "streams", Per = LimitPer.Key, Routes = ["GET /api/streams"], Algorithm = LimitAlgorithm.SlidingWindow, Limit = 1, Window = TimeSpan.FromHours(10), Exact = true });
        }),
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Theory]
    [InlineData("/api/limits")]
    [InlineData("/api/breakers")]
    [InlineData("/api/policies")]
    [InlineData("/api/queue")]
    [InlineData("/api/dead")]
    [InlineData("/api/degradation")]
    [InlineData("/limits")]
    [InlineData("/breakers")]
    [InlineData("/queues")]
    [InlineData("/degradation")]
    [InlineData("/pages/limits")]
    [InlineData("/pages/breakers")]
    [InlineData("/pages/queues")]
    [InlineData("/pages/degradation")]
    public async Task Another_tenant_is_named_by_operators_of_the_installation_alone(string path)
    {
        var (name, _, owner) = await app.NewTenant();
        var (_, _, stranger) = await app.NewTenant();
        using var operating = await app.InRole("operator");
        using var viewing = await app.InRole("viewer");
        Assert.Equal(HttpStatusCode.OK, (await operating.GetAsync($"{path}?tenant={name}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await operating.GetAsync($"{path}?tenant=t-nobody")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await operating.GetAsync($"{path}?tenant=system")).StatusCode);
        foreach (var other in (HttpClient[])[stranger, viewing])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await other.GetAsync($"{path}?tenant={name}")).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await other.GetAsync($"{path}?tenant=t-nobody")).StatusCode);
        }
        Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync($"{path}?tenant={name}")).StatusCode);
    }

    [Fact]
    public async Task A_banned_key_of_a_tenant_is_found_tried_and_released()
    {
        var (name, _, owner) = await app.NewTenant();
        await Eventually.Get(() => owner.GetAsync("/api/streams"), answer => answer.Headers.RetryAfter?.Delta > TimeSpan.FromMinutes(1) && !answer.Headers.Contains("RateLimit"), "a ban");
        using var operating = await app.InRole("operator");
        var status = await operating.GetFromJsonAsync<JsonElement>($"/api/limits?tenant={name}");
        Assert.Equal(name, status.GetProperty("own").GetProperty("of").GetString());
        var who = Assert.Single(status.GetProperty("own").GetProperty("offenders").EnumerateArray()).GetProperty("of").GetString()!;
        var asked = new { route = "GET /api/streams", key = who["key:".Length..] };
        Assert.Contains("banned", (await (await operating.PostAsJsonAsync($"/api/limits/test?tenant={name}", asked)).Json()).GetProperty("penalty").GetString());
        Assert.True((await operating.PostAsJsonAsync($"/api/limits/{name}/release", new { of = who, reason = "mended", confirm = who })).IsSuccessStatusCode);
        await Eventually.Comes(async () => !(await (await operating.PostAsJsonAsync($"/api/limits/test?tenant={name}", asked)).Json()).TryGetProperty("penalty", out _), "nothing speaks against it");
    }

    [Fact]
    public async Task A_tenant_s_breaker_is_shown_and_reset_and_its_audit_says_by_whom()
    {
        var (name, _, owner) = await app.NewTenant();
        var breaker = app.Services.GetRequiredService<IBreakers>().For(TenantId.Parse(name), "looked-at");
        for (var entry = await breaker.Enter(default); !entry.IsRefused; entry = breaker.TryEnter())
            entry.Permit.Report(CallOutcome.Failed);
        using var operating = await app.InRole("operator");
        await Eventually.Get(() => operating.GetFromJsonAsync<JsonElement>($"/api/breakers?tenant={name}"), views => views.EnumerateArray().Any(view => view.GetProperty("owner").GetString() == name && view.GetProperty("phase").GetString() == "open"), "open");
        Assert.DoesNotContain(name, await operating.GetStringAsync("/api/breakers"), StringComparison.Ordinal);
        var (_, _, stranger) = await app.NewTenant();
        await (await stranger.PostAsJsonAsync($"/api/breakers/{name}/looked-at/reset", new { reason = "mine", confirm = "looked-at" })).Problem(404, "not-found");
        var reset = await operating.PostAsJsonAsync($"/api/breakers/{name}/looked-at/reset", new { reason = "repaired", confirm = "looked-at" });
        Assert.Equal("closed", (await reset.Json()).GetProperty("phase").GetString());
        Assert.Contains("repaired", await Audit(name), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync($"/api/breakers/{name}/looked-at")).StatusCode);
    }

    [Fact]
    public async Task A_tenant_s_dead_work_is_found_and_brought_back_and_nobody_else_reads_what_stands_in_it()
    {
        var (name, _, owner) = await app.NewTenant();
        var id = await Dead(owner);
        using var operating = await app.InRole("operator");
        var listed = await operating.GetStringAsync($"/api/dead?tenant={name}");
        Assert.Contains("never", listed, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, listed + await operating.GetStringAsync($"/api/dead/{id}?tenant={name}") + await operating.GetStringAsync($"/queues?tenant={name}"), StringComparison.Ordinal);
        Assert.Contains(Secret, await owner.GetStringAsync($"/api/dead/{id}"), StringComparison.Ordinal);
        // What stands in it is read and mended by its own operators alone.
        await (await operating.GetAsync($"/api/dead/export?tenant={name}")).Problem(400, "invalid");
        await (await operating.PutAsync($"/api/dead/{id}?tenant={name}", new StringContent("{}", Encoding.UTF8, "application/json"))).Problem(400, "invalid");

        var (_, _, stranger) = await app.NewTenant();
        await (await stranger.PostAsJsonAsync($"/api/dead/revive?tenant={name}", new { ids = new[] { id }, reason = "mine", confirm = "1" })).Problem(403, "forbidden");
        var dry = await (await operating.PostAsJsonAsync($"/api/dead/replay?tenant={name}", new { queue = "jobs", dryRun = true })).Json();
        Assert.Equal(1, dry.GetProperty("taken").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await operating.GetAsync("/api/dead/replay")).StatusCode);
        var revived = await (await operating.PostAsJsonAsync($"/api/dead/revive?tenant={name}", new { ids = new[] { id }, reason = "it is back", confirm = "1" })).Json();
        Assert.True(revived[0].GetProperty("changed").GetBoolean());
        Assert.Contains("\"pending\":1", await owner.GetStringAsync("/api/queue"), StringComparison.Ordinal);
        Assert.Contains("\"by\":\"default ", await Audit(name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_s_queue_is_held_and_let_go_and_one_s_own_of_the_same_name_goes_on()
    {
        var (name, _, owner) = await app.NewTenant();
        await Put(owner);
        await Put(app.Owner);
        using var operating = await app.InRole("operator");
        await (await operating.PostAsJsonAsync($"/api/queue/hold?tenant={name}", new { queue = "jbos", reason = "it floods", confirm = "jbos" })).Problem(404, "not-found");
        Assert.True((await operating.PostAsJsonAsync($"/api/queue/hold?tenant={name}", new { queue = "jobs", reason = "it floods", confirm = "jobs" })).IsSuccessStatusCode);
        Assert.Contains("it floods", await owner.GetStringAsync("/api/queue"), StringComparison.Ordinal);
        Assert.DoesNotContain("it floods", await app.Owner.GetStringAsync("/api/queue"), StringComparison.Ordinal);
        Assert.True((await operating.PostAsJsonAsync($"/api/queue/let-go?tenant={name}", new { queue = "jobs", reason = "done", confirm = "jobs" })).IsSuccessStatusCode);
        Assert.DoesNotContain("it floods", await owner.GetStringAsync("/api/queue"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_s_level_is_held_and_released_and_one_s_own_stays()
    {
        var (name, _, owner) = await app.NewTenant();
        using var operating = await app.InRole("operator");
        await (await operating.PostAsJsonAsync($"/api/degradation/hold?tenant={name}", new { level = "partial", because = "both", system = true, confirm = "system" })).Problem(400, "invalid");
        var held = await (await operating.PostAsJsonAsync($"/api/degradation/hold?tenant={name}", new { level = "partial", because = "planned work", confirm = name })).Json();
        Assert.Equal(("partial", name), (held.GetProperty("level").GetString(), held.GetProperty("own").GetProperty("of").GetString()));
        Assert.Equal("full", (await app.Owner.GetFromJsonAsync<JsonElement>("/api/degradation")).GetProperty("level").GetString());
        Assert.Equal("partial", (await owner.GetFromJsonAsync<JsonElement>("/api/degradation")).GetProperty("level").GetString());
        Assert.Contains("planned work", await Audit(name), StringComparison.Ordinal);
        Assert.Equal("full", (await (await operating.PostAsJsonAsync($"/api/degradation/release?tenant={name}", new { because = "done", confirm = name })).Json()).GetProperty("level").GetString());
    }

    private static async Task Put(HttpClient owner) =>
        Assert.True((await owner.PostAsJsonAsync("/api/queue/jobs/items", new { items = new[] { new { kind = "bill", payload = new { account = Secret } } } })).IsSuccessStatusCode);

    /// <returns>The item's number.</returns>
    private static async Task<long> Dead(HttpClient owner)
    {
        await Put(owner);
        var leased = (await (await owner.PostAsJsonAsync("/api/queue/jobs/lease", new { worker = "w", items = 1, seconds = 60 })).Json())[0];
        var (id, lease) = (leased.GetProperty("id").GetInt64(), leased.GetProperty("lease").GetInt64());
        Assert.True((await owner.PostAsJsonAsync("/api/queue/jobs/finish", new { results = new[] { new { id, lease, end = "rejected", error = "it never can" } } })).IsSuccessStatusCode);
        return id;
    }

    private async Task<string> Audit(string tenant) => string.Join('\n', (await app.Services.GetRequiredService<ILogStore>().Read(TenantId.Parse(tenant), 0, 10_000, int.MaxValue, default))
        .Where(row => row.Type == EntryType.Audit).Select(row => Encoding.UTF8.GetString(row.Payload.Span)));
}
