using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: only who was let in sees a page. Method: a browser, the one-time link, and its button.
[Collection(PageTests.Name)]
public sealed class SignInPageTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    [ChromiumFact]
    public async Task A_link_signs_one_browser_in_and_works_once_only()
    {
        var link = await Visitor.Link(app.Owner);
        await using var first = await Visitor.Unknown(chromium, app);
        await first.Page.GotoAsync(link);
        await first.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).PressAsync("Enter");
        await Expect(first.Page.GetByText("default", new() { Exact = true })).ToBeVisibleAsync();

        await using var second = await Visitor.Unknown(chromium, app);
        second.Expected.Add("401");
        await second.Page.GotoAsync(link);
        await second.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(second.Page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("This link no longer works");
        Assert.Equal(401, (await second.Page.GotoAsync("/"))!.Status);
    }

    [ChromiumFact]
    public async Task Without_a_sign_in_every_page_says_how_to_get_one_and_shows_nothing_else()
    {
        await app.Ingest("guarded", "", ("guarded.md", "# Guarded\n\nThe word is xyzzy."));
        await using var stranger = await Visitor.Unknown(chromium, app);
        stranger.Expected.Add("401");
        foreach (var path in new[] { "/", "/pipelines", "/pipelines/guarded", "/quarantine", "/record?stream=guarded&key=guarded.md", "/pages/ask?session=a", "/pages/pipelines" })
        {
            Assert.Equal(401, (await stranger.Page.GotoAsync(path))!.Status);
            await Expect(stranger.Page.GetByText("sophia up")).ToBeVisibleAsync();
            Assert.DoesNotContain("uarded", await stranger.Page.ContentAsync());
        }
    }

    [ChromiumFact]
    public async Task Signing_out_ends_it_and_going_back_shows_nothing()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        visitor.Expected.Add("401");
        await visitor.Page.GotoAsync("/pipelines");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Sign in");
        // Asked of the page itself: the browser's driver at times waits in vain for a page that the server refuses.
        await visitor.Page.EvaluateAsync("() => { setTimeout(() => history.back()) }");
        await Expect(visitor.Page).ToHaveURLAsync(app.Url + "/pipelines");
        await Expect(visitor.Page.GetByText("sophia up")).ToBeVisibleAsync();
        await Expect(visitor.Page.GetByText("Sources and pipelines")).ToHaveCountAsync(0);
    }
}
