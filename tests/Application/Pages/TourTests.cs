using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: who opens an empty Sophia has seen what it does in four steps, by mouse or by keyboard, and can take the sample out again. Method: walk the tour in a browser, each in a tenant of their own.
[Collection(PageTests.Name)]
public sealed class TourTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    [ChromiumFact]
    public async Task One_click_loads_the_sample_and_four_steps_lead_over_it_by_keyboard_alone()
    {
        var (_, _, owner) = await app.NewTenant();
        await using var visitor = await Visitor.SignedIn(chromium, app, owner);
        var page = visitor.Page;
        var tour = page.Locator("#tour");
        await Expect(tour).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Look around with a small sample" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Visitor.Arrives(page, static url => url.EndsWith("/pipelines", StringComparison.Ordinal));
        await Expect(tour.Locator("h2:visible")).ToContainTextAsync("1 of 4");
        await Expect(tour.Locator("h2:visible")).ToBeFocusedAsync();
        await Expect(page.Locator("[data-pipeline=sample] .state")).ToHaveTextAsync("searchable");
        await Expect(page.Locator("[data-pipeline=sample] [data-count=quarantined] dd")).ToHaveTextAsync("4");
        await Expect(page.Locator("[data-pipeline=sample] [data-count=stored] dd")).ToHaveTextAsync("13");
        await Pictures.Take(page, "tour-1");

        await Next(page);
        await Visitor.Arrives(page, static url => url.Contains("/quarantine", StringComparison.Ordinal));
        await Expect(tour.Locator("h2:visible")).ToContainTextAsync("2 of 4");
        await Expect(page.Locator(".held")).ToHaveCountAsync(4);
        var wrong = page.Locator(".held", new() { HasText = "Goldd" });
        await wrong.GetByText("Look and mend").ClickAsync();
        await wrong.GetByLabel("Record").FillAsync((await wrong.GetByLabel("Record").InputValueAsync()).Replace("Goldd", "Validated", StringComparison.Ordinal));
        await wrong.GetByRole(AriaRole.Button, new() { Name = "Judge again and store" }).ClickAsync();
        await Expect(page.Locator(".held")).ToHaveCountAsync(3);
        await Expect(tour.Locator("h2:visible")).ToContainTextAsync("2 of 4");

        await page.ReloadAsync();
        await Next(page);
        await Visitor.Arrives(page, static url => url.Contains("/search", StringComparison.Ordinal));
        await Expect(page.Locator(".hit").First).ToContainTextAsync("cold chain alarm");
        await Pictures.Take(page, "tour-3");

        await Next(page);
        await Expect(tour.Locator("h2:visible")).ToContainTextAsync("4 of 4");
        await page.GetByLabel("Question", new() { Exact = true }).PressAsync("Enter");
        await Expect(page.Locator(".answer")).ToContainTextAsync("they come too late");
        await tour.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        await Expect(tour).ToBeHiddenAsync();
        await page.GotoAsync("/pipelines");
        await Expect(tour).ToBeHiddenAsync();
    }

    [ChromiumFact]
    public async Task Escape_ends_the_tour_it_can_be_begun_again_and_the_sample_goes_with_all_its_records()
    {
        var (_, _, owner) = await app.NewTenant();
        await using var visitor = await Visitor.SignedIn(chromium, app, owner, width: 390);
        var page = visitor.Page;
        var tour = page.Locator("#tour");
        await page.GotoAsync("/pipelines");
        await page.GetByRole(AriaRole.Button, new() { Name = "Look around with a small sample" }).ClickAsync();
        await Expect(tour.Locator("h2:visible")).ToBeFocusedAsync();
        await Expect(page.Locator("[data-pipeline=sample] .state")).ToHaveTextAsync("searchable");
        await page.Keyboard.PressAsync("Escape");
        await Expect(tour).ToBeHiddenAsync();
        await page.ReloadAsync();
        await Expect(tour).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Tour", Exact = true }).ClickAsync();
        await Expect(tour.Locator("h2:visible")).ToContainTextAsync("1 of 4");
        Assert.False(await visitor.MovesSideways());

        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the sample" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No pipelines yet" })).ToBeVisibleAsync();
        await Expect(tour).ToBeHiddenAsync();
        var streams = await owner.GetFromJsonAsync<JsonElement>("/api/streams");
        Assert.Equal(0, streams.EnumerateArray().Sum(stream => stream.GetProperty("records").GetInt64()));
        Assert.Equal(0, (await owner.GetFromJsonAsync<JsonElement>("/api/quarantine")).GetProperty("held").GetInt64());
        await (await owner.DeleteAsync("/api/sample")).Problem(404, "not-found");
    }

    [Fact]
    public async Task A_pipeline_sample_of_ones_own_is_never_touched()
    {
        var (_, _, owner) = await app.NewTenant();
        using var defined = await owner.PutAsync("/api/pipelines/sample", new StringContent("source: {type: webhook, secret: generated}"));
        defined.EnsureSuccessStatusCode();
        await (await owner.PostAsync("/api/sample", null)).Problem(409, "conflict");
        await (await owner.DeleteAsync("/api/sample")).Problem(404, "not-found");
        Assert.Equal(403, (int)(await (await app.InRole("operator")).PostAsync("/api/sample", null)).StatusCode);
    }

    private static async Task Next(IPage page)
    {
        await page.Locator("#tour").GetByRole(AriaRole.Link, new() { NameRegex = new("^Next") }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
    }
}
