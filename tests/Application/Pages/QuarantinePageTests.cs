using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: whoever looks after the data sees why each cell was held back and decides. Method: decide in a browser, look at the records by REST.
[Collection(PageTests.Name)]
public sealed class QuarantinePageTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string Rules = "streams:\n  NAME:\n    key: [id]\n    rules:\n      - type: {age: integer}\n      - pattern: {zip: '^[0-9]{5}$'}\ngate:\n  minimumScore: 0\n";

    [ChromiumFact]
    public async Task Every_wrong_cell_has_its_reason_and_a_record_is_mended_until_it_is_right()
    {
        await using var visitor = await Held("mended", "id,age,zip\n1,30,10115\n7,old,1011\n");
        var page = visitor.Page;
        var card = page.Locator(".held");
        await Expect(card).ToHaveCountAsync(1);
        await Expect(card.Locator(".reasons li")).ToHaveCountAsync(2);
        await Expect(card.Locator(".reasons li").First).ToContainTextAsync("age");
        await Expect(card.Locator(".reasons li code").First).ToHaveTextAsync("old");
        await Expect(card.Locator(".reasons li").Last).ToContainTextAsync("zip");
        await Expect(card).ToContainTextAsync("mended.csv, line 3");

        await card.GetByText("Look and mend").ClickAsync();
        await card.GetByLabel("Record").FillAsync("""{ "id": "7", "age": "young", "zip": "10117" }""");
        await card.GetByRole(AriaRole.Button, new() { Name = "Judge again and store" }).ClickAsync();
        await Expect(card.GetByRole(AriaRole.Alert)).ToContainTextAsync("age");
        Assert.Equal(404, (int)(await app.Owner.GetAsync("/api/record?stream=mended/mended&key=7")).StatusCode);
        await card.GetByLabel("Record").FillAsync("""{ "id": "7", "age": 41, "zip": "10117" }""");
        await card.GetByRole(AriaRole.Button, new() { Name = "Judge again and store" }).ClickAsync();
        await Expect(card).ToHaveCountAsync(0);
        await Expect(page.Locator(".empty")).ToBeVisibleAsync();
        var stored = await app.Owner.GetFromJsonAsync<JsonElement>("/api/record?stream=mended/mended&key=7");
        Assert.Contains("10117", stored.GetProperty("payloadJson").GetString());
    }

    [ChromiumFact]
    public async Task A_record_is_released_as_it_is_and_another_is_discarded_with_a_reason()
    {
        await using var visitor = await Held("decided", "id,age,zip\n1,30,10115\n2,old,10115\n3,older,10115\n4,oldest,10115\n");
        var page = visitor.Page;
        await Expect(page.Locator(".held")).ToHaveCountAsync(3);
        var second = page.Locator(".held", new() { HasText = "decided / 2" });
        await second.GetByRole(AriaRole.Button, new() { Name = "Release as it is" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "No" }).ClickAsync();
        await Expect(page.Locator(".held")).ToHaveCountAsync(3);
        await second.GetByRole(AriaRole.Button, new() { Name = "Release as it is" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.Locator(".held")).ToHaveCountAsync(2);
        Assert.True((await app.Owner.GetAsync("/api/record?stream=decided/decided&key=2")).IsSuccessStatusCode);

        await page.GetByLabel("All shown").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Discard chosen" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByLabel("Reason").FillAsync("Nobody is that old.");
        await Pictures.Take(page, "quarantine-discard", whole: false);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.Locator(".held")).ToHaveCountAsync(0);
        await page.GetByLabel("State").SelectOptionAsync("discarded");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page.Locator(".held")).ToHaveCountAsync(2);
        await Expect(page.Locator(".held").First).ToContainTextAsync("Discarded by");

        await page.GotoAsync("/record?stream=decided/decided&key=2");
        await Expect(page.Locator(".life .pairs > div", new() { HasText = "Run" })).ToContainTextAsync("a person let it out of quarantine");
        await Expect(page.Locator(".life code")).ToHaveCountAsync(1); // The hash: no empty box stands for a run.
        await Expect(page.Locator(".versions")).ToContainTextAsync("Not by a run");
    }

    [ChromiumFact]
    public async Task All_that_break_a_rule_are_mended_at_once_after_a_try()
    {
        await using var visitor = await Held("crowd", "id,age,zip\n100,41,10115\n" + string.Concat(Enumerable.Range(0, 70).Select(n => $"{n},unknown,10115\n")));
        var page = visitor.Page;
        await page.GetByText("Decide on many at once").ClickAsync();
        var form = page.Locator("[data-many]");
        await form.GetByLabel("All that break").SelectOptionAsync(new SelectOptionValue { Label = "type:age in crowd/crowd (70)" });
        await form.GetByLabel("What to do").SelectOptionAsync("edit");
        await form.GetByLabel("Field", new() { Exact = true }).FillAsync("age");
        await form.GetByLabel("New value").FillAsync("old");
        await form.GetByRole(AriaRole.Button, new() { Name = "Try it" }).ClickAsync();
        await Expect(form.Locator(".outcome")).ToContainTextAsync("It would take 70.");
        await form.GetByLabel("New value").FillAsync("41");
        await form.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("70 taken: 70 stored, 0 discarded, 0 still held.");
        await Expect(page.Locator(".held")).ToHaveCountAsync(0);
        Assert.Contains("41", (await app.Owner.GetFromJsonAsync<JsonElement>("/api/record?stream=crowd/crowd&key=69")).GetProperty("payloadJson").GetString());
    }

    [ChromiumFact]
    public async Task A_decision_on_many_goes_on_when_its_page_is_left_and_is_found_again()
    {
        await using var visitor = await Held("left", "id,age,zip\n100,41,10115\n" + string.Concat(Enumerable.Range(0, 60).Select(n => $"{n},unknown,10115\n")));
        var page = visitor.Page;
        var order = page.Locator("[id^=decision-]", new() { HasText = "left/left" });
        (await app.Owner.PostAsJsonAsync("/api/queue/hold", new { queue = "sophia", reason = "repairs", confirm = "sophia" })).EnsureSuccessStatusCode();
        try
        {
            await page.GetByText("Decide on many at once").ClickAsync();
            var form = page.Locator("[data-many]");
            await form.GetByLabel("All that break").SelectOptionAsync(new SelectOptionValue { Label = "type:age in left/left (60)" });
            await form.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();
            await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
            await Expect(form.Locator(".outcome")).ToContainTextAsync("0 of at most 60; it goes on if you leave this page.");
            await page.GotoAsync("/");
            await page.GotoAsync("/quarantine?pipeline=left");
            await Expect(order).ToContainTextAsync("waiting");
            await Expect(order).ToContainTextAsync("the queue is held: repairs");
            await Pictures.Take(page, "quarantine-decisions", whole: false);
        }
        finally
        {
            (await app.Owner.PostAsJsonAsync("/api/queue/let-go", new { queue = "sophia", reason = "repaired", confirm = "sophia" })).EnsureSuccessStatusCode();
        }
        await Expect(order.Locator(".state")).ToHaveTextAsync("done");
        Assert.True((await app.Owner.GetAsync("/api/record?stream=left/left&key=59")).IsSuccessStatusCode);
    }

    [ChromiumFact]
    public async Task The_count_of_a_run_leads_to_what_it_held_back()
    {
        await using var visitor = await Held("counted", "id,age,zip\n1,30,10115\n2,old,10115\n");
        await visitor.Page.GotoAsync("/pipelines");
        await visitor.Page.Locator("[data-pipeline=counted] [data-count=quarantined] a").ClickAsync();
        await Expect(visitor.Page.Locator(".held")).ToHaveCountAsync(1);
        await Expect(visitor.Page.Locator(".held")).ToContainTextAsync("counted / 2");
    }

    private async Task<Visitor> Held(string name, string table)
    {
        await app.Ingest(name, Rules.Replace("NAME", name, StringComparison.Ordinal), ($"{name}.csv", table));
        var visitor = await Visitor.SignedIn(chromium, app);
        await visitor.Page.GotoAsync($"/quarantine?pipeline={name}");
        return visitor;
    }
}
