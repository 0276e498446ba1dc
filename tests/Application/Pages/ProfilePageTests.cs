using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: who owns the data sees what it is like and switches rules on without a terminal. Method: a table with a habit and a breach of it, decided on in a browser, looked at by REST.
[Collection(PageTests.Name)]
public sealed class ProfilePageTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    private static readonly string Towns = "id,zip,city,note\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"{i},{i % 3},{(i == 17 ? "Ulm" : "Bonn Trier Gera".Split(' ')[i % 3])},{(i < 40 ? "" : $"note {i}")}\n"));

    [ChromiumFact]
    public async Task A_suggested_rule_is_switched_on_and_its_finding_leads_to_the_record()
    {
        await app.Ingest("towns", "streams:\n  towns:\n    key: [id]\n", ("towns.csv", Towns));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Profiles" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "towns/towns", Exact = true }).ClickAsync();
        await Expect(page.Locator(".fields tbody tr")).ToHaveCountAsync(4);
        await Expect(page.Locator(".fields tbody tr", new() { HasText = "note" }).Locator(".share")).ToHaveTextAsync("66.7 %");

        var suggestion = page.Locator(".suggestions li", new() { HasText = "Ulm" }).First;
        await suggestion.GetByRole(AriaRole.Checkbox).CheckAsync();
        await Expect(page.GetByLabel("Into the pipeline")).ToHaveValueAsync("towns");
        await page.GetByRole(AriaRole.Button, new() { Name = "Switch on" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "No" }).ClickAsync();
        Assert.Equal(1, await VersionOf("towns"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Switch on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("new version");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#notice")).ToContainTextAsync("version 2");
        Assert.Equal(2, await VersionOf("towns"));
        var finding = page.Locator("#findings tbody tr", new() { HasText = "Ulm" });
        await Expect(finding).ToHaveCountAsync(1);
        await finding.GetByRole(AriaRole.Link, new() { Name = "17" }).ClickAsync();
        await Expect(page.Locator(".record")).ToContainTextAsync("Ulm");
    }

    [ChromiumFact]
    public async Task A_suggestion_is_dismissed_with_a_reason_and_comes_no_more()
    {
        await app.Ingest("left", "streams:\n  towns:\n    key: [id]\n", ("towns.csv", Towns));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/profiles?stream=left%2Ftowns");
        await Expect(page.Locator(".suggestions li")).Not.ToHaveCountAsync(0);
        var all = await page.Locator(".suggestions li").CountAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Dismiss" }).ClickAsync();
        await Expect(page.Locator("[data-suggestions] .errors")).ToContainTextAsync("Choose some rules first.");
        await page.Locator(".suggestions").GetByRole(AriaRole.Checkbox).First.CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Dismiss" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByLabel("Reason").FillAsync("It is chance.");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.Locator(".suggestions li")).ToHaveCountAsync(all - 1);
        Assert.Equal(0, await page.Locator(".suggestions input:checked").CountAsync());
        await page.ReloadAsync();
        await Expect(page.Locator(".suggestions li")).ToHaveCountAsync(all - 1);
    }

    [ChromiumFact]
    public async Task A_viewer_sees_everything_and_is_offered_nothing_that_he_may_not()
    {
        await app.Ingest("seen", "streams:\n  towns:\n    key: [id]\n    rules:\n      - enum: {city: [Bonn, Trier, Gera]}\ngate:\n  minimumScore: 0\n", ("towns.csv", Towns));
        await using var visitor = await Visitor.SignedIn(chromium, app, await app.InRole("viewer"));
        var page = visitor.Page;
        foreach (var path in new[] { "/profiles?stream=seen%2Ftowns", "/quarantine", "/pipelines", "/pipelines/seen" })
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("main h1")).ToBeVisibleAsync();
            var offered = await page.Locator("main button:visible").AllTextContentsAsync();
            Assert.Equal(path == "/quarantine" ? ["Show"] : [], offered);
        }
        await page.GotoAsync("/profiles?stream=seen%2Ftowns");
        await Expect(page.Locator(".suggestions li")).Not.ToHaveCountAsync(0);
        var report = await page.GotoAsync("/api/streams/seen%2Ftowns/report?format=html");
        Assert.Equal(200, report!.Status);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "How good is seen/towns?" })).ToBeVisibleAsync();
    }

    private async Task<int> VersionOf(string pipeline) => (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{pipeline}")).GetProperty("version").GetInt32();
}
