using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: an operator holds a level on the page, for his tenant or for everybody, and gives it back, with a reason and a question before each. Method: a browser.
[Collection(PageTests.Name)]
public sealed class DegradationPageTests(SophiaApp app, Chromium chromium) : IClassFixture<SophiaApp>
{
    [ChromiumTheory]
    [InlineData("tenant", "This tenant", "own")]
    [InlineData("system", "The whole installation", "system")]
    public async Task A_level_is_held_and_released_on_the_page(string of, string title, string part)
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/degradation");
        var form = page.Locator("#hold-level");
        await form.GetByLabel("Level").SelectOptionAsync("minimal");
        await form.GetByLabel("Because").FillAsync("a <b>drill</b>");
        await form.GetByLabel("For, in minutes").FillAsync("5");
        await form.GetByLabel("Of").SelectOptionAsync(of);
        await form.GetByRole(AriaRole.Button, new() { Name = "Hold" }).ClickAsync();
        await Sure("No");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = $"{title}: full" })).ToBeVisibleAsync();
        await form.GetByRole(AriaRole.Button, new() { Name = "Hold" }).ClickAsync();
        await Sure("Yes");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = $"{title}: minimal" })).ToBeVisibleAsync();
        await Expect(page.Locator($"section:has(#part-{part})").GetByText("a <b>drill</b>. The rules say full.")).ToBeVisibleAsync();

        var release = page.Locator($"[data-release='{part}']");
        await release.ClickAsync();
        await Sure("Yes");
        await Expect(page.Locator("#notice")).ToContainTextAsync("Say why");
        await release.ClickAsync();
        await page.Locator("#sure textarea").FillAsync("it is over");
        await Sure("Yes");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = $"{title}: full" })).ToBeVisibleAsync();
        await Expect(release).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "released: it is over" }).First).ToBeVisibleAsync();

        Task Sure(string answer) => page.Locator("#sure").GetByRole(AriaRole.Button, new() { Name = answer, Exact = true }).ClickAsync();
    }
}
