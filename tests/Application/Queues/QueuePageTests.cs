using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Sophia.Hosting;
using Sophia.Pages;
using Sophia.Tenants;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Queues;

// Goal: a dead letter of every cause is found, explained and brought back by a person at the page, and what was done can be read. Method: work that fails as it says, in a browser.
[Collection(PageTests.Name)]
public sealed class QueuePageTests(Chromium chromium, QueuePageTests.FailingWork failing) : IClassFixture<QueuePageTests.FailingWork>
{
    private readonly SophiaApp app = failing.App;

    [ChromiumFact]
    public async Task A_dead_letter_of_every_cause_is_found_explained_mended_and_replayed()
    {
        failing.Mended = false;
        await Items("sophia", new { kind = "moody", payload = "fail" }, new { kind = "moody", payload = "reject" }, new { kind = "nobodys", payload = 1, maxAttempts = 1 },
            new { kind = "moody", payload = "late", deadline = "2001-01-01T00:00:00Z" });
        await Items("outside", new { kind = "moody", payload = 1 });
        (await app.Owner.PostAsJsonAsync("/api/queue/outside/lease", new { worker = "hanging", seconds = 1 })).EnsureSuccessStatusCode();
        await Eventually.Comes(async () => await Dead() == 5, "five dead letters");
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/queues");
        await Expect(page.Locator("article.held")).ToHaveCountAsync(5);
        foreach (var (cause, said) in ((string, string)[])[("Failed", "Every attempt failed. the store is away"), ("Rejected", "Its worker says that it never can. it is no number"), ("NoHandler", "Nobody does work of this kind."),
            ("Expired", "It was not begun before its deadline."), ("Lapsed", "Its workers went away or hung.")])
        {
            await page.Locator("select[name=cause]").SelectOptionAsync(cause);
            await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
            await Expect(page.Locator("article.held")).ToHaveCountAsync(1);
            await Expect(page.Locator("article.held .why")).ToContainTextAsync(said);
        }
        await Pictures.Take(page, "dead-letter");

        // One that is mended by another payload.
        await page.GotoAsync("/queues?cause=Rejected");
        await page.GetByText("Look and mend").ClickAsync();
        await page.Locator("textarea[name=payload]").FillAsync("\"good\"");
        await Sure(page, "Save", "it is no number");
        await Expect(page.Locator("#notice")).ToContainTextAsync("is saved");
        await Sure(page, "Bring back", "its payload is mended");
        await Expect(page.Locator("#notice")).ToContainTextAsync("1 of 1 brought back");
        await Eventually.Comes(async () => await Dead() == 4, "the mended one done");

        // All that failed and expired: a dry run, and step by step once what they need is back.
        failing.Mended = true;
        await page.GotoAsync("/queues?kind=moody&queue=sophia");
        await page.GetByText("Replay all that the filter takes").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Try it" }).ClickAsync();
        await Expect(page.Locator(".outcome")).ToHaveTextAsync("It would take 2 items, 1 of them first.");
        await Sure(page, "Replay", "they are mended");
        await Expect(page.Locator("#replay-phase")).ToHaveTextAsync("done");
        await Expect(page.Locator("#replay-done")).ToHaveTextAsync("2");
        await Pictures.Take(page, "dead-replay");

        // A quarantine by hand, and what nobody wants is given up.
        await page.GotoAsync("/queues?cause=NoHandler");
        await Sure(page, "Quarantine", "to look at it");
        await page.GotoAsync("/queues?cause=ByHand");
        await Expect(page.Locator("article.held .why")).ToHaveTextAsync("A person decided so. to look at it");
        await Sure(page, "Purge", "nobody needs it");
        await page.GotoAsync("/queues?cause=Lapsed");
        await Sure(page, "Bring back", "its worker is back");
        await Expect(page.Locator("#queue-outside .num").First).ToHaveTextAsync("1");
        await page.GotoAsync("/queues");
        await Expect(page.GetByText("Nothing is dead.")).ToBeVisibleAsync();
        await Expect(page.Locator("section:has(#deeds-title) tbody tr td:nth-child(2)")).ToHaveTextAsync(["revive", "purge", "quarantine", "replay", "revive", "edit", "quarantine"]);
        await Expect(page.Locator("section:has(#deeds-title) tbody tr td:nth-child(5)")).ToHaveTextAsync(["its worker is back", "nobody needs it", "to look at it", "they are mended", "its payload is mended", "it is no number", "Its lease ended without a word: the worker went away, or hung."]);

        await page.GetByRole(AriaRole.Row, new() { Name = "outside" }).GetByRole(AriaRole.Button, new() { Name = "Hold" }).ClickAsync();
        await page.Locator("#sure textarea").FillAsync("repairs");
        await page.Locator("#sure").GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.Locator("#queue-outside .state")).ToHaveTextAsync("held");
    }

    private static async Task Sure(IPage page, string button, string reason)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
        await page.Locator("#sure textarea").FillAsync(reason);
        // Another page is opened next: the answer has come before.
        var answer = await page.RunAndWaitForResponseAsync(() => page.Locator("#sure").GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync(), response => response.Request.Method != "GET" && response.Url.Contains("/api/", StringComparison.Ordinal));
        // A body is asked for only where it says what went wrong: the browser may have let go of it.
        if (!answer.Ok)
            Assert.Fail(await answer.TextAsync());
        await Expect(page.Locator("#sure")).ToBeHiddenAsync();
    }

    private async Task Items(string queue, params object[] items) => (await app.Owner.PostAsJsonAsync($"/api/queue/{queue}/items", new { items })).EnsureSuccessStatusCode();

    private async Task<int> Dead() => (await (await app.Owner.GetAsync("/api/dead")).Json()).GetProperty("items").GetArrayLength();

    /// <summary>The application with work that fails as its payload says, until it is mended.</summary>
    public sealed class FailingWork : IAsyncLifetime
    {
        public FailingWork() => App = new SophiaApp
        {
            Adapt = builder => builder.Services.AddSingleton<IWorkHandler>(new Moody(this)).Configure<QueueOptions>(options => (options.RetryAfter, options.MaxLapses) = (TimeSpan.FromMilliseconds(10), 1)),
        };

        public SophiaApp App { get; }

        public bool Mended { get; set; }

        public Task InitializeAsync() => App.InitializeAsync();

        public Task DisposeAsync() => App.DisposeAsync();

        private sealed class Moody(FailingWork failing) : IWorkHandler
        {
            public string Kind => "moody";

            public Task<WorkVerdict> Do(TenantId tenant, Work work, CancellationToken cancellation) => Task.FromResult(work.Payload switch
            {
                _ when failing.Mended => WorkVerdict.Done,
                "\"fail\"" => new WorkVerdict.Failed("the store is away"),
                "\"reject\"" => new WorkVerdict.Rejected("it is no number"),
                _ => WorkVerdict.Done,
            });
        }
    }
}
