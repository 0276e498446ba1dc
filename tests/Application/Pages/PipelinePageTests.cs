using System.Net.Http.Json;
using System.Text;
using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: a person without a terminal gets a folder in and sees what becomes of it. Method: fill the form, watch the page, never reload it.
[Collection(PageTests.Name)]
public sealed class PipelinePageTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    [ChromiumFact]
    public async Task A_folder_added_through_the_page_is_read_while_its_numbers_move_without_a_reload()
    {
        const int files = 40;
        const int rows = 500;
        var folder = app.FilesOf("Sales 2026", [.. Enumerable.Range(0, files).Select(n => ($"part-{n:00}.csv", Table(n, rows))), ("photo.png", "no text")]);
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/pipelines");
        await page.EvaluateAsync("""
            () => { window.seen = new Set();
              new MutationObserver(() => { const read = document.querySelector('[data-count=read] dd'); if (read) window.seen.add(read.textContent.trim()); })
                .observe(document.querySelector('#main'), { subtree: true, childList: true, characterData: true }); }
            """);
        await page.GetByLabel("Path on this machine").FillAsync(folder);
        await Expect(page.GetByLabel("Name of the pipeline")).ToHaveValueAsync("sales-2026");
        await page.GetByLabel("Name of the pipeline").FillAsync("sales");
        await page.GetByLabel("Keep watching for changes").UncheckAsync();
        await Runs("hold");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add and run" }).ClickAsync();

        var card = page.Locator("[data-pipeline=sales]");
        await Expect(card.Locator("[data-count=read] dd")).ToHaveTextAsync("0");
        await Runs("let-go");
        await Pictures.Take(page, "pipelines-running");
        await Expect(card.Locator(".state")).ToHaveTextAsync("searchable");
        await Expect(card.Locator("[data-count=read] dd")).ToHaveTextAsync($"{files * rows:N0}");
        await Expect(card.Locator("[data-count='unreadable files'] dd")).ToHaveTextAsync("1");
        await Expect(page.GetByLabel("Path on this machine")).ToHaveValueAsync("");
        Assert.True(await page.EvaluateAsync<int>("() => window.seen.size") > 1, "The numbers never moved.");

        await page.GetByLabel("Path on this machine").FillAsync(folder);
        await page.GetByLabel("Name of the pipeline").FillAsync("sales");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add and run" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("already");

        await card.GetByRole(AriaRole.Link, new() { Name = "sales", Exact = true }).ClickAsync();
        await Expect(page.Locator("#unreadable + .scroll")).ToContainTextAsync("photo.png");
        await Expect(page.Locator(".history tbody")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();
        await Expect(page.Locator(".history tbody")).ToHaveCountAsync(2);
        await Expect(page.Locator(".history tbody").First).ToContainTextAsync("asked");
        await Expect(page.Locator(".history tbody").First.Locator(".state")).ToHaveTextAsync("nothing new");
        await Expect(page.Locator("[data-count=stored] dd")).ToHaveTextAsync("0");
    }

    [ChromiumFact]
    public async Task A_folder_that_is_not_there_defines_nothing_and_its_name_stays_free()
    {
        var folder = app.FilesOf("folder", ("a.csv", "id\n1\n"));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        visitor.Expected.Add("400");
        var page = visitor.Page;
        await page.GotoAsync("/pipelines");
        await page.GetByLabel("Path on this machine").FillAsync("/no/such/folder");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#add-folder .errors")).ToContainTextAsync("Nothing is defined.\nfiles: path /no/such/folder does not exist.");
        await Expect(page.Locator("[data-pipeline=folder]")).ToHaveCountAsync(0);
        await page.GetByLabel("Path on this machine").FillAsync(folder);
        await page.Locator("#add-folder [name=watch]").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Add and run" }).ClickAsync();
        await Expect(page.Locator("[data-pipeline=folder] .state")).ToHaveTextAsync("searchable");
        await Expect(page.Locator("[data-pipeline=folder] [data-held]")).ToHaveTextAsync("holds 1 record in 1 stream");
        await page.Locator("[data-pipeline=folder]").GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();
        await Expect(page.Locator("[data-pipeline=folder]")).ToContainTextAsync("found nothing new");
        await Expect(page.Locator("[data-pipeline=folder] [data-held]")).ToHaveTextAsync("holds 1 record in 1 stream");
    }

    [ChromiumFact]
    public async Task A_dry_run_shows_what_it_would_hold_back_and_removing_asks_first()
    {
        await app.Define("dry", app.FilesOf("dry", ("ages.csv", "id,age\n1,30\n2,old\n")), "streams:\n  ages:\n    key: [id]\n    rules:\n      - type: {age: integer}\ngate:\n  minimumScore: 0\n");
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/pipelines/dry");
        await page.GetByRole(AriaRole.Button, new() { Name = "Dry run" }).ClickAsync();
        await Expect(page.Locator("#samples + .scroll tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("#samples + .scroll tbody tr")).ToContainTextAsync("old");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the pipeline" }).ClickAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Remove the pipeline" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToHaveTextAsync("");
        await Visitor.Arrives(page, static url => url.EndsWith("/pipelines", StringComparison.Ordinal));
        await Expect(page.Locator("[data-pipeline=dry]")).ToHaveCountAsync(0);
    }

    [ChromiumFact]
    public async Task A_wrong_definition_is_refused_beside_its_text_and_a_right_one_is_saved()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        visitor.Expected.Add("400");
        var page = visitor.Page;
        await page.GotoAsync("/pipelines");
        await page.GetByText("Write a definition").ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("hooks");
        await page.GetByLabel("Definition (YAML or JSON)").FillAsync("sources:\n  - type: wishes\n");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("[data-define] .errors")).ToContainTextAsync("wishes");
        await page.GetByLabel("Definition (YAML or JSON)").FillAsync($"sources:\n  - type: files\n    path: {app.FilesOf("hooks", ("a.csv", "id\n1\n"))}\n");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("[data-pipeline=hooks] .state")).ToHaveTextAsync("never run");
        await Expect(page.Locator("#notice")).ToContainTextAsync("version 1");
    }

    [ChromiumFact]
    public async Task Chosen_files_go_into_the_inbox_and_are_read()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        await visitor.Page.GotoAsync("/pipelines");
        await visitor.Page.GetByLabel("Or drop files here").SetInputFilesAsync(
        [
            new FilePayload { Name = "one.csv", MimeType = "text/csv", Buffer = Encoding.UTF8.GetBytes("id,note\n1,hello\n") },
            new FilePayload { Name = "two.md", MimeType = "text/markdown", Buffer = Encoding.UTF8.GetBytes("# Two\n\nHello there.\n") },
        ]);
        await Expect(visitor.Page.Locator("#drop-state")).ToContainTextAsync("2 files");
        // The inbox is watched: a later run that finds nothing new may follow the one that read the files.
        await visitor.Page.GotoAsync("/pipelines/inbox");
        await Expect(visitor.Page.Locator(".history [data-state=searchable]").First).ToBeVisibleAsync();
    }

    private async Task Runs(string what) => (await app.Owner.PostAsJsonAsync($"/api/queue/{what}", new { queue = "sophia-runs", reason = "a look at the page", confirm = "sophia-runs" })).EnsureSuccessStatusCode();

    private static string Table(int part, int rows)
    {
        var text = new StringBuilder("id,customer,amount,note\n");
        for (var row = 0; row < rows; row++)
            text.Append(part * rows + row).Append(",Customer ").Append(row % 97).Append(',').Append(row * 7 % 1000).Append(",ordered in part ").Append(part).Append('\n');
        return text.ToString();
    }
}
