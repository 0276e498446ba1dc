using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Hosting;

namespace Sophia.Resilience;

// Goal: a program that is no part of Sophia uses limits, breakers and claims by REST alone, and reaches nothing of another tenant or of Sophia's own. Method: the real application, asked as such a program asks it.
public sealed class KitFlowTests : IAsyncLifetime
{
    private readonly SophiaApp app = new()
    {
        Adapt = static builder => builder.Services.AddLimits(limits => limits.Policies.AddRange(
        [
            new() { Name = "mails", Resource = "mails", Per = LimitPer.Key, Algorithm = LimitAlgorithm.SlidingWindow, Limit = 3, Window = TimeSpan.FromHours(10), Exact = true },
            new() { Name = "mails-all", Resource = "mails", Per = LimitPer.Tenant, Algorithm = LimitAlgorithm.FixedWindow, Limit = 4, Window = TimeSpan.FromHours(10), Exact = true },
            new() { Name = "calls", Resource = "calls", Per = LimitPer.Key, Algorithm = LimitAlgorithm.SlidingWindow, Limit = 3, Window = TimeSpan.FromHours(10), Exact = true },
            new() { Name = "calls-abroad", Resource = "calls", Routes = ["/abroad"], Limit = 100 },
            new() { Name = "letters", Resource = "letters", Per = LimitPer.Route, Limit = 100 },
            new() { Name = "parcels", Resource = "parcels", Per = LimitPer.KeyAndRoute, Limit = 100 },
            new() { Name = "visits", Resource = "visits", Per = LimitPer.Address, Limit = 100 },
            new() { Name = "printers", Resource = "printers", Per = LimitPer.Tenant, Algorithm = LimitAlgorithm.Concurrency, Limit = 2 },
        ])),
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_program_takes_from_limits_of_its_own_resource_for_whom_it_names()
    {
        var (_, _, owner) = await app.NewTenant();
        Assert.Equal((true, 1), Taken(await Take(owner, new { resource = "mails", key = "ann", cost = 2 })));
        var refused = await Take(owner, new { resource = "mails", key = "ann", cost = 2 });
        Assert.Equal((false, "mails"), (refused.GetProperty("admitted").GetBoolean(), refused.GetProperty("refusedBy").GetString()));
        Assert.InRange(refused.GetProperty("said").EnumerateArray().Last().GetProperty("retryAfterSeconds").GetDouble(), 1, 36_000 * 1.01);
        Assert.Equal((true, 1), Taken(await Take(owner, new { resource = "mails", key = "ben", cost = 2 })));
        // All four of the tenant are taken; what was refused was charged to nobody, and another tenant has its own.
        Assert.Equal("mails-all", (await Take(owner, new { resource = "mails", key = "cyd" })).GetProperty("refusedBy").GetString());
        var (_, _, other) = await app.NewTenant();
        Assert.Equal((true, 2), Taken(await Take(other, new { resource = "mails", key = "ann" })));

        Assert.Contains("\"api\"", await Refused(owner, "/api/limits/take", new { resource = "api" }, 400));
        Assert.Contains("No limit is configured for the resource \"post\"", await Refused(owner, "/api/limits/take", new { resource = "post" }, 404));
        Assert.Contains("under way at once", await Refused(owner, "/api/limits/take", new { resource = "printers" }, 409));
        foreach (var wrong in (object[])[new { }, new { resource = "" }, new { resource = "mails", cost = 0 }, new { resource = "mails", key = new string('k', 201) }])
            await Refused(owner, "/api/limits/take", wrong, 400);
        using var viewer = await app.InRole("viewer");
        await Refused(viewer, "/api/limits/take", new { resource = "mails" }, 403);

        static (bool, long) Taken(JsonElement decision) => (decision.GetProperty("admitted").GetBoolean(), decision.GetProperty("said")[0].GetProperty("remaining").GetInt64());
    }

    [Fact]
    public async Task What_a_limit_counts_by_must_be_said_for_nothing_is_admitted_unasked()
    {
        var (_, _, owner) = await app.NewTenant();
        foreach (var path in (string[])["/api/limits/take", "/api/limits/test"])
        {
            foreach (var (resource, limit) in ((string, string)[])[("calls", "calls-abroad"), ("letters", "letters"), ("parcels", "parcels")])
                Assert.Contains($"\"{limit}\" goes by the route", await Refused(owner, path, new { resource }, 400));
            Assert.Contains("\"visits\" counts by the address", await Refused(owner, path, new { resource = "visits", route = "/near" }, 400));
            Assert.Equal("letters", (await Post(owner, path, new { resource = "letters", route = "near" })).GetProperty("said")[0].GetProperty("limit").GetString());
            // It is not for this route, and the other one is.
            Assert.Equal("calls", Assert.Single((await Post(owner, path, new { resource = "calls", route = "/near" })).GetProperty("said").EnumerateArray()).GetProperty("limit").GetString());
        }
    }

    [Fact]
    public async Task A_program_s_breaker_opens_by_what_it_reports_and_is_its_tenant_s_alone()
    {
        var (name, _, owner) = await app.NewTenant();
        var at = $"/api/breakers/{name}/app-crm";
        var first = await Post(owner, $"{at}/enter", new { });
        Assert.True(first.GetProperty("admitted").GetBoolean());
        var permit = first.GetProperty("permit").GetString();
        Assert.False((await Post(owner, $"/api/breakers/{name}/app-erp/report", new { permit, outcome = "failed" })).GetProperty("counted").GetBoolean());
        Assert.True((await Post(owner, $"{at}/report", new { permit, outcome = "success", tookMs = 12 })).GetProperty("counted").GetBoolean());
        Assert.False((await Post(owner, $"{at}/report", new { permit, outcome = "failed" })).GetProperty("counted").GetBoolean());
        JsonElement entry;
        for (entry = await Post(owner, $"{at}/enter", new { }); entry.GetProperty("admitted").GetBoolean(); entry = await Post(owner, $"{at}/enter", new { }))
            await Post(owner, $"{at}/report", new { permit = entry.GetProperty("permit").GetString(), outcome = "timedOut" });
        Assert.Contains(entry.GetProperty("reason").GetString(), (string[])["open", "openHere"]);
        Assert.Contains("app-crm is not asked", entry.GetProperty("because").GetString());
        Assert.True(entry.GetProperty("retryAt").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddMinutes(-1));
        var seen = await Eventually.Get(() => owner.GetFromJsonAsync<JsonElement>("/api/breakers"), views => views.EnumerateArray().Any(view => view.GetProperty("phase").GetString() == "open"), "it is open for all");
        Assert.Contains(seen.EnumerateArray(), view => view.GetProperty("dependency").GetString() == "app-crm");

        var (_, _, other) = await app.NewTenant();
        await Refused(other, $"{at}/enter", new { }, 404);
        await Refused(other, $"{at}/report", new { permit = "1", outcome = "failed" }, 404);
        foreach (var foreign in (string[])["source-github", "model", "app-", "app-CRM", $"app-{new string('x', 61)}"])
            Assert.Contains("A program's breaker is called app-NAME", await Refused(owner, $"/api/breakers/{name}/{foreign}/enter", new { }, 400));
        foreach (var wrong in (object[])[new { permit = "x", outcome = "failed" }, new { permit = "1" }, new { permit = "1", outcome = "failed", tookMs = -1 }, new { permit = "1", outcome = "failed", tookMs = 3_600_001 }])
            await Refused(owner, $"{at}/report", wrong, 400);
        for (var i = 0; i < HandedBreakers.MostBreakers - 1; i++)
            Assert.Equal(HttpStatusCode.OK, (await owner.PostAsJsonAsync($"/api/breakers/{name}/app-n{i}/enter", new { })).StatusCode);
        Assert.Contains("as many as it may", await Refused(owner, $"/api/breakers/{name}/app-more/enter", new { }, 409));
    }

    [Fact]
    public async Task Work_is_claimed_by_one_done_once_and_told_again_over_a_restart()
    {
        var (_, key, owner) = await app.NewTenant();
        const string Claims = "/api/idempotency/claims";
        var mine = await Post(owner, Claims, new { key = "invoice 7", fingerprint = "f", operation = "send invoice", leaseSeconds = 3600 });
        Assert.Equal("granted", mine.GetProperty("state").GetString());
        var round = mine.GetProperty("round").GetString();
        var running = await Post(owner, Claims, new { key = "invoice 7", fingerprint = "f" });
        Assert.Equal(("running", false), (running.GetProperty("state").GetString(), running.TryGetProperty("round", out _)));
        Assert.True((await Post(owner, $"{Claims}/renew", new { key = "invoice 7", round, leaseSeconds = 60 })).GetProperty("kept").GetBoolean());
        Assert.True((await Post(owner, $"{Claims}/release", new { key = "invoice 7", round, because = "the printer is out" })).GetProperty("kept").GetBoolean());
        var next = await Post(owner, Claims, new { key = "invoice 7", fingerprint = "f" });
        Assert.Equal(("takenOver", mine.GetProperty("operationId").GetString()), (next.GetProperty("state").GetString(), next.GetProperty("operationId").GetString()));
        foreach (var late in (string[])["renew", "complete", "release"])
            Assert.Contains("The round is over", await Refused(owner, $"{Claims}/{late}", late switch { "renew" => new { key = "invoice 7", round }, "complete" => new { key = "invoice 7", round, status = 200 }, _ => (object)new { key = "invoice 7", round, because = "x" } }, 409));
        await Post(owner, $"{Claims}/complete", new { key = "invoice 7", round = next.GetProperty("round").GetString(), status = 201, body = "sent: Zürich" });
        await app.Stop();
        await app.Start();
        using var again = app.With(key);
        var told = await Post(again, Claims, new { key = "invoice 7", fingerprint = "f" });
        Assert.Equal(("replayed", 201, "sent: Zürich"), (told.GetProperty("state").GetString(), told.GetProperty("status").GetInt32(), told.GetProperty("body").GetString()));
        Assert.Equal("mismatch", (await Post(again, Claims, new { key = "invoice 7", fingerprint = "g" })).GetProperty("state").GetString());
        var (_, _, other) = await app.NewTenant();
        Assert.Equal("granted", (await Post(other, Claims, new { key = "invoice 7", fingerprint = "g" })).GetProperty("state").GetString());
        foreach (var wrong in (object[])[new { fingerprint = "f" }, new { key = "k" }, new { key = new string('k', 256), fingerprint = "f" }, new { key = "k", fingerprint = "f", leaseSeconds = 0.5 }, new { key = "k", fingerprint = "f", leaseSeconds = 3601 }])
            await Refused(again, Claims, wrong, 400);
        await Refused(again, $"{Claims}/complete", new { key = "k", round = "1", status = 99 }, 400);
        await Refused(again, $"{Claims}/complete", new { key = "k", status = 200 }, 400);
        await Refused(again, $"{Claims}/complete", new { key = "k", round = "1", status = 200, body = new string('x', EdgeLimits.KeptAnswer + 1) }, 413);
    }

    // The program hangs, and goes on renewing.
    [Fact]
    public async Task A_stuck_claim_is_seen_and_released_by_an_operator_and_its_program_comes_too_late()
    {
        const string Claims = "/api/idempotency/claims", Key = "invoice & <8>";
        var owner = app.Owner;
        var round = (await Post(owner, Claims, new { key = Key, fingerprint = "f", operation = "send invoice", leaseSeconds = 3600 })).GetProperty("round").GetString();
        using var operating = await app.InRole("operator");
        using var viewing = await app.InRole("viewer");
        var address = $"/api/idempotency/key?key={Uri.EscapeDataString(Key)}";
        var shown = await operating.GetFromJsonAsync<JsonElement>($"{address}&caller=program");
        Assert.Equal(("running", "send invoice"), (shown.GetProperty("state").GetString(), shown.GetProperty("operation").GetString()));
        Assert.Contains("a program, which claimed it", await operating.GetStringAsync($"/idempotency?key={Uri.EscapeDataString(Key)}&caller=program"), StringComparison.Ordinal);
        await (await operating.GetAsync(address)).Problem(404, "not-found");
        await (await viewing.GetAsync($"{address}&caller=program")).Problem(403, "forbidden");
        var (_, _, stranger) = await app.NewTenant();
        await (await stranger.GetAsync($"{address}&caller=program")).Problem(404, "not-found");

        var released = await Post(operating, "/api/idempotency/key/release", new { key = Key, caller = "program", reason = "its program hangs", confirm = Key });
        Assert.Equal("released", released.GetProperty("state").GetString());
        Assert.Contains("The round is over", await Refused(owner, $"{Claims}/complete", new { key = Key, round, status = 200 }, 409));
        Assert.Equal("takenOver", (await Post(owner, Claims, new { key = Key, fingerprint = "f" })).GetProperty("state").GetString());
        var line = (await owner.GetFromJsonAsync<JsonElement>("/api/idempotency/audit")).EnumerateArray().Single(line => line.GetProperty("what").GetString() == "released");
        Assert.Equal(("send invoice", "its program hangs"), (line.GetProperty("of").GetString(), line.GetProperty("because").GetString()));
    }

    private static Task<JsonElement> Take(HttpClient client, object body) => Post(client, "/api/limits/take", body);

    private static async Task<JsonElement> Post(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {await answer.Content.ReadAsStringAsync()}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task<string> Refused(HttpClient client, string path, object body, int status)
    {
        using var answer = await client.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement.TryGetProperty("detail", out var detail) ? detail.GetString()! : "";
    }
}
