using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Sophia.Hosting;
using Sophia.Resilience;
using Sophia.Tenants;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: an operator sees who is banned and why, releases him, sets a limit and gives it back. Method: a browser, and a key that asks on and on.
[Collection(PageTests.Name)]
public sealed class LimitPageTests(Chromium chromium) : IAsyncLifetime
{
    private readonly SophiaApp app = new()
    {
        Adapt = static builder => builder.Services.AddLimits(limits =>
        {
            limits.Penalties = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromMilliseconds(200), FirstBan = TimeSpan.FromMinutes(10) };
            limits.Policies.Add(new() { Name = "test", Resource = "test", Per = LimitPer.Key, Limit = 1, Algorithm = LimitAlgorithm.SlidingWindow, Window = TimeSpan.FromHours(10), Exact = true });
            limits.Policies.Add(new() { Name = "tenant", Resource = "test", Limit = 1_000, Burst = 3_000 });
        }),
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [ChromiumFact]
    public async Task Who_asks_on_is_shown_as_banned_with_the_reason_and_is_released_and_a_limit_is_set_and_reset()
    {
        var limits = app.Services.GetRequiredService<ILimits>();
        var asking = new LimitAsking(RunningSophia.DefaultTenant, "test", Key: "k-7");
        await Eventually.Comes(async () => (await limits.TryTake(asking)).Penalty is { IsBan: true }, "a ban");
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/limits");
        var row = page.Locator("#offender-key-k-7");
        await Expect(row.Locator(".state")).ToHaveTextAsync("banned");
        await Expect(row.GetByText("“test” refused it")).ToBeVisibleAsync();
        await row.GetByRole(AriaRole.Button, new() { Name = "Release" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync("it is <b>mended</b>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(row).ToHaveCountAsync(0);
        await page.GetByText("History").First.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "it is <b>mended</b>" })).ToBeVisibleAsync();
        await Eventually.Comes(async () => (await limits.TryTake(asking)).Penalty is null, "released here");

        var card = page.Locator("#limit-tenant");
        await card.GetByText("Set for this tenant").ClickAsync();
        await card.GetByLabel("Limit").FillAsync("7");
        await card.GetByLabel("Because").FillAsync("a drill");
        await card.GetByRole(AriaRole.Button, new() { Name = "Set", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(card.Locator(".state")).ToHaveTextAsync("set by hand");
        await Expect(card.GetByText("7 flow in every 1 s, 3000 at once")).ToBeVisibleAsync();
        await card.GetByLabel("Flows in within, in s").FillAsync("60");
        await card.GetByLabel("At once").FillAsync("9");
        await card.GetByLabel("Because").FillAsync("another drill");
        await card.GetByRole(AriaRole.Button, new() { Name = "Set", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(card.GetByText("7 flow in every 1 min, 9 at once")).ToBeVisibleAsync();
        await card.GetByRole(AriaRole.Button, new() { Name = "Reset" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync("as ever");
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(card.Locator(".state")).ToHaveTextAsync("as configured");
    }
}
