using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: a key whose worker hangs is set free by a person, whose word is in the audit, and the hanging worker comes too late. Method: a claim under a lease of an hour, made as a front end makes it.
public sealed class ReleasedKeyTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string Caller = "k-7";

    [Fact]
    public async Task A_stuck_key_is_released_with_a_reason_and_its_worker_comes_too_late()
    {
        const string key = "stuck \"one\"";
        var round = (await Claim(key, "a")).Round;
        var address = $"/api/idempotency/key?key={Uri.EscapeDataString(key)}&caller={Caller}";
        Assert.Equal("running", (await app.Owner.GetFromJsonAsync<JsonElement>(address)).GetProperty("state").GetString());
        using var viewing = await app.InRole("viewer");
        using var operating = await app.InRole("operator");
        Assert.Equal(HttpStatusCode.Forbidden, (await Release(viewing, key, "its process hangs")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await Release(operating, key, "its process hangs")).StatusCode); // Another caller's.
        await (await Release(app.Owner, key, " ")).Problem(400, "invalid");
        await (await Release(app.Owner, key, "its process hangs", confirm: "stuck")).Problem(400, "invalid");
        await (await Release(app.Owner, "never-used", "its process hangs")).Problem(404, "not-found");

        var released = await (await Release(app.Owner, key, "its process hangs")).Json();
        Assert.Equal("released", released.GetProperty("state").GetString());
        Assert.Contains("its process hangs", released.GetProperty("because").GetString(), StringComparison.Ordinal);
        Assert.Equal("released", (await (await Release(app.Owner, key, "its process hangs")).Json()).GetProperty("state").GetString());
        await (await Release(app.Owner, key, "another reason")).Problem(409, "conflict");
        using (CallerContext.For(RunningSophia.DefaultTenant))
            Assert.False(await Grain(key).Complete(round, new IdempotentOutcome(200, [], [])));
        Assert.Equal(ClaimKind.TakenOver, (await Claim(key, "b")).Kind);

        var line = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/idempotency/audit")).EnumerateArray().Single(line => line.GetProperty("what").GetString() == "released");
        Assert.Equal(("POST /api/ask", "its process hangs"), (line.GetProperty("of").GetString(), line.GetProperty("because").GetString()));
        Assert.True(line.TryGetProperty("by", out _));
        await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>("/api/idempotency"), terms => terms.GetProperty("late").GetInt64() >= 1, "the late worker is counted");
    }

    [Fact]
    public async Task A_key_whose_work_has_ended_is_not_stuck()
    {
        var claim = await Claim("ended", "a");
        using (CallerContext.For(RunningSophia.DefaultTenant))
            Assert.True(await Grain("ended").Complete(claim.Round, new IdempotentOutcome(200, [], [])));
        Assert.Contains("its answer is kept", (await (await Release(app.Owner, "ended", "why not")).Problem(409, "conflict")).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private IIdempotencyGrain Grain(string key) => app.Services.GetRequiredService<IGrainFactory>().GetGrain<IIdempotencyGrain>(IdempotencyKey.Of(RunningSophia.DefaultTenant, IdempotencyKey.NameOf(Caller, key)));

    private async Task<ClaimAnswer> Claim(string key, string holder)
    {
        using var _ = CallerContext.For(RunningSophia.DefaultTenant);
        return await Grain(key).Claim(new IdempotencyClaim(holder, "same", "POST /api/ask", IdempotencyLimits.LongestLease));
    }

    private static Task<HttpResponseMessage> Release(HttpClient client, string key, string reason, string? confirm = null) =>
        client.PostAsJsonAsync("/api/idempotency/key/release", new { key, caller = Caller, reason, confirm = confirm ?? key });
}
