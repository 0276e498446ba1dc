using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Sophia.Hosting;
using Sophia.Resilience;
using Sophia.Security;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: somebody finds what became of a key, sets a stuck one free with a reason, and reads that in the audit. Method: a browser, and a claim under a lease of an hour.
[Collection(PageTests.Name)]
public sealed class IdempotencyPageTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    [ChromiumFact]
    public async Task A_key_is_looked_up_released_and_stands_in_the_audit()
    {
        const string key = "bill & <7>";
        using (CallerContext.For(RunningSophia.DefaultTenant))
            await app.Services.GetRequiredService<IGrainFactory>().GetGrain<IIdempotencyGrain>(IdempotencyKey.Of(RunningSophia.DefaultTenant, IdempotencyKey.NameOf("k-7", key)))
                .Claim(new IdempotencyClaim("a", "same", "POST /api/ask", IdempotencyLimits.LongestLease));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/idempotency");
        await Expect(page.GetByText("A key is remembered for")).ToBeVisibleAsync();
        await page.GetByLabel("Key", new() { Exact = true }).FillAsync(key);
        await page.GetByRole(AriaRole.Button, new() { Name = "Look it up" }).ClickAsync();
        await Expect(page.Locator("#no-key")).ToContainTextAsync("from your own API key");
        await page.GetByLabel("Sent by the API key").FillAsync("k-7");
        await page.GetByRole(AriaRole.Button, new() { Name = "Look it up" }).ClickAsync();
        var card = page.Locator("#key");
        await Expect(card.GetByRole(AriaRole.Heading)).ToHaveTextAsync("POST /api/ask");
        await Expect(card.Locator(".state")).ToHaveTextAsync("running");
        await Pictures.Take(page, "idempotency-running");
        await card.GetByRole(AriaRole.Button, new() { Name = "Release" }).ClickAsync();
        await Expect(page.GetByText("its effect may happen twice")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync("its process <b>hangs</b>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(card.Locator(".state")).ToHaveTextAsync("released");
        await Expect(card.GetByRole(AriaRole.Button, new() { Name = "Release" })).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "its process <b>hangs</b>" })).ToBeVisibleAsync();
        await Pictures.Take(page, "idempotency-released");
    }
}
