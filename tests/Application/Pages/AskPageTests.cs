using System.Net.Http.Json;
using System.Text.Json;
using System.Web;
using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

/// <summary>The application with two small streams that can be asked.</summary>
public sealed class AskedRecords : IAsyncLifetime
{
    public SophiaApp App { get; } = new();

    public async Task InitializeAsync()
    {
        await App.InitializeAsync();
        await App.Ingest("office", "", ("handbook/travel.md", Records.Handbook), ("calls/acme.txt", Records.Call));
    }

    public Task DisposeAsync() => App.DisposeAsync();
}

// Goal: an answer can be followed back to the very words. Method: ask in a browser, follow every mark, compare with the record by REST.
[Collection(PageTests.Name)]
public sealed class AskPageTests(Chromium chromium, AskedRecords asked) : IClassFixture<AskedRecords>
{
    private readonly SophiaApp app = asked.App;

    [ChromiumFact]
    public async Task Every_sentence_has_a_mark_that_leads_to_a_page_on_which_exactly_its_words_are_marked()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var exchange = await visitor.Ask("Who has to consent to an expensive flight?");
        await Expect(exchange.Locator(".answer")).ToContainTextAsync("Mara Voss");
        var sentences = await exchange.Locator(".said").AllAsync();
        Assert.NotEmpty(sentences);
        foreach (var sentence in sentences)
            await Expect(sentence.Locator("a.mark").First).ToBeVisibleAsync();
        await Expect(exchange.Locator(".sources li")).ToHaveCountAsync(1);

