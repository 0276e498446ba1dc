using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: everything that a run left can be found from its page. Method: a run that stores, holds back and cannot read, looked at in a browser.
[Collection(PageTests.Name)]
public sealed class RunPageTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string Rules = "streams:\n  people:\n    key: [id]\n    rules:\n      - type: {age: integer}\ngate:\n  minimumScore: 0\n";

    [ChromiumFact]
    public async Task From_the_pipeline_to_a_run_its_streams_its_unread_files_what_it_held_back_and_its_replay()
    {
        var run = await app.Ingest("crew", Rules, ("people.csv", "id,name,age\n1,Ada,36\n2,Grace,old\n3,Edsger,72\n"), ("towns.csv", "id,name\n1,Bonn\n"), ("scan.png", "no text"));
        await app.Ingest("crew", Rules, ("people.csv", "id,name,age\n1,Ada,37\n3,Edsger,72\n"));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/pipelines/crew");
        await page.Locator(".history").GetByRole(AriaRole.Link, new() { Name = $"Run {run}" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = run })).ToBeVisibleAsync();
        await Expect(page.Locator(".state").First).ToHaveTextAsync("searchable");
        var people = page.GetByRole(AriaRole.Region, new() { Name = "Streams" }).Locator("tr", new() { HasText = "crew/people" });
        await Expect(people.Locator("td.num")).ToHaveTextAsync(["2", "0", "1"]);
        await Expect(page.Locator("#unreadable + .scroll")).ToContainTextAsync("scan.png");
        await page.GetByRole(AriaRole.Link, new() { Name = "What it held back" }).ClickAsync();
        await Expect(page.Locator(".held")).ToHaveCountAsync(1);
        await page.GoBackAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Replay it" }).ClickAsync();
        await Expect(page.Locator("#replay [name=run]")).ToHaveValueAsync(run);
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay", Exact = true }).ClickAsync();
        await Expect(page.Locator("#replay-state")).ToContainTextAsync("record");
    }

    [ChromiumFact]
    public async Task A_run_that_nobody_knows_is_said_to_be_none()
    {
        await app.Ingest("known", "", ("a.md", "# A\n\nText.\n"));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        visitor.Expected.Add("404");
        await visitor.Page.GotoAsync("/pipelines/known/runs/known-1");
        await Expect(visitor.Page.Locator("main")).ToContainTextAsync("There is no such run");
    }
}
