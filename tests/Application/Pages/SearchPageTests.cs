using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Playwright;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: who searches sees where the words stand, why a passage was found, and gets to the very place. Method: search in a browser over small records, follow the links.
[Collection(PageTests.Name)]
public sealed class SearchPageTests(Chromium chromium, AskedRecords records) : IClassFixture<AskedRecords>
{
    private readonly SophiaApp app = records.App;

    [ChromiumFact]
    public async Task A_search_by_keyboard_marks_the_words_says_why_and_leads_to_the_place_in_the_record()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Search" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("written consent flight");
        await page.Keyboard.PressAsync("Enter");
        var first = page.Locator(".hit").First;
        await Expect(first.Locator(".snippet mark").First).ToBeVisibleAsync();
        await Expect(first.Locator(".reason")).ToContainTextAsync("holds");
        Assert.Equal(["written", "consent", "flight"], await first.Locator(".reason span:first-child b").AllTextContentsAsync());
        Assert.EndsWith("/search?q=written+consent+flight", page.Url);
        await first.Locator("h2 a").ClickAsync();
        await Expect(page.Locator(".record mark").First).ToContainTextAsync("written consent");
        await page.GoBackAsync();
        await Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("written consent flight");
    }

    [ChromiumFact]
    public async Task Filters_stand_in_the_address_and_an_address_that_is_passed_on_shows_the_same()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/search?q=export");
        await Expect(page.Locator(".hit")).Not.ToHaveCountAsync(0);
        await page.GetByLabel("Kind").SelectOptionAsync("section");
        await page.GetByRole(AriaRole.Button, new() { Name = "Search", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No passage holds these words" })).ToBeVisibleAsync();
        Assert.EndsWith("/search?q=export&kind=section", page.Url);
        await page.GotoAsync("/search?q=export&kind=turns&stream=office%2Ftranscripts&from=2020-01-01");
        await Expect(page.Locator(".hit")).Not.ToHaveCountAsync(0);
        await Expect(page.GetByLabel("Kind")).ToHaveValueAsync("turns");
        await Expect(page.GetByLabel("From")).ToHaveValueAsync("2020-01-01");
        await page.GotoAsync("/search?q=export&until=2020-01-01");
        await page.GetByRole(AriaRole.Link, new() { Name = "Look in everything" }).ClickAsync();
        await Expect(page.Locator(".hit")).Not.ToHaveCountAsync(0);
    }

    [ChromiumFact]
    public async Task What_cannot_be_asked_is_said_beside_the_form_and_nothing_is_lost()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        await visitor.Page.GotoAsync("/search?q=export&from=2026-05-02&until=2026-05-01");
        await Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("before");
        await Expect(visitor.Page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("export");
        await visitor.Page.GotoAsync("/search?q=export&from=tomorrow&kind=wishes");
        await Expect(visitor.Page.GetByRole(AriaRole.Alert).Locator("p")).ToHaveCountAsync(2);
    }

    [ChromiumFact]
    public async Task A_long_list_is_leafed_through_and_no_passage_is_shown_twice()
    {
        await app.Ingest("long", "", [.. Enumerable.Range(0, 47).Select(n => ($"note-{n:00}.md", $"# Note {n:00}\n\nThe quokka of hill {n:00} sleeps.\n"))]);
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var seen = new List<string>();
        await visitor.Page.GotoAsync("/search?q=quokka");
        while (true)
        {
            seen.AddRange(await visitor.Page.Locator(".hit h2").AllTextContentsAsync());
            var next = visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Next" });
            if (await next.CountAsync() == 0)
                break;
            await visitor.Follow(next);
        }
        Assert.Equal((47, 47), (seen.Count, seen.Distinct().Count()));
        await visitor.Page.GotoAsync("/search?q=quokka&page=9");
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "To the first page" }).ClickAsync();
        await Expect(visitor.Page.Locator(".hit")).ToHaveCountAsync(20);
    }

    [ChromiumFact]
    public async Task A_misspelt_word_is_found_for_its_nearness_and_the_page_says_so()
    {
        await Eventually.Get(async () => (await (await app.Owner.GetAsync("/api/search?q=handbok+hottels")).Json()).GetProperty("hits").GetArrayLength(), hits => hits > 0, "vectors of the passages");
        await using var visitor = await Visitor.SignedIn(chromium, app);
        await visitor.Page.GotoAsync("/search?q=hottels");
        await Expect(visitor.Page.Locator(".found-line")).ToContainTextAsync("nearest");
        await Expect(visitor.Page.Locator(".hit .reason").First).ToContainTextAsync("nearness");
    }

    [ChromiumFact]
    public async Task An_embedder_that_is_away_leaves_words_and_the_page_says_why()
    {
        var away = new SophiaApp { Adapt = static builder => builder.Services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(new Away()) };
        await away.InitializeAsync();
        await away.Ingest("office", "", ("handbook/travel.md", Records.Handbook));
        await using (var visitor = await Visitor.SignedIn(chromium, away))
        {
            await visitor.Page.GotoAsync("/search?q=hotels");
            await Expect(visitor.Page.Locator(".degraded")).ToContainTextAsync("Found by words alone");
            await Expect(visitor.Page.Locator(".hit")).Not.ToHaveCountAsync(0);
        }
        await away.DisposeAsync();
    }

    private sealed class Away : IEmbeddingGenerator<string, Embedding<float>>
    {
        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new HttpRequestException("The model is away.");

        public object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("away", null, "away", 8) : null;

        public void Dispose()
        {
        }
    }
}

// Goal: the stretch of a passage that is shown is the one that says most. Method: texts whose words stand far apart.
public sealed class SnippetTests
{
    [Fact]
    public void The_stretch_with_most_marks_is_shown_with_its_marks_and_nothing_else_is_cut()
    {
        var text = $"a quokka {new string('x', 30)} {string.Concat(Enumerable.Repeat("word ", 300))}here quokka and quokka sleep {string.Concat(Enumerable.Repeat("more ", 300))}";
        var marks = Marks(text, "quokka");
        var parts = Snippet.Of(text, marks);
        Assert.Equal(["quokka", "quokka"], parts.Where(part => part.Marked).Select(part => part.Text));
        Assert.Equal(("… ", " …"), (parts[0].Text, parts[^1].Text));
        Assert.Contains(string.Concat(parts.Skip(1).SkipLast(1).Select(part => part.Text)), text);
        Assert.InRange(parts.Sum(part => part.Text.Length), 100, Snippet.MaxLength + 10);
    }

    [Theory]
    [InlineData("", "quokka")]
    [InlineData("quokka", "quokka")]
    [InlineData("a quokka and a quokka", "quokka")]
    public void A_short_text_is_shown_whole(string text, string word) => Assert.Equal(text, string.Concat(Snippet.Of(text, Marks(text, word)).Select(part => part.Text)));

    [Fact]
    public void Marks_beyond_the_text_are_left_out_and_no_sign_is_halved()
    {
        var text = string.Concat(Enumerable.Repeat("\ud83d\ude00", 600));
        var parts = Snippet.Of(text, [new Knowledge.TextSpan(5_000, 3), new Knowledge.TextSpan(-1, 2), new Knowledge.TextSpan(700, 2)]);
        Assert.All(parts, part => Assert.False(part.Text.Length > 0 && (char.IsLowSurrogate(part.Text[0]) || char.IsHighSurrogate(part.Text[^1]))));
    }

    private static Knowledge.TextSpan[] Marks(string text, string word) => [.. System.Text.RegularExpressions.Regex.Matches(text, word).Select(match => new Knowledge.TextSpan(match.Index, match.Length))];
}
