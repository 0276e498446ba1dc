using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Sophia.Hosting;
using Sophia.Resilience;
using Sophia.Tenants;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: who looks after the installation goes from an alert to the tenant that it is about, does there what is to be done, and to nobody else. Method: a browser, and a tenant with a banned key, dead work and a held level.
[Collection(PageTests.Name)]
public sealed class TroublePageTests(Chromium chromium) : IAsyncLifetime
{
    private readonly SophiaApp app = new()
    {
        Adapt = static builder => builder.Services.AddFailureDomains(static domains => domains.LookEvery = TimeSpan.FromMilliseconds(200)).AddLimits(static limits =>
        {
            limits.Penalties = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromMilliseconds(200), FirstBan = TimeSpan.FromMinutes(10) };
            limits.Policies.Add(new() { Name = "test", Resource = "test", Per = LimitPer.Key, Limit = 1, Algorithm = LimitAlgorithm.SlidingWindow, Window = TimeSpan.FromHours(10), Exact = true });
        }),
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [ChromiumFact]
    public async Task From_the_page_one_comes_to_the_tenant_and_releases_brings_back_and_gives_back_there()
    {
        var (name, _, owner) = await app.NewTenant();
        var limits = app.Services.GetRequiredService<ILimits>();
        var asking = new LimitAsking(TenantId.Parse(name), "test", Key: "k-7");
        await Eventually.Comes(async () => (await limits.TryTake(asking)).Penalty is { IsBan: true }, "a ban");
        await GiveUp(owner);
        await GiveUp(app.Owner); // One's own item has the same number.
        Assert.True((await owner.PostAsJsonAsync("/api/degradation/hold", new { level = "partial", because = "planned work", confirm = name })).IsSuccessStatusCode);
        await Eventually.Get(() => app.Owner.GetStringAsync("/api/trouble"), text => text.Contains("key:k-7", StringComparison.Ordinal) && text.Contains("planned work", StringComparison.Ordinal) && text.Contains("deadWork", StringComparison.Ordinal), "it is seen");

        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/trouble");
        await Pictures.Take(page, "trouble-some");
        await page.Locator("#trouble-banned").GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
        await Expect(page.Locator("#whose")).ToContainTextAsync(name);
        await Pictures.Take(page, "limits-of-another");
        var row = page.Locator("#offender-key-k-7");
        await row.GetByRole(AriaRole.Button, new() { Name = "Release" }).ClickAsync();
        await Say("it is mended");
        await Expect(row).ToHaveCountAsync(0);
        await Eventually.Comes(async () => (await limits.TryTake(asking)).Penalty is null, "released");

        await page.GotoAsync("/trouble");
        await page.Locator("#trouble-deadwork").GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
        await Expect(page.GetByText($"which operators of {name} may read")).ToBeVisibleAsync();
        await Pictures.Take(page, "queues-of-another");
        await page.GetByRole(AriaRole.Button, new() { Name = "Bring back", Exact = true }).ClickAsync();
        await Say("it is mended");
        await Expect(page.GetByText("1 of 1 brought back.")).ToBeVisibleAsync();
        Assert.Contains("\"dead\":0", await owner.GetStringAsync("/api/queue"), StringComparison.Ordinal);
        Assert.Contains("\"dead\":1", await app.Owner.GetStringAsync("/api/queue"), StringComparison.Ordinal);
        await Expect(page.Locator("#whose")).ToContainTextAsync(name);

        await page.GotoAsync($"/degradation?tenant={name}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Release" }).ClickAsync();
        await Expect(page.GetByText($"Give the level of the tenant {name} back to the rules?")).ToBeVisibleAsync();
        await Say("done");
        await Eventually.Get(() => owner.GetStringAsync("/api/degradation"), text => text.Contains("\"level\":\"full\"", StringComparison.Ordinal), "its level is given back");
        await page.GetByRole(AriaRole.Link, new() { Name = "Back to default" }).ClickAsync();
        await Expect(page.Locator("#whose")).ToHaveCountAsync(0);

        await using var another = await Visitor.SignedIn(chromium, app, owner);
        await another.Page.GotoAsync("/limits");
        await Expect(another.Page.Locator(".whose")).ToHaveCountAsync(0);
        await Expect(another.Page.GetByRole(AriaRole.Link, new() { Name = "Trouble", Exact = true })).ToHaveCountAsync(0);

        async Task Say(string reason)
        {
            await page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync(reason);
            await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        }
    }

    [ChromiumFact]
    public async Task A_tenant_is_isolated_from_the_page_for_a_time_with_a_reason()
    {
        var (name, _, owner) = await app.NewTenant();
        await Eventually.Get(() => app.Owner.GetStringAsync("/api/domains"), text => text.Contains($"\"tenant/{name}\"", StringComparison.Ordinal), "the tenant is known");
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync($"/domains?node=tenant%2F{name}");
        await page.GetByText("Contain it now").ClickAsync();
        await page.GetByLabel("Because").FillAsync("it <b>floods</b>");
        await page.GetByLabel("For, in minutes").FillAsync("5");
        await Pictures.Take(page, "domains-contain");
        await page.GetByRole(AriaRole.Button, new() { Name = "Contain", Exact = true }).ClickAsync();
        await Expect(page.GetByText("its queues give nothing out")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        var card = page.Locator("article[id^=containment-]");
        await Expect(card.Locator(".state")).ToHaveTextAsync("in force");
        await Expect(card).ToContainTextAsync("it <b>floods</b>");
        await Expect(card).ToContainTextAsync("It ends at");
        Assert.Contains("\"level\":\"emergency\"", await owner.GetStringAsync("/api/degradation"), StringComparison.Ordinal);
        await card.GetByRole(AriaRole.Button, new() { Name = "Lift", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync("it is calm");
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(card).ToHaveCountAsync(0);
    }

    private static async Task GiveUp(HttpClient owner)
    {
        (await owner.PostAsJsonAsync("/api/queue/jobs/items", new { items = new[] { new { kind = "bill", payload = new { } } } })).EnsureSuccessStatusCode();
        var leased = (await (await owner.PostAsJsonAsync("/api/queue/jobs/lease", new { worker = "w", items = 1 })).Json())[0];
        (await owner.PostAsJsonAsync("/api/queue/jobs/finish", new { results = new[] { new { id = leased.GetProperty("id").GetInt64(), lease = leased.GetProperty("lease").GetInt64(), end = "rejected", error = "it cannot be sent" } } })).EnsureSuccessStatusCode();
    }
}
