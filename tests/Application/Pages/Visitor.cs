using System.Collections.Concurrent;
using Microsoft.Playwright;
using Sophia.Hosting;

namespace Sophia.Pages;

/// <summary>A person at a browser of their own. When they go, nothing may have failed in the console, run by accident, or asked another host.</summary>
internal sealed class Visitor : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> complaints = new();
    private readonly IBrowserContext context;
    private readonly string url;

    private Visitor(IBrowserContext context, IPage page, string url)
    {
        this.context = context;
        this.url = url;
        Page = page;
        page.Console += (_, said) => { if (said.Type is "error" or "warning") Complain($"console: {said.Text} at {said.Location}"); };
        page.PageError += (_, error) => Complain($"script: {error}");
        page.Dialog += (_, dialog) => { Complain($"dialog: {dialog.Message}"); _ = dialog.DismissAsync(); };
        context.Request += (_, request) => { if (!request.Url.StartsWith(url, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) Complain($"another host: {request.Url}"); };
    }

    public IPage Page { get; }

    /// <summary>What may be complained of: a part of the text, such as the status of a request that is meant to be refused.</summary>
    public List<string> Expected { get; } = [];

    /// <summary>A browser that nobody has signed in.</summary>
    public static async Task<Visitor> Unknown(Chromium chromium, SophiaApp app, int width = 1280, ColorScheme scheme = ColorScheme.Light, string? through = null)
    {
        var context = await (await chromium.Browser).NewContextAsync(new() { BaseURL = through ?? app.Url, ViewportSize = new() { Width = width, Height = 860 }, ColorScheme = scheme, Locale = "en-GB", TimezoneId = "Europe/Berlin" });
        context.SetDefaultTimeout(60_000);
        return new Visitor(context, await context.NewPageAsync(), through ?? app.Url);
    }

    /// <summary>A browser that the button of a one-time link has signed in, as the default tenant's owner or the one with a key.</summary>
    /// <param name="through">The address of a relay that stands before the application, or null.</param>
    public static async Task<Visitor> SignedIn(Chromium chromium, SophiaApp app, HttpClient? owner = null, int width = 1280, ColorScheme scheme = ColorScheme.Light, string? through = null)
    {
        var visitor = await Unknown(chromium, app, width, scheme, through);
        await visitor.Page.GotoAsync((await Link(owner ?? app.Owner))[app.Url.Length..]);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Arrives(visitor.Page, url => url == visitor.url + "/");
        return visitor;
    }

    public static async Task<string> Link(HttpClient owner)
    {
        using var answer = await owner.PostAsync("/api/signin-links", null);
        return (await answer.EnsureSuccessStatusCode().Json()).GetProperty("url").GetString()!;
    }

    /// <summary>Types a question into the box, sends it with Enter, and waits for the whole answer.</summary>
    public async Task<ILocator> Ask(string question)
    {
        await Page.GetByLabel("Question", new() { Exact = true }).FillAsync(question);
        await Page.Keyboard.PressAsync("Enter");
        var exchange = Page.Locator(".exchange", new() { Has = Page.GetByRole(AriaRole.Heading, new() { Name = question, Exact = true }) }).Last;
        await Assertions.Expect(exchange.Locator(".answer")).ToHaveAttributeAsync("aria-busy", "false");
        await Assertions.Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true })).ToBeVisibleAsync();
        return exchange;
    }

    /// <summary>Follows a link, and waits for the whole page behind it.</summary>
    public async Task Follow(ILocator link)
    {
        var address = await link.EvaluateAsync<string>("link => link.href");
        await link.ClickAsync();
        await Arrives(Page, url => url == address);
    }

    /// <summary>Waits for the whole page at an address. Playwright's own wait does not hear of a page that is loaded in the moment in which it begins to wait.</summary>
    public static Task Arrives(IPage page, Func<string, bool> address) => Eventually.Comes(async () =>
    {
        try
        {
            return address(page.Url) && await page.EvaluateAsync<bool>("() => document.readyState === 'complete'");
        }
        catch (PlaywrightException)
        {
            return false; // It was left in that moment.
        }
    }, "the whole page");

    /// <summary>Whether the page can be moved sideways.</summary>
    public Task<bool> MovesSideways() => Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > document.documentElement.clientWidth");

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        Assert.Empty(complaints);
    }

    private void Complain(string text)
    {
        if (!Expected.Exists(part => text.Contains(part, StringComparison.Ordinal)))
            complaints.Enqueue(text);
    }
}
