using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Operations;

/// <summary>What bad requests get: a problem in words, never a trace, never a change.</summary>
public class ProblemTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Theory]
    [InlineData("POST", "/api/keys", "{", 400, "invalid")]
    [InlineData("POST", "/api/keys", "", 400, "invalid")]
    [InlineData("POST", "/api/keys", "null", 400, "invalid")]
    [InlineData("POST", "/api/keys", "[1]", 400, "invalid")]
    [InlineData("POST", "/api/keys", "{\"label\":\"x\",\"role\":\"emperor\"}", 400, "invalid")]
    [InlineData("POST", "/api/keys", "{\"label\":\"x\",\"role\":5}", 400, "invalid")]
    [InlineData("POST", "/api/keys", "{\"label\":\"\",\"role\":\"viewer\"}", 400, "invalid")]
    [InlineData("POST", "/api/tenants", "{\"tenant\":\"../up\",\"displayName\":\"x\"}", 400, "invalid")]
    [InlineData("POST", "/api/tenants", "{\"tenant\":\"system\",\"displayName\":\"x\"}", 400, "invalid")]
    [InlineData("POST", "/api/tenants", "{\"displayName\":\"x\"}", 400, "invalid")]
    [InlineData("POST", "/api/records/allow", "{\"marks\":[null]}", 400, "invalid")]
    [InlineData("POST", "/api/records/allow", "{\"records\":[null]}", 400, "invalid")]
    [InlineData("POST", "/api/records/allow", "{\"records\":[{}]}", 400, "invalid")]
    [InlineData("POST", "/api/records/erasures", "{\"records\":[{\"stream\":\"a\\u0000b\",\"key\":\"k\"}]}", 400, "invalid")]
    [InlineData("POST", "/api/records/erasures", "{\"value\":\"x\",\"streams\":[null]}", 400, "invalid")]
    [InlineData("POST", "/api/tenants", "{\"tenant\":\"default\",\"displayName\":\"x\"}", 409, "conflict")]
    [InlineData("DELETE", "/api/keys/none", "", 404, "not-found")]
    [InlineData("GET", "/api/nothing", "", 404, "not-found")]
    [InlineData("DELETE", "/api/me", "", 405, "method-not-allowed")]
    [InlineData("PUT", "/api/pipelines/Bad_Name", "name: x", 400, "invalid")]
    public async Task A_bad_request_gets_its_problem(string method, string path, string body, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is not ("GET" or "DELETE"))
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await app.Owner.SendAsync(request);
        await answer.Problem(status, code);
    }

    [Theory]
    [InlineData("/api/degradation/hold", """{"level":"minimal","because":"x","tenant":"acme","confirm":"default"}""", "tenant")]
    [InlineData("/api/ask", """{"text":"boat?","filter":{"stream":"a"}}""", "stream")]
    [InlineData("/api/chat/sessions", """{"name":"mine"}""", "name")]
    [InlineData("/api/queue/mine/items", """{"items":[{"kind":"sum","payload":{"free":1},"prio":1}]}""", "prio")]
    [InlineData("/api/keys", """{"label":"x","rôle":"viewer"}""", "rôle")]
    [InlineData("/api/records/erasures", """{"records":[{"stream":"a","key":"b","version":1}]}""", "version")]
    [InlineData("/api/tenants", """{"tenant":"t-unknown-members","displayName":"x","reuse":true}""", "reuse")]
    [InlineData("/api/limits/test", """{"rout":"GET /api/search"}""", "rout")]
    public async Task A_member_that_is_not_known_is_named_and_nothing_is_done(string path, string body, string member)
    {
        using var answer = await app.Owner.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.EndsWith($" There is no member \"{member}\".", (await answer.Problem(400, "invalid")).GetProperty("detail").GetString());
        Assert.Equal("full", (await app.Owner.GetFromJsonAsync<JsonElement>("/api/degradation")).GetProperty("level").GetString());
        await (await app.Owner.GetAsync("/api/limits/t-unknown-members/any")).Problem(404, "not-found");
    }

    [Fact]
    public async Task A_payload_has_whatever_members_its_sender_likes()
    {
        using var taken = await app.Owner.PostAsJsonAsync("/api/queue/mine/items", new { items = new[] { new { kind = "sum", payload = new { whatever = new { it = "is" } } } } });
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/api/runs?limit=many", "limit: expected a whole number, found \"many\".")]
    [InlineData("GET", "/api/runs?limit=-1", "limit is 1 to 1000, not -1.")]
    [InlineData("GET", "/api/search?q=a&limit=0", "limit: from 1 to 1000, not 0.")]
    [InlineData("GET", "/api/search", "q: expected a text, found nothing.")]
    [InlineData("GET", "/api/search?q=a&from=yesterday", "from: expected a moment such as 2026-01-31T09:30:00Z, found \"yesterday\".")]
    [InlineData("GET", "/api/quarantine?before=x", "before: expected a whole number, found \"x\".")]
    [InlineData("GET", "/api/records?stream=a%00b", "stream: a name does not hold the character U+0000.")]
    [InlineData("GET", "/api/records/as-of?stream=%00", "stream: a name does not hold the character U+0000.")]
    [InlineData("GET", "/api/quarantine?run=%00", "run: a name does not hold the character U+0000.")]
    [InlineData("GET", "/api/quarantine?state=lost", "state is held, released, discarded or all.")]
    [InlineData("GET", "/api/chat/sessions/s1/events?after=-1", "Events are numbered from 1: read after 0 or more.")]
    [InlineData("GET", "/api/chat/sessions/s1/events?after=99", "This conversation has 0 events; none comes after 99.")]
    [InlineData("GET", "/api/chat/sessions/S_1/events", "A conversation is named by 1 to 63 of a-z, 0-9 and '-', not starting with '-'.")]
    [InlineData("POST", "/api/keys", "A body of JSON is expected, found nothing.")]
    public async Task A_bad_value_is_told_by_its_name_with_what_was_expected(string method, string path, string detail)
    {
        using var answer = await app.Owner.SendAsync(new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "GET" ? null : new StringContent("", Encoding.UTF8, "application/json") });
        Assert.Equal(detail, (await answer.Problem(400, "invalid")).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("banana", "Last-Event-ID must be an event's number.")]
    [InlineData("-4", "Last-Event-ID must be an event's number.")]
    [InlineData("400", "This conversation has 0 events; none comes after 400.")]
    public async Task An_event_number_that_cannot_be_is_refused_before_the_stream_begins(string last, string detail)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/chat/sessions/s1/events") { Headers = { { "Accept", "text/event-stream" }, { "Last-Event-ID", last } } };
        using var answer = await app.Owner.SendAsync(request);
        Assert.Equal(detail, (await answer.Problem(400, "invalid")).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("/api/pipelines/..%2f..%2fetc")]
    [InlineData("/api/quarantine/99999999999999999999999999999")]
    [InlineData("/api/quarantine/abc")]
    [InlineData("/api/record?stream=a&key=%00")]
    [InlineData("/api/record?stream=a&key=%ff%fe&version=-3")]
    public async Task A_name_that_cannot_be_is_the_name_of_nothing(string path) => await (await app.Owner.GetAsync(path)).Problem(404, "not-found");

    [Fact]
    public async Task A_query_of_too_many_characters_is_refused_with_the_limit()
    {
        var problem = await (await app.Owner.GetAsync($"/api/search?q={new string('x', 4_001)}")).Problem(400, "invalid");
        Assert.Contains("at most 4000 characters", problem.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("/api/ask", "POST")]
    [InlineData("/api/search", "POST")]
    [InlineData("/api/pipelines/x", "PUT")]
    [InlineData("/api/quarantine/1", "PUT")]
    public async Task A_body_that_is_not_UTF_8_is_refused_and_never_repaired(string path, string method)
    {
        using var content = new ByteArrayContent([.. "{\"text\":\"caf"u8, 0xe9, .. "\"}"u8]) { Headers = { ContentType = new("application/json") } };
        using var answer = await app.Owner.SendAsync(new HttpRequestMessage(new HttpMethod(method), path) { Content = content });
        Assert.Contains("not UTF-8", (await answer.Problem(400, "invalid")).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{\"text\":")]
    [InlineData("{\"filter\":{\"stream\":")]
    public async Task A_body_of_a_hundred_thousand_levels_is_refused_at_once(string level)
    {
        using var answer = await app.Owner.PostAsync("/api/ask", new StringContent(string.Concat(Enumerable.Repeat(level, 1_000_000 / level.Length / 10)), Encoding.UTF8, "application/json"));
        await answer.Problem(400, "invalid");
    }

    [Theory]
    [InlineData("'; DROP TABLE log; --")]
    [InlineData("\"")]
    [InlineData("\" OR 1=1")]
    [InlineData("NEAR(")]
    [InlineData("a AND")]
    [InlineData("col:x ^a * -")]
    [InlineData("{a b}: c")]
    [InlineData("a\0b")]
    public async Task Query_syntax_of_SQL_and_of_the_index_is_plain_text(string query)
    {
        using var answer = await app.Owner.GetAsync($"/api/search?q={Uri.EscapeDataString(query)}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_of_the_wrong_type_is_415()
    {
        using var answer = await app.Owner.PostAsync("/api/keys", new StringContent("label: x", Encoding.UTF8, "application/yaml"));
        await answer.Problem(415, "unsupported-content");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        // Whoever sends such a body at once may find the connection closed before he reads why.
        using var large = new HttpRequestMessage(HttpMethod.Post, "/api/keys") { Content = new StringContent($"{{\"label\":\"{new string('x', 2 * 1024 * 1024)}\"}}", Encoding.UTF8, "application/json"), Headers = { ExpectContinue = true } };
        using var answer = await app.Owner.SendAsync(large);
        await answer.Problem(413, "too-large");
    }

    [Fact]
    public async Task A_delivery_to_an_unknown_webhook_is_401_in_the_same_words_whatever_is_unknown()
    {
        using var unknownTenant = await app.Stranger.PostAsync("/hooks/nobody/github", new StringContent("{}"));
        using var unknownPipeline = await app.Stranger.PostAsync("/hooks/default/nothing", new StringContent("{}"));
        using var noName = await app.Stranger.PostAsync("/hooks/..%2f..%2fetc/x", new StringContent("{}"));
        var texts = new[] { unknownTenant, unknownPipeline, noName }.Select(a => a.Problem(401, "unauthenticated").Result.GetProperty("detail").GetString());
        Assert.Single(texts.Distinct());
    }

    [Fact]
    public async Task A_caller_may_name_the_correlation_and_a_strange_name_is_replaced()
    {
        foreach (var (asked, kept) in new[] { ("abcd-1234-efgh", true), ("x", false), ("a b c d e f g h", false), (new string('a', 100), false) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/live");
            request.Headers.TryAddWithoutValidation("X-Correlation-Id", asked);
            using var answer = await app.Stranger.SendAsync(request);
            Assert.Equal(kept, answer.Headers.GetValues("X-Correlation-Id").Single() == asked);
        }
    }

    [Fact]
    public async Task The_interface_describes_itself()
    {
        var document = await app.Owner.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var paths = document.GetProperty("paths");
        foreach (var path in new[] { "/api/pipelines/{name}", "/api/pipelines/{name}/runs", "/api/pipeline/status", "/api/quarantine", "/api/record", "/api/search", "/api/why", "/api/keys", "/hooks/{tenant}/{pipeline}", "/health" })
            Assert.True(paths.TryGetProperty(path, out _), path);
        using var closed = await app.Stranger.GetAsync("/openapi/v1.json");
        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
    }
}
