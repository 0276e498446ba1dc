using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: who looks after the installation does it on pages. Method: a real browser, with the keyboard where it can.
[Collection(PageTests.Name)]
public sealed class SystemPageTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    [ChromiumFact]
    public async Task A_tenant_is_added_suspended_with_a_reason_and_resumed()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Tenants", Exact = true }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("acme");
        await page.GetByLabel("Shown as").FillAsync("Acme <b>Ltd</b>");
        await page.Keyboard.PressAsync("Enter");
        var key = page.GetByLabel("Key of its owner");
        await Expect(key).ToBeFocusedAsync();
        var secret = await key.TextContentAsync();
        Assert.StartsWith("sophia.acme.", secret);
        using var owner = app.With(secret);
        Assert.True((await owner.GetAsync("/api/streams")).IsSuccessStatusCode);
        await page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        await Expect(key).ToBeHiddenAsync();

        var card = page.Locator("#tenant-acme");
        await Expect(card.GetByRole(AriaRole.Heading, new() { Name = "Acme <b>Ltd</b>" })).ToBeVisibleAsync();
        await card.GetByRole(AriaRole.Button, new() { Name = "Suspend" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync("the bill is open");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Expect(card.GetByText("the bill is open")).ToBeVisibleAsync();
        Assert.Equal(403, (int)(await owner.GetAsync("/api/streams")).StatusCode);

        visitor.Expected.Add("400");
        await card.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Write acme to confirm" }).FillAsync("acne");
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("confirm must repeat the name");
        await card.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Write acme to confirm" }).FillAsync("acme");
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(card.GetByText("Everything of it will be deleted")).ToBeVisibleAsync();
        await Expect(card.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToHaveCountAsync(0);
        await card.GetByRole(AriaRole.Button, new() { Name = "Keep" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();

        await card.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(card.GetByText("active", new() { Exact = true })).ToBeVisibleAsync();
        Assert.True((await owner.GetAsync("/api/streams")).IsSuccessStatusCode);
        Assert.Equal("/api/tenants/acme/export", await card.GetByRole(AriaRole.Link, new() { Name = "Export acme" }).GetAttributeAsync("href"));
        await Expect(page.Locator("#tenant-default").GetByRole(AriaRole.Button, new() { Name = "Suspend" })).ToHaveCountAsync(0);
    }

    [ChromiumFact]
    public async Task A_name_that_is_taken_and_a_suspension_without_a_reason_are_told_and_change_nothing()
    {
        await app.NewTenant("taken");
        await using var visitor = await Visitor.SignedIn(chromium, app);
        visitor.Expected.Add("409");
        var page = visitor.Page;
        await page.GotoAsync("/tenants");
        await page.GetByLabel("Name").FillAsync("taken");
        await page.GetByLabel("Shown as").FillAsync("Taken");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("There is such a tenant already.");
        await page.Locator("#tenant-taken").GetByRole(AriaRole.Button, new() { Name = "Suspend" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync("   ");
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("Say why");
        await Expect(page.Locator("#tenant-taken").GetByText("active", new() { Exact = true })).ToBeVisibleAsync();
    }

    [ChromiumFact]
    public async Task Silos_and_their_grains_are_shown_and_a_viewer_is_not_offered_them()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/silos");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "1 silo" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Silos", Exact = true }).GetByText("active", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Rowheader, new() { Name = "TenantGrain", Exact = true })).ToBeVisibleAsync();

        var (_, _, other) = await app.NewTenant();
        await using var stranger = await Visitor.SignedIn(chromium, app, other);
        stranger.Expected.Add("403");
        await Expect(stranger.Page.GetByRole(AriaRole.Link, new() { Name = "Silos", Exact = true })).ToHaveCountAsync(0);
        await Expect(stranger.Page.GetByRole(AriaRole.Link, new() { Name = "Tenants", Exact = true })).ToHaveCountAsync(0);
        await stranger.Page.GotoAsync("/silos");
        await Expect(stranger.Page.GetByRole(AriaRole.Navigation, new() { Name = "Pages" }).GetByRole(AriaRole.Link, new() { Name = "Ask" })).ToBeVisibleAsync();
    }
}