        foreach (var address in await exchange.Locator("a.mark").EvaluateAllAsync<string[]>("all => [...new Set(all.map(a => a.getAttribute('href')))]"))
        {
            await visitor.Page.GotoAsync(address);
            var shown = await visitor.Page.Locator("mark").AllTextContentsAsync();
            Assert.Equal(await CitedWords(address), shown);
            await Expect(visitor.Page.Locator("mark").First).ToBeInViewportAsync();
        }
    }

    [ChromiumFact]
    public async Task Back_and_forward_lead_between_the_answer_and_its_record()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        var exchange = await visitor.Ask("What does Acme worry about?");
        await Expect(exchange.Locator(".answer")).ToContainTextAsync("slow export");
        var conversation = page.Url;
        Assert.Contains("session=", conversation);
        await exchange.Locator("a.mark").First.ClickAsync();
        await Expect(page.Locator("mark").First).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Expect(page.Locator(".answer")).ToContainTextAsync("slow export");
        Assert.Equal(conversation, page.Url);
        await page.GoForwardAsync();
        await Expect(page.Locator("mark").First).ToBeVisibleAsync();
        await page.GoBackAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "New question" }).ClickAsync();
        await Expect(page.Locator(".answer")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Link, new() { Name = "What does Acme worry about?" }).First.ClickAsync();
        await Expect(page.Locator(".answer")).ToContainTextAsync("slow export");
    }

    [ChromiumFact]
    public async Task What_is_near_is_told_apart_from_an_answer_and_leads_to_its_words()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var exchange = await visitor.Ask("Who sold Acme?");
        await Expect(exchange.Locator(".answer")).ToContainTextAsync("Nothing here answers that.");
        await Expect(exchange.Locator(".sources")).ToHaveCountAsync(0);
        var near = exchange.Locator(".near");
        await Expect(near).ToContainTextAsync("Near, but no answer:");
        await Pictures.Take(visitor.Page, "near");
        await near.GetByRole(AriaRole.Link).First.ClickAsync();
        await Expect(visitor.Page.Locator("mark").First).ToBeVisibleAsync();
    }

    [ChromiumFact]
    public async Task A_keyboard_is_enough_and_the_focus_is_always_seen()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await Expect(page.GetByLabel("Question", new() { Exact = true })).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("Which hotels are allowed?");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Keyboard.TypeAsync("And paid?");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".answer")).ToContainTextAsync("140 euros");
        await Expect(page.Locator(".answer")).ToHaveAttributeAsync("aria-busy", "false");

        await page.GotoAsync(page.Url);
        await page.Locator(".skip").FocusAsync();
        var stops = new List<string>();
        for (var n = 0; n < 40; n++)
        {
            var stop = await page.EvaluateAsync<JsonElement>("""
                () => { const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
                  return { name: e.id || e.getAttribute("aria-label") || e.textContent.trim(), body: e === document.body, seen: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 && box.width > 0 && box.right > 0 }; }
                """);
            if (stop.GetProperty("body").GetBoolean())
                break;
            Assert.True(stop.GetProperty("seen").GetBoolean(), $"The focus on {stop} is not seen.");
            stops.Add(stop.GetProperty("name").GetString()!);
            await page.Keyboard.PressAsync("Tab");
        }
        var places = await page.Locator("nav a").AllTextContentsAsync();
        Assert.Equal(["Skip to the content", "Sophia", .. places, "Sign out", "New question"], stops.Take(places.Count + 4));
        Assert.True(stops.FindIndex(s => s.StartsWith("Source ", StringComparison.Ordinal)) is > 0 and var mark && mark < stops.IndexOf("question"), string.Join(", ", stops));
        await page.GetByLabel("Source 1:").First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("mark").First).ToBeVisibleAsync();
    }

    [ChromiumFact]
    public async Task A_conversation_is_deleted_by_its_button_once_the_question_is_answered_with_yes()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Delete the conversation" })).ToBeHiddenAsync();
        await visitor.Ask("Which hotels are allowed to be forgotten?");
        var conversation = page.Url;
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete the conversation" }).ClickAsync();
        await page.Locator("#sure").GetByRole(AriaRole.Button, new() { Name = "No", Exact = true }).ClickAsync();
        await page.GotoAsync(conversation);
        await Expect(page.Locator(".exchange")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete the conversation" }).ClickAsync();
        await page.Locator("#sure").GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Expect(page.Locator("#hello")).ToBeVisibleAsync();
        await Expect(page.Locator(".sessions")).Not.ToContainTextAsync("to be forgotten");
        await page.GotoAsync(conversation);
        await Expect(page.Locator(".exchange")).ToHaveCountAsync(0);
    }

    [ChromiumFact]
    public async Task An_opinion_is_kept()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var exchange = await visitor.Ask("When will the export be fixed?");
        await exchange.GetByRole(AriaRole.Button, new() { Name = "This answer did not help" }).ClickAsync();
        await Expect(exchange.GetByRole(AriaRole.Button, new() { Name = "This answer did not help" })).ToHaveAttributeAsync("aria-pressed", "true");
        await visitor.Page.ReloadAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "This answer did not help" })).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "This answer helped" })).ToHaveAttributeAsync("aria-pressed", "false");
    }

    [ChromiumFact]
    public async Task Who_has_no_records_is_told_how_to_begin()
    {
        var (_, _, owner) = await app.NewTenant();
        await using var visitor = await Visitor.SignedIn(chromium, app, owner);
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Add a folder" }).ClickAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Heading, new() { Name = "No pipelines yet" })).ToBeVisibleAsync();
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Quarantine" }).ClickAsync();
        await Expect(visitor.Page.Locator(".empty")).ToBeVisibleAsync();
    }

    /// <summary>The words of an address's spans, cut from the stored payload.</summary>
    private async Task<IReadOnlyList<string>> CitedWords(string address)
    {
        var query = HttpUtility.ParseQueryString(new Uri(new Uri(app.Url), address).Query);
        var record = await app.Owner.GetFromJsonAsync<JsonElement>($"/api/record?stream={Uri.EscapeDataString(query["stream"]!)}&key={Uri.EscapeDataString(query["key"]!)}");
        using var payload = JsonDocument.Parse(record.GetProperty("payloadJson").GetString()!);
        return [.. from span in query.GetValues("span")! let parts = span.Split(':', 3) select Field(payload.RootElement, parts[2]).Substring(int.Parse(parts[0]), int.Parse(parts[1]))];
    }

    private static string Field(JsonElement element, string path)
    {
        foreach (var step in path.Replace("[", ".[", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries))
            element = step.StartsWith('[') ? element[int.Parse(step.Trim('[', ']'))] : element.GetProperty(step);
        return element.ToString();
    }
}
