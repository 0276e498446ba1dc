using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Tenants;

// Goal: a suspended tenant is read and written by nobody, loses nothing, and goes on when it is resumed. Method: every door, and a run and a delivery under way.
public sealed class SuspensionTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task A_suspended_tenant_is_told_why_at_every_door_and_comes_back_with_everything()
    {
        var (name, _, client) = await app.NewTenant();
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync("/api/pipelines/hook", new StringContent("name: hook\nsource: {type: webhook, secret: generated}\n"))).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await client.PostAsync("/api/inbox?path=note.txt", new StringContent("The pumps stand in Turku."))).StatusCode);
        await Found(client);

        await Ok(await Suspend(name, "the bill is open"));
        foreach (var address in new[] { "/api/tenant", "/api/streams", "/api/search?q=pumps", "/api/pipelines", "/health" })
            Assert.Contains("This tenant is suspended: the bill is open", (await (await client.GetAsync(address)).Problem(403, "forbidden")).GetProperty("detail").GetString());
        await (await client.PostAsync("/api/inbox?path=more.txt", new StringContent("More."))).Problem(403, "forbidden");
        var grains = app.Services.GetRequiredService<IGrainFactory>();
        using (CallerContext.For(TenantId.Parse(name)))
            Assert.Equal(RefusalCode.Forbidden, (await Assert.ThrowsAsync<RefusedException>(() => grains.GetGrain<IRecordsGrain>(name).Streams())).Code);
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/streams")).StatusCode);
        Assert.Contains((await app.Owner.GetFromJsonAsync<JsonElement>("/api/tenants")).EnumerateArray(), line => line.GetProperty("tenant").GetString() == name && line.GetProperty("suspended").GetBoolean());

        await Ok(await app.Owner.PostAsync($"/api/tenants/{name}/resume", null));
        await Found(client);
        var audit = (await app.Services.GetRequiredService<ILogStore>().Read(TenantId.Parse(name), 0, 1_000, int.MaxValue, default)).Where(row => row.Type == EntryType.Audit).ToList();
        Assert.Equal(["suspend", "resume"], audit.Select(row => row.Key.Split('-')[0]));
        Assert.Contains("the bill is open", System.Text.Encoding.UTF8.GetString(audit[0].Payload.Span));
    }

    [Fact]
    public async Task A_suspension_survives_a_restart_and_holds_from_the_first_request_on()
    {
        var (name, key, _) = await app.NewTenant();
        await Ok(await Suspend(name, "audit"));
        await app.Restart();
        using var client = app.With(key);
        var told = await Eventually.Get(async () => (await client.GetAsync("/api/streams")).StatusCode, status => status != HttpStatusCode.ServiceUnavailable, "the list of suspended tenants");
        Assert.Equal(HttpStatusCode.Forbidden, told);
        await Ok(await app.Owner.PostAsync($"/api/tenants/{name}/resume", null));
        await Ok(await client.GetAsync("/api/streams"));
    }

    [Fact]
    public async Task A_run_of_a_suspended_tenant_waits_and_goes_on()
    {
        var (name, _, client) = await app.NewTenant();
        Assert.Equal(HttpStatusCode.Accepted, (await client.PostAsync("/api/inbox?path=a.txt&start=false", new StringContent("One."))).StatusCode);
        await Ok(await Suspend(name, "a check"));
        var pipeline = app.Services.GetRequiredService<IGrainFactory>().GetGrain<Pipelines.IPipelineGrain>($"{name}/inbox");
        using (CallerContext.ForSystem("test"))
            Assert.Contains("suspended", (await Assert.ThrowsAsync<RefusedException>(() => pipeline.Start(new Pipelines.StartRun()))).Message);
        await Ok(await app.Owner.PostAsync($"/api/tenants/{name}/resume", null));
        await client.PostAsync("/api/pipelines/inbox/runs", null);
        await Eventually.Get(async () => await client.GetFromJsonAsync<JsonElement>("/api/pipelines/inbox/runs"), runs => runs.EnumerateArray().Any(run => run.GetProperty("state").GetString() == "succeeded"), "the run");
    }

    [Fact]
    public async Task Only_the_owner_of_the_system_tenant_suspends_and_never_his_own()
    {
        var (name, _, client) = await app.NewTenant();
        await (await client.PostAsJsonAsync($"/api/tenants/{name}/suspend", new { reason = "x" })).Problem(403, "forbidden");
        await (await client.GetAsync("/api/tenants")).Problem(403, "forbidden");
        await (await app.Owner.PostAsJsonAsync("/api/tenants/default/suspend", new { reason = "x" })).Problem(409, "conflict");
        await (await app.Owner.PostAsJsonAsync("/api/tenants/no-such-tenant/suspend", new { reason = "x" })).Problem(404, "not-found");
        await (await app.Owner.PostAsJsonAsync($"/api/tenants/{name}/suspend", new { reason = "" })).Problem(400, "invalid");
        await Ok(await client.GetAsync("/api/streams"));
    }

    private Task<HttpResponseMessage> Suspend(string name, string reason) => app.Owner.PostAsJsonAsync($"/api/tenants/{name}/suspend", new { reason });

    private static Task Found(HttpClient client) =>
        Eventually.Get(() => client.GetFromJsonAsync<JsonElement>("/api/search?q=pumps"), answer => answer.ToString().Contains("Turku", StringComparison.Ordinal), "the note");

    private static async Task Ok(HttpResponseMessage answer) => Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
}
