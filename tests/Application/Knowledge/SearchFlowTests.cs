using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Knowledge;

/// <summary>From files to ranked, cited answers over REST, against the real application.</summary>
public sealed class SearchFlowTests(SearchFlowTests.Library library) : IClassFixture<SearchFlowTests.Library>
{
    [Fact]
    public async Task A_search_gives_ranked_hits_with_highlights_and_citations_that_are_the_stored_words()
    {
        var answer = await library.Get("/api/search?q=replace the lamp filters");
        var hit = answer.GetProperty("hits")[0];
        var text = hit.GetProperty("text").GetString()!;
        Assert.Contains("lamp", text);
        Assert.Contains(hit.GetProperty("highlights").EnumerateArray(), mark => text.Substring(Int(mark, "start"), Int(mark, "length")) == "lamps");
        var scores = answer.GetProperty("hits").EnumerateArray().Select(h => h.GetProperty("score").GetDouble()).ToList();
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.Equal(answer.GetProperty("head").GetInt64(), answer.GetProperty("indexedTo").GetInt64());

        var citation = hit.GetProperty("citation");
        var record = await library.Get($"/api/record?stream={Uri.EscapeDataString(citation.GetProperty("stream").GetString()!)}&key={Uri.EscapeDataString(citation.GetProperty("key").GetString()!)}");
        using var payload = JsonDocument.Parse(record.GetProperty("payloadJson").GetString()!);
        foreach (var span in citation.GetProperty("spans").EnumerateArray())
            Assert.Contains(FieldPath.Text(payload.RootElement, span.GetProperty("field").GetString()!)!.Substring(Int(span, "start"), Int(span, "length")), text);
    }

    [Theory]
    [InlineData("q=lamps&stream=library/machines", "Entity")]
    [InlineData("q=lamps&speaker=dana fox", "Turns")]
    [InlineData("q=lamps&stream=nothing", "")]
    [InlineData("q=lamps&until=1999-01-01T00:00:00Z", "")]
    [InlineData("q=lamps&limit=1", "one")]
    public async Task A_filter_in_the_address_narrows_the_search(string query, string expected)
    {
        var hits = (await library.Get($"/api/search?{query}")).GetProperty("hits").EnumerateArray().ToList();
        if (expected == "one")
            Assert.Single(hits);
        else
            Assert.Equal(expected.Length == 0 ? [] : [expected.ToLowerInvariant()], hits.Select(h => h.GetProperty("kind").GetString()!.ToLowerInvariant()).Distinct());
    }

    [Fact]
    public async Task Every_filter_can_be_posted()
    {
        using var answer = await library.Post("""{"text":"lamps","limit":5,"filter":{"streams":["library/machines"],"fields":{"room":"cellar"}}}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var hit = Assert.Single((await answer.Json()).GetProperty("hits").EnumerateArray());
        Assert.Equal("2", hit.GetProperty("citation").GetProperty("key").GetString());
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("lamps\" OR \"x")]
    [InlineData("NEAR(lamps filters, 2)")]
    [InlineData("title : lamps")]
    [InlineData("lamps* AND NOT filters")]
    [InlineData("'; DROP TABLE chunk; --")]
    [InlineData("((((")]
    [InlineData("lamps\u0000filters")]
    [InlineData("%_\\")]
    [InlineData("🙂 ‮lamps")]
    public async Task Syntax_of_the_engine_in_a_question_is_only_text(string question)
    {
        using var answer = await library.Client.GetAsync($"/api/search?q={Uri.EscapeDataString(question)}");
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        Assert.NotEqual(0, (await library.Get("/api/search?q=lamps")).GetProperty("hits").GetArrayLength());
    }

    [Theory]
    [InlineData("/api/search?q=")]
    [InlineData("/api/search?q=%20")]
    [InlineData("/api/search")]
    [InlineData("/api/search?q=x&limit=0")]
    [InlineData("/api/search?q=x&limit=100000")]
    [InlineData("/api/search?q=x&limit=many")]
    [InlineData("/api/search?q=x&from=yesterday")]
    [InlineData("/api/search?q=x&from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z")]
    public async Task A_senseless_address_is_a_problem_that_says_what_is_wrong(string address) =>
        await (await library.Client.GetAsync(address)).Problem(400, "invalid");

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"limit":5}""")]
    [InlineData("""{"text":7}""")]
    [InlineData("""{"text":"x","filter":{"kind":"novel"}}""")]
    [InlineData("""{"text":"x","filter":{"keys":[null]}}""")]
    [InlineData("""{"text":"x","filter":{"from":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}}""")]
    public async Task A_senseless_body_is_a_problem_that_says_what_is_wrong(string body) => await (await library.Post(body)).Problem(400, "invalid");

    [Fact]
    public async Task A_question_over_the_limit_is_refused_with_the_limit()
    {
        using var answer = await library.Post(JsonSerializer.Serialize(new { text = new string('x', SearchQuery.MaxTextLength + 1) }));
        Assert.Contains("4000", (await answer.Problem(400, "invalid")).ToString());
    }

    [Fact]
    public async Task A_stranger_finds_nothing() => Assert.Equal(HttpStatusCode.Unauthorized, (await library.App.Stranger.GetAsync("/api/search?q=lamps")).StatusCode);

    private static int Int(JsonElement value, string name) => value.GetProperty(name).GetInt32();

    /// <summary>An application with a few records of every kind, all of them searchable.</summary>
    public sealed class Library : IAsyncLifetime
    {
        public SophiaApp App { get; } = new();

        public HttpClient Client => App.Owner;

        public async Task InitializeAsync()
        {
            await App.InitializeAsync();
            var folder = App.FilesOf("library",
                ("guide.md", "# Guide\n\n## Lamps\n\nReplace the filters of the lamps every spring. Never look into them.\n\n## Doors\n\nKeep them shut.\n"),
                ("machines.csv", "id,name,room,note\n1,press,hall,has lamps\n2,kiln,cellar,needs lamps\n3,saw,cellar,loud\n"),
                ("talk.json", """{"meeting_transcripts":[{"speaker":"Dana Fox","content":"The lamps are too bright."},{"speaker":"Eli","content":"Then dim the lamps."}],"general_query_list":[],"specific_query_list":[],"topic_list":[]}"""));
            var definition = $"name: library\nsources:\n  - type: files\n    path: {folder}\n    settleFor: 0s\nstreams:\n  machines:\n    key: [id]\n";
            using var defined = await Client.PutAsync("/api/pipelines/library", new StringContent(definition, Encoding.UTF8, "application/yaml"));
            Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
            using var started = await Client.PostAsJsonAsync("/api/pipelines/library/runs", new { });
            var run = (await started.Json()).GetProperty("runId").GetString();
            await Eventually.Get(() => Get($"/api/pipelines/library/runs/{run}"), r => r.GetProperty("state").GetString() == "succeeded", "the end of the run");
            await Eventually.Get(() => Get("/api/search?q=lamps"), a => a.GetProperty("indexedTo").GetInt64() == a.GetProperty("head").GetInt64() && a.GetProperty("hits").GetArrayLength() > 0, "an index that has caught up");
        }

        public async Task DisposeAsync() => await App.DisposeAsync();

        public async Task<JsonElement> Get(string address) => await Client.GetFromJsonAsync<JsonElement>(address);

        public Task<HttpResponseMessage> Post(string json) => Client.PostAsync("/api/search", new StringContent(json, Encoding.UTF8, "application/json"));
    }
}
