using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The application with breakers that stay open for as long as a test looks at them.</summary>
public sealed class OpenBreakers : IAsyncLifetime
{
    public SophiaApp App { get; } = new() { Adapt = static builder => builder.Services.AddBreakers(static breakers => breakers.Default = new BreakerOptions { BreakFor = TimeSpan.FromMinutes(5) }) };

    public Task InitializeAsync() => App.InitializeAsync();

    public Task DisposeAsync() => App.DisposeAsync();
}

// Goal: people see breakers, act on them with a reason, and nobody sees another's. Method: the real application, whose breakers are called as a dependency would have them called.
public sealed class BreakerFlowTests(OpenBreakers open) : IClassFixture<OpenBreakers>
{
    private readonly SophiaApp app = open.App;

    private IBreakers Breakers => app.Services.GetRequiredService<IBreakers>();

    [Fact]
    public async Task A_breaker_that_opened_is_shown_with_its_reason_and_history_and_reset_by_an_operator()
    {
        await Fail(Breakers.OfInstallation("flow-open"));
        using var operating = await app.InRole("operator");
        var open = await Eventually.Get(() => View(operating, "flow-open"), view => view.GetProperty("phase").GetString() == "open", "open");
        Assert.Equal(("system", "5 failures in a row", 0), (open.GetProperty("owner").GetString(), open.GetProperty("because").GetString(), open.GetProperty("share").GetInt32()));
        Assert.Equal("open", open.GetProperty("history")[0].GetProperty("phase").GetString());
        Assert.Contains("opens at 5 failures in a row", open.GetProperty("rule").GetString());
        var reset = await Act(operating, "flow-open", "reset", new { reason = "it is repaired", confirm = "flow-open" });
        Assert.Equal(("closed", "reset: it is repaired"), (reset.GetProperty("phase").GetString(), reset.GetProperty("because").GetString()));
        await Eventually.Comes(() => !Breakers.OfInstallation("flow-open").TryEnter().IsRefused, "calls are let through");
    }

    [Fact]
    public async Task What_is_isolated_by_hand_is_refused_here_survives_a_restart_and_needs_a_reason_and_its_name()
    {
        Assert.False((await Breakers.OfInstallation("flow-held").Enter(default)).IsRefused);
        using var operating = await app.InRole("operator");
        await Eventually.Get(() => operating.GetAsync("/api/breakers/system/flow-held"), answer => answer.StatusCode == HttpStatusCode.OK, "it is listed");
        foreach (var wrong in (object[])[new { confirm = "flow-held" }, new { reason = "", confirm = "flow-held" }, new { reason = "x", confirm = "flow" }, new { reason = new string('x', 501), confirm = "flow-held" }])
            Assert.Equal(HttpStatusCode.BadRequest, (await operating.PostAsJsonAsync("/api/breakers/system/flow-held/isolate", wrong)).StatusCode);
        await Act(operating, "flow-held", "isolate", new { reason = "it costs too much", confirm = "flow-held" });
        await Eventually.Comes(() => Breakers.OfInstallation("flow-held").TryEnter() is { IsRefused: true, Refusal.Reason: BreakerRefusalReason.Isolated }, "isolated");
        await app.Stop();
        await app.Start();
        Assert.Equal("flow-held is isolated: it costs too much", (await Breakers.OfInstallation("flow-held").Enter(default)).Refusal.Text);
        using var again = await app.InRole("operator");
        Assert.Equal("heldClosed", (await Act(again, "flow-held", "close", new { reason = "it must go on", confirm = "flow-held" })).GetProperty("hold").GetString());
        Assert.Equal("none", (await Act(again, "flow-held", "reset", new { reason = "as ever", confirm = "flow-held" })).GetProperty("hold").GetString());
    }

    [Fact]
    public async Task A_tenant_sees_its_own_and_none_of_the_installation_s_and_a_viewer_may_only_look()
    {
        await Breakers.OfInstallation("flow-system").Enter(default);
        var (name, _, owner) = await app.NewTenant();
        await Breakers.For(TenantId.Parse(name), "flow-own").Enter(default);
        var seen = await Eventually.Get(() => owner.GetFromJsonAsync<JsonElement>("/api/breakers"), views => views.GetArrayLength() > 0, "its breaker");
        Assert.Equal("flow-own", Assert.Single(seen.EnumerateArray()).GetProperty("dependency").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await owner.GetAsync("/api/breakers/system/flow-system")).StatusCode);
        using var viewer = await app.InRole("viewer");
        Assert.Equal(HttpStatusCode.NotFound, (await viewer.GetAsync("/api/breakers/system/flow-system")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await viewer.GetAsync($"/api/breakers/{name}/flow-own")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsJsonAsync("/api/breakers/system/flow-system/isolate", new { reason = "x", confirm = "flow-system" })).StatusCode);
    }

    [Fact]
    public async Task The_hub_tells_of_a_tenant_s_breakers_when_they_open_and_when_somebody_takes_them_in_hand()
    {
        var (name, key, owner) = await app.NewTenant();
        await Breakers.For(TenantId.Parse(name), "flow-told").Enter(default);
        await Eventually.Get(() => owner.GetFromJsonAsync<JsonElement>("/api/breakers"), views => views.GetArrayLength() > 0, "its breaker");
        await using var hub = await HubClient.Connect(app.Url, key);
        await using var news = hub.StreamAsync<BreakerNews>("WatchBreakers").GetAsyncEnumerator();
        Assert.True(await news.MoveNextAsync());
        Assert.Equal(("flow-told", BreakerPhase.Closed, BreakerHold.None), (news.Current.Dependency, news.Current.Phase, news.Current.Hold));
        await Fail(Breakers.For(TenantId.Parse(name), "flow-told"));
        Assert.True(await news.MoveNextAsync());
        Assert.Equal((BreakerPhase.Open, "5 failures in a row", 0), (news.Current.Phase, news.Current.Because, news.Current.Share));
        var answer = await owner.PostAsJsonAsync($"/api/breakers/{name}/flow-told/isolate", new { reason = "it costs too much", confirm = "flow-told" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        do
            Assert.True(await news.MoveNextAsync());
        while (news.Current.Hold == BreakerHold.None);
        Assert.Equal((BreakerHold.Isolated, "it costs too much"), (news.Current.Hold, news.Current.Because));
    }

    private static async Task Fail(IBreaker breaker)
    {
        for (var entry = await breaker.Enter(default); !entry.IsRefused; entry = breaker.TryEnter())
            entry.Permit.Report(CallOutcome.Failed);
    }

    private static async Task<JsonElement> View(HttpClient client, string dependency) =>
        (await client.GetFromJsonAsync<JsonElement>("/api/breakers")).EnumerateArray().First(view => view.GetProperty("dependency").GetString() == dependency);

    private static async Task<JsonElement> Act(HttpClient client, string dependency, string what, object body)
    {
        var answer = await client.PostAsJsonAsync($"/api/breakers/system/{dependency}/{what}", body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
