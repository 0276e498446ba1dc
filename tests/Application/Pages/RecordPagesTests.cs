using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Sophia.Hosting;
using Sophia.Log;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: every record can be found, with what each version changed and where it went. Method: store two versions, hold one back, look in a browser.
[Collection(PageTests.Name)]
public sealed class RecordPagesTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string Rules = "streams:\n  people:\n    key: [id]\n    transforms:\n      - rename: {town: city}\n    rules:\n      - type: {age: integer}\ngate:\n  minimumScore: 0\n";

    [ChromiumFact]
    public async Task From_the_streams_to_a_record_its_versions_their_difference_and_where_it_went()
    {
        await app.Ingest("crew", Rules, ("people.csv", "id,name,town,age,note\n1,Ada,London,36,keeps the books of the harbour\n2,Grace,Boston,41,\n"));
        await app.Ingest("crew", Rules, ("people.csv", "id,name,town,age,note\n1,Ada,Paris,36,keeps the books of the old harbour\n2,Grace,Boston,old,\n"));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Records", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "crew/people", Exact = true }).ClickAsync();
        await Expect(page.Locator("table.records tbody tr")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Link, new() { Name = "1", Exact = true }).ClickAsync();

        var versions = page.Locator(".versions details");
        await Expect(versions).ToHaveCountAsync(2);
        await Expect(versions.First.Locator("summary")).ToContainTextAsync("2 fields differ");
        await Expect(versions.First.Locator(".changes del").First).ToHaveTextAsync("London");
        await Expect(versions.First.Locator(".changes ins").First).ToHaveTextAsync("Paris");
        await Expect(versions.First.Locator(".changes div").Last).ToContainTextAsync("keeps the books of the old harbour");
        await Expect(versions.Last.Locator("summary")).ToContainTextAsync("first stored");
        await Expect(page.Locator(".life .state")).ToHaveTextAsync("searchable");
        await Expect(page.Locator(".life .steps")).ToContainTextAsync("transformed by definition version");
        await Expect(page.Locator(".life .steps li").First).ToContainTextAsync("passage");
        await Expect(page.Locator(".life").GetByRole(AriaRole.Link, new() { Name = "crew", Exact = true })).ToBeVisibleAsync();
        await page.GetByText("What the source said").ClickAsync();
        await Expect(page.Locator(".source pre")).ToContainTextAsync("\"town\": \"Paris\"");
        await versions.Last.Locator("summary").ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Show version 1" }).ClickAsync();
        await Expect(page.Locator(".record")).ToContainTextAsync("London");
        await page.GetByRole(AriaRole.Link, new() { Name = "There is a newer version (2)." }).ClickAsync();
        await Expect(page.Locator(".record")).ToContainTextAsync("Paris");

        await page.GotoAsync("/record?stream=crew%2Fpeople&key=2");
        await Expect(page.Locator(".life .state")).ToHaveTextAsync("quarantined");
        await Expect(page.Locator(".life .waiting")).ToContainTextAsync("decision");
        await page.GetByRole(AriaRole.Link, new() { Name = "What is held back of this stream" }).ClickAsync();
        await Expect(page.Locator(".held")).ToHaveCountAsync(1);
    }

    [ChromiumFact]
    public async Task A_stream_and_a_record_are_shown_as_they_stood()
    {
        await app.Ingest("ships", "streams:\n  log:\n    key: [id]\n", ("log.csv", "id,port\n1,London\n"));
        var first = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/record?stream=ships%2Flog&key=1")).GetProperty("at").GetDateTimeOffset();
        await app.Ingest("ships", "streams:\n  log:\n    key: [id]\n", ("log.csv", "id,port\n1,Paris\n2,Boston\n"));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync($"/records?stream=ships%2Flog&at={Uri.EscapeDataString(first.UtcDateTime.ToString("O"))}");
        await Expect(page.Locator("table.records tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator(".callout")).ToContainTextAsync("as they stood");
        await page.GetByRole(AriaRole.Link, new() { Name = "1", Exact = true }).ClickAsync();
        await Expect(page.Locator(".record")).ToContainTextAsync("London");
        await Expect(page.Locator(".lead")).ToContainTextAsync("So it stood on");
        await page.GetByRole(AriaRole.Link, new() { Name = "As it stands now" }).ClickAsync();
        await Expect(page.Locator(".record")).ToContainTextAsync("Paris");

        // The field is in the reader's zone (Europe/Berlin), the address in UTC.
        await page.GetByLabel("As it stood at").FillAsync("2001-06-01T12:00");
        await page.Keyboard.PressAsync("Enter");
        await Visitor.Arrives(page, static url => url.EndsWith("at=2001-06-01T10%3A00%3A00.000Z", StringComparison.Ordinal));
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not there yet");
        await Expect(page.Locator(".record")).ToContainTextAsync("Paris");
        await page.GotoAsync("/records?stream=ships%2Flog&at=2001-06-01T10:00:00Z");
        await Expect(page.GetByLabel("As it stood at")).ToHaveValueAsync("2001-06-01T12:00");
        await Expect(page.Locator(".empty")).ToContainTextAsync("No record was there yet");
        await page.GotoAsync("/records?stream=ships%2Flog&at=soon");
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("no moment");
        await Expect(page.Locator("table.records tbody tr")).ToHaveCountAsync(2);
    }

    [ChromiumFact]
    public async Task A_record_is_erased_from_its_page_after_a_question_that_says_what_is_not_reached()
    {
        await app.Ingest("leavers", "streams:\n  people:\n    key: [id]\n", ("people.csv", "id,name\n1,Ada\n2,Grace\n"));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/record?stream=leavers%2Fpeople&key=1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Erase this record" }).ClickAsync();
        await Expect(page.Locator("#sure-question")).ToContainTextAsync("1 record with 1 version of leavers/people? Not reached: The source still has them");
        await page.GetByRole(AriaRole.Button, new() { Name = "No" }).ClickAsync();
        await Expect(page.Locator("#erase-status")).ToBeEmptyAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Erase this record" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        await Visitor.Arrives(page, static url => url.Contains("/records?stream=", StringComparison.Ordinal));
        await Expect(page.Locator("table.records tbody tr")).ToHaveCountAsync(1);
        Assert.Equal(404, (int)(await app.Owner.GetAsync("/record?stream=leavers%2Fpeople&key=1")).StatusCode);
    }

    [ChromiumFact]
    public async Task A_long_stream_is_leafed_through_by_key_and_a_key_is_opened_at_once()
    {
        await app.Ingest("many", "streams:\n  rows:\n    key: [id]\n", ("rows.csv", "id,name\n" + string.Concat(Enumerable.Range(100, 120).Select(n => $"{n},Row {n}\n"))));
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/records?stream=many%2Frows");
        var seen = new List<string>();
        while (true)
        {
            seen.AddRange(await page.Locator("table.records .key").AllTextContentsAsync());
            var next = page.GetByRole(AriaRole.Link, new() { Name = "Next" });
            if (await next.CountAsync() == 0)
                break;
            await visitor.Follow(next);
        }
        Assert.Equal(Enumerable.Range(100, 120).Select(n => $"{n}"), seen.Select(key => key.Trim()));
        await page.GetByRole(AriaRole.Link, new() { Name = "First" }).ClickAsync();
        await page.GetByLabel("Key").FillAsync("177");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Row 177" })).ToBeVisibleAsync();
    }
}

// Goal: a difference says what changed and nothing else. Method: pairs of payloads.
public sealed class RecordDifferenceTests
{
    [Theory]
    [InlineData("""{"a":"the quick brown fox"}""", """{"a":"the quick red fox"}""", "a: the quick -brown-+red+ fox")]
    [InlineData("""{"a":"the bell is broken at the gate"}""", """{"a":"the horn was mended at a gate"}""", "a: the -bell is broken-+horn was mended+ at -the-+a+ gate")]
    [InlineData("""{"a":"same"}""", """{"a":"same"}""", "")]
    [InlineData("""{"a":1,"b":2}""", """{"a":1}""", "b: -2-")]
    [InlineData("""{"a":1}""", """{"a":1,"b":{"c":[true]}}""", "b.c[0]: +true+")]
    [InlineData("""{"a":"x"}""", """{"a":null}""", "a: -x-+null+")]
    [InlineData("""{"a":"cat"}""", """{"a":"cats"}""", "a: -cat-+cats+")]
    [InlineData("""{"a":"one"}""", """{"a":"one two"}""", "a: one+ two+")]
    [InlineData("""{"a":"one two"}""", """{"a":"two"}""", "a: -one -two")]
    [InlineData("""{"a":"\ud83d\ude00"}""", """{"a":"\ud83d\ude01"}""", "a: -\ud83d\ude00-+\ud83d\ude01+")]
    [InlineData("""{"a":"aa"}""", """{"a":"aaa"}""", "a: -aa-+aaa+")]
    [InlineData("""{"a":""}""", """{"a":"new"}""", "a: +new+")]
    public void What_differs_is_named_word_by_word(string before, string after, string expected)
    {
        var change = RecordDifference.Of([Version(2, after), Version(1, before)], 1).Single();
        Assert.Equal(expected, string.Join("; ", change.Fields.Select(field => $"{field.Field}: {string.Concat(field.Parts.Select(Written))}")));
    }

    [Fact]
    public void The_parts_of_any_two_texts_are_those_texts_where_nothing_is_shortened()
    {
        var random = new Random(7);
        string[] words = ["a", "b", " ", " ", "-", "\ud83d\ude00", "word"];
        for (var n = 0; n < 2_000; n++)
        {
            var (before, after) = (Text(), Text());
            var parts = WordDifference.Of(before, after);
            Assert.Equal(before, string.Concat(parts.Where(part => part.Kind != TextPartKind.Added).Select(part => part.Text)));
            Assert.Equal(after, string.Concat(parts.Where(part => part.Kind != TextPartKind.Removed).Select(part => part.Text)));
        }

        string Text() => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => words[random.Next(words.Length)]));
    }

    [Fact]
    public void A_change_in_a_long_text_is_shown_with_little_around_it()
    {
        var before = string.Concat(Enumerable.Range(0, 9_000).Select(n => $"word{n} "));
        var parts = WordDifference.Of(before, before.Replace("word4000 ", "else ", StringComparison.Ordinal));
        Assert.Equal([TextPartKind.Same, TextPartKind.Removed, TextPartKind.Added, TextPartKind.Same], parts.Select(part => part.Kind));
        Assert.InRange(parts.Sum(part => part.Text.Length), 50, 250);
        Assert.InRange(WordDifference.Of(before, before.ToUpperInvariant()).Sum(part => part.Text.Length), 100, 700);
    }

    private static string Written(TextPart part) => part.Kind switch { TextPartKind.Removed => $"-{part.Text}-", TextPartKind.Added => $"+{part.Text}+", _ => part.Text };

    [Fact]
    public void A_record_that_came_back_after_its_deletion_is_all_new_and_much_is_counted()
    {
        var wide = "{" + string.Join(",", Enumerable.Range(0, 100).Select(n => $"\"f{n}\":{n}")) + "}";
        var change = RecordDifference.Of([Version(3, wide), Version(2, "{}") with { Operation = RecordOperation.Delete }, Version(1, wide)], 3);
        Assert.Equal((RecordDifference.MaxFields, 60), (change[0].Fields.Count, change[0].Left));
        Assert.Equal((0, 0, true), (change[1].Fields.Count, change[2].Fields.Count, change[2].IsFirst));
    }

    private static RecordView Version(long version, string payload) => new("s", "k", version, RecordOperation.Upsert, payload, DateTimeOffset.UnixEpoch, "r", version, "00");
}
