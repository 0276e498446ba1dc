using System.Text.Json;
using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: whatever stands in records, file names, titles, values and questions is text on every page. Method: put markup everywhere, look at every page.
[Collection(PageTests.Name)]
public sealed class HostileTextTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string Picture = "<img src=x onerror=window.hit=1>";
    private const string Script = "</textarea></script><script>window.hit=1</script>";

    [ChromiumFact]
    public async Task Markup_in_data_is_shown_as_text_on_every_page_and_runs_nothing()
    {
        await app.Ingest("hostile", "streams:\n  people:\n    key: [id]\n    rules:\n      - type: {age: integer}\ngate:\n  minimumScore: 0\n",
            ("people.csv", $"id,title,age\n1,{Picture} Zephyr is the captain of the northern ferry,40\n{Picture},{Script},{Script}\n"),
            ($"{Picture.Replace("/", "", StringComparison.Ordinal)}.png", "no text"));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;

        var exchange = await visitor.Ask($"Who is the captain of the northern ferry? {Script}");
        await Expect(exchange.Locator(".question")).ToContainTextAsync(Script);
        await Expect(exchange.Locator(".sources")).ToContainTextAsync("Zephyr");
        await exchange.Locator("a.mark").First.ClickAsync();
        await Expect(page.Locator(".record")).ToContainTextAsync(Picture);
        await Harmless(page);

        await page.GotoAsync("/pipelines/hostile");
        await Expect(page.Locator("#unreadable + .scroll")).ToContainTextAsync("<img src=x onerror=window.hit=1>.png");
        await Harmless(page);

        await page.GotoAsync("/quarantine");
        await Expect(page.Locator(".held h2")).ToContainTextAsync(Picture);
        await Expect(page.Locator(".reasons code")).ToHaveTextAsync(Script);
        await page.GetByText("Look and mend").ClickAsync();
        await Expect(page.GetByLabel("Record")).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("</textarea>"));
        await Harmless(page);
        await page.GetByLabel("Record").FillAsync(JsonSerializer.Serialize(new { id = Script, title = Picture, age = Picture }));
        await page.GetByRole(AriaRole.Button, new() { Name = "Judge again and store" }).ClickAsync();
        await Expect(page.Locator(".held .errors")).ToContainTextAsync("age");
        await Harmless(page);

        await page.GotoAsync("/search?q=captain+of+the+northern+ferry");
        await Expect(page.Locator(".hit").First).ToContainTextAsync(Picture);
        await Harmless(page);
        await page.GotoAsync($"/search?q={Uri.EscapeDataString(Script)}&stream={Uri.EscapeDataString(Script)}&kind={Uri.EscapeDataString(Script)}");
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync(Script);
        await Harmless(page);
        await page.GotoAsync("/records?stream=hostile%2Fpeople");
        await Expect(page.Locator("table.records")).ToContainTextAsync(Picture);
        await Harmless(page);
        await page.GotoAsync("/record?stream=hostile%2Fpeople&key=1");
        await Expect(page.Locator("main h1")).ToContainTextAsync(Picture);
        await Harmless(page);
        await page.GotoAsync("/profiles?stream=hostile%2Fpeople");
        await Expect(page.Locator(".fields")).ToContainTextAsync("<img");
        await Harmless(page);

        await page.GotoAsync($"/quarantine?pipeline={Uri.EscapeDataString(Script)}&stream={Uri.EscapeDataString("\"><script>window.hit=1</script>")}");
        await Expect(page.GetByLabel("Pipeline", new() { Exact = true })).ToHaveValueAsync(Script);
        await Harmless(page);
    }

    [ChromiumFact]
    public async Task Links_of_ours_never_lead_to_what_data_says()
    {
        await app.Ingest("links", "streams:\n  links:\n    key: [id]\n", ("links.csv", "id,title,url\njavascript:window.hit=1,Quokka bulletin,javascript:window.hit=1\n"));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var exchange = await visitor.Ask("Where is the Quokka bulletin?");
        Assert.All(await exchange.Locator("a").EvaluateAllAsync<string[]>("all => all.map(a => new URL(a.href).origin)"), origin => Assert.Equal(app.Url, origin));
    }

    [ChromiumFact]
    public async Task Every_page_carries_the_policy_and_the_policy_holds()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        foreach (var path in new[] { "/", "/pipelines", "/quarantine" })
        {
            var answer = await visitor.Page.GotoAsync(path);
            Assert.Contains("script-src 'self'", answer!.Headers["content-security-policy"]);
            Assert.Equal("no-store", answer.Headers["cache-control"]);
            Assert.Equal("DENY", answer.Headers["x-frame-options"]);
        }
        visitor.Expected.Add("Content Security Policy");
        await visitor.Page.EvaluateAsync("() => { const s = document.createElement('script'); s.textContent = 'window.hit = 1'; document.body.append(s); }");
        await Harmless(visitor.Page);
    }

    private static async Task Harmless(IPage page)
    {
        await Expect(page.Locator("main img, main script, main iframe")).ToHaveCountAsync(0);
        Assert.False(await page.EvaluateAsync<bool>("() => 'hit' in window"));
    }
}
