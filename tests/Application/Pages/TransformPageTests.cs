using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: a person without a terminal sees what transforms make of records, before and after the fact. Method: a dry run, a run and a replay by the pipeline's page.
[Collection(PageTests.Name)]
public sealed class TransformPageTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string Orders = """
        {"id":"1","amount":"5","status":"paid"}
        {"id":"2","amount":"7","status":"test"}

        """;

    [ChromiumFact]
    public async Task A_dry_run_shows_records_before_and_after_and_history_keeps_what_each_step_did()
    {
        await app.Define("orders", app.FilesOf("orders", ("orders.jsonl", Orders)), Streams("[{filter: status != 'test'}, {cast: {amount: number}}]"));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/pipelines/orders");
        await page.GetByRole(AriaRole.Button, new() { Name = "Dry run" }).ClickAsync();
        await Expect(page.Locator(".sample")).ToHaveCountAsync(2);
        await Expect(page.Locator(".sample .difference tbody tr")).ToHaveTextAsync(["amount \"5\" 5"]);
        await Expect(page.Locator(".sample").Nth(1)).ToContainTextAsync("is filtered");
        await Expect(page.Locator("section:has(#transforms-title) .steps tbody tr").First).ToHaveTextAsync("orders/orders 1. filter status != 'test' 2 1 0 0");
        await Pictures.Take(page, "dry-run");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();
        // The table is drawn anew until then.
        await Expect(page.Locator(".history .state").First).ToHaveTextAsync("searchable");
        await Expect(page.Locator(".history .did summary")).ToHaveCountAsync(2);
        await page.Locator(".history .did summary").First.ClickAsync();
        await Expect(page.Locator(".history .did .steps").First).ToContainTextAsync("2. cast amount: number");
        await page.GotoAsync("/record?stream=orders/orders&key=1");
        await page.GetByText("What the source said").ClickAsync();
        await Expect(page.Locator(".source .difference tbody tr")).ToHaveTextAsync(["amount \"5\" 5"]);
        await Expect(page.Locator(".source pre")).ToContainTextAsync("\"amount\": \"5\"");
    }

    [ChromiumFact]
    public async Task A_replay_by_an_edited_definition_shows_what_would_be_otherwise_and_can_be_cancelled()
    {
        await app.Ingest("again", Streams("[{cast: {amount: number}}]"), ("orders.jsonl", Orders));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/pipelines/again");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Stream", Exact = true }).FillAsync("again/orders");
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
        await Expect(page.Locator("#replay-state")).ToHaveTextAsync("Replayed 2 records.");
        await Expect(page.Locator("[data-outcome=Same] dd")).ToHaveTextAsync("2");

        await page.Locator("textarea[name=definition]").FillAsync((await page.Locator("textarea[name=definition]").InputValueAsync()).Replace("[{cast", "[{filter: status = 'paid'}, {derive: {twice: amount * 2}}, {cast", StringComparison.Ordinal));
        await page.GetByLabel("By the definition as it is edited below").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
        await Expect(page.Locator("#replay-state")).ToHaveTextAsync("Replayed 2 records.");
        await Expect(page.Locator("[data-outcome=Changed] dd")).ToHaveTextAsync("1");
        await Expect(page.Locator("[data-outcome=Filtered] dd")).ToHaveTextAsync("1");
        await page.Locator("#replay-differences summary").First.ClickAsync();
        await Expect(page.Locator("#replay-differences .difference tbody tr").First).ToContainTextAsync("twice");
        await Pictures.Take(page, "replay");

        // An answer that never comes: the button ends the waiting, and what was found stays.
        await page.RouteAsync("**/pages/pipelines/again/replay", _ => Task.CompletedTask);
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(page.Locator("#replay-state")).ToHaveTextAsync("Cancelled after 0 records.");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeHiddenAsync();
    }

    private static string Streams(string transforms) => $"streams:\n  orders:\n    key: [id]\n    transforms: {transforms}\ngate: {{minimumScore: 0}}\n";
}
