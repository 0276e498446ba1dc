using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Sophia.Hosting;
using Sophia.Resilience;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: an operator sees why a dependency is not asked, and acts with a reason. Method: a browser, and a breaker that is called as a dependency would have it called.
[Collection(PageTests.Name)]
public sealed class BreakerPageTests(Chromium chromium, OpenBreakers open) : IClassFixture<OpenBreakers>
{
    private readonly SophiaApp app = open.App;

    [ChromiumFact]
    public async Task A_breaker_that_opened_says_why_and_is_isolated_held_closed_and_reset_with_reasons()
    {
        var breaker = app.Services.GetRequiredService<IBreakers>().OfInstallation("model");
        for (var entry = await breaker.Enter(default); !entry.IsRefused; entry = breaker.TryEnter())
            entry.Permit.Report(CallOutcome.Failed);
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await Eventually.Comes(async () =>
        {
            await page.GotoAsync("/breakers");
            return await page.Locator("#breaker-system-model .trouble").CountAsync() == 1;
        }, "the breaker on the page");
        var card = page.Locator("#breaker-system-model");
        await Expect(card.GetByText("5 failures in a row").First).ToBeVisibleAsync();
        await Act("Isolate", "it costs <b>too much</b>");
        await Expect(card.GetByText("it costs <b>too much</b>").First).ToBeVisibleAsync();
        await Expect(card.Locator(".state")).ToHaveTextAsync("isolated");
        await Eventually.Comes(() => breaker.TryEnter() is { IsRefused: true, Refusal.Reason: BreakerRefusalReason.Isolated }, "isolated here");
        await Act("Hold closed", "it must go on");
        await Expect(card.Locator(".state")).ToHaveTextAsync("held closed");
        await Act("Reset", "as ever");
        await Expect(card.Locator(".state")).ToHaveTextAsync("closed");
        await card.GetByText("History").ClickAsync();
        await Expect(card.GetByRole(AriaRole.Cell, new() { Name = "reset: as ever" })).ToBeVisibleAsync();

        async Task Act(string what, string reason)
        {
            await card.GetByRole(AriaRole.Button, new() { Name = what, Exact = true }).ClickAsync();
            await page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync(reason);
            await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        }
    }
}
