using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Chat;

// Goal: conversations over plain HTTP. Method: the real application, every route, and what it refuses.
public sealed class ChatRestTests(ChatFixture fixture) : IClassFixture<ChatFixture>
{
    private HttpClient Owner => fixture.App.Owner;

    [Fact]
    public async Task A_question_is_accepted_answered_and_its_events_are_paged()
    {
        fixture.Model.Says("paged", "Ann ", "owns it [1].");
        var session = (await (await Owner.PostAsync("/api/chat/sessions", null)).Json()).GetProperty("session").GetString();
        var accepted = await Owner.PostAsJsonAsync($"/api/chat/sessions/{session}/questions", new { text = "paged" });
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal(1, (await accepted.Json()).GetProperty("questionNumber").GetInt64());
        var events = await Stream(Owner, session!);
        Assert.Equal("done", events[^1].GetProperty("kind").GetString());
        var page = await (await Owner.GetAsync($"/api/chat/sessions/{session}/events?after=1&limit=1")).Json();
        Assert.Equal(2, page.GetProperty("events")[0].GetProperty("number").GetInt64());
        Assert.Equal(events.Count, page.GetProperty("last").GetInt64());
        var listed = await (await Owner.GetAsync("/api/chat/sessions")).Json();
        Assert.Contains(listed.EnumerateArray(), c => c.GetProperty("session").GetString() == session && c.GetProperty("title").GetString() == "paged");
    }

    [Fact]
    public async Task The_event_stream_resumes_after_the_last_event_id()
    {
        fixture.Model.Says("resumed", "Ann [1].");
        await Owner.PostAsJsonAsync("/api/chat/sessions/resumed/questions", new { text = "resumed" });
        var all = await Stream(Owner, "resumed");
        for (var after = 0; after <= all.Count; after++)
            Assert.Equal(all.Skip(after).Select(e => e.GetRawText()), (await Stream(Owner, "resumed", $"{after}")).Select(e => e.GetRawText()));
        using var wrong = Request("resumed", "x");
        await (await Owner.SendAsync(wrong)).Problem(400, "invalid");
        using var ahead = Request("resumed", "99");
        await (await Owner.SendAsync(ahead)).Problem(400, "invalid");
    }

    [Fact]
    public async Task The_same_idempotency_key_asks_once()
    {
        fixture.Model.Says("once", "Ann [1].");
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/chat/sessions/once/questions") { Content = JsonContent.Create(new { text = "once" }) };
            request.Headers.Add("Idempotency-Key", "\"key 1\"");
            Assert.Equal(1, (await (await Owner.SendAsync(request)).Json()).GetProperty("questionNumber").GetInt64());
        }
        Assert.Single(await Stream(Owner, "once"), e => e.GetProperty("kind").GetString() == "question");
        using var other = new HttpRequestMessage(HttpMethod.Post, "/api/chat/sessions/once/questions") { Content = JsonContent.Create(new { text = "another" }) };
        other.Headers.Add("Idempotency-Key", "\"key 1\"");
        await (await Owner.SendAsync(other)).Problem(422, "idempotency-key-reused");
    }

    [Fact]
    public async Task One_call_answers_with_sentences_and_exact_sources()
    {
        var answer = await (await Owner.PostAsJsonAsync("/api/ask", new { text = "Who owns the Acme account?" })).Json();
        Assert.StartsWith("extractive", answer.GetProperty("by").GetString(), StringComparison.Ordinal);
        Assert.True(answer.GetProperty("found").GetBoolean());
        var sentence = Assert.Single(answer.GetProperty("sentences").EnumerateArray());
        Assert.Equal((ChatFixture.Fact, 1), (sentence.GetProperty("text").GetString(), sentence.GetProperty("marks")[0].GetInt32()));
        var span = answer.GetProperty("sources")[0].GetProperty("citation").GetProperty("spans")[0];
        Assert.Equal(ChatFixture.Fact, ChatFixture.Fact.Substring(span.GetProperty("start").GetInt32(), span.GetProperty("length").GetInt32()));
    }

    [Fact]
    public async Task What_the_records_do_not_say_is_not_answered()
    {
        var answer = await (await Owner.PostAsJsonAsync("/api/ask", new { text = "How deep is the Mariana Trench?" })).Json();
        Assert.False(answer.GetProperty("found").GetBoolean());
        Assert.StartsWith("Nothing here answers that.", answer.GetProperty("answer").GetString(), StringComparison.Ordinal);
        Assert.Equal("notFound", answer.GetProperty("unanswered").GetString());
        Assert.False(answer.TryGetProperty("near", out _));
    }

    [Fact]
    public async Task What_stands_near_is_told_apart_from_an_answer()
    {
        var answer = await (await Owner.PostAsJsonAsync("/api/ask", new { text = "Who sold Acme?", session = "near" })).Json();
        Assert.Equal((false, "notFound", 0), (answer.GetProperty("found").GetBoolean(), answer.GetProperty("unanswered").GetString(), answer.GetProperty("sources").GetArrayLength()));
        Assert.Equal(ChatFixture.Fact, Assert.Single(answer.GetProperty("near").EnumerateArray()).GetProperty("quote").GetString());
        Assert.DoesNotContain("Ann Lee", answer.GetProperty("answer").GetString(), StringComparison.Ordinal);
        var done = (await Stream(Owner, "near"))[^1];
        Assert.Equal(("done", "notFound", 1), (done.GetProperty("kind").GetString(), done.GetProperty("unanswered").GetString(), done.GetProperty("near").GetArrayLength()));
    }

    [Fact]
    public async Task A_models_sentence_without_a_source_is_flagged()
    {
        fixture.Model.Says("flag", "Ann owns it [1]. The moon is cheese. ");
        var answer = await (await Owner.PostAsJsonAsync("/api/ask", new { text = "flag" })).Json();
        Assert.Equal(["Ann owns it.", "The moon is cheese."], answer.GetProperty("sentences").EnumerateArray().Select(s => s.GetProperty("text").GetString()));
        Assert.Equal([1, 0], answer.GetProperty("sentences").EnumerateArray().Select(s => s.GetProperty("marks").GetArrayLength()));
    }

    [Fact]
    public async Task A_stop_and_an_opinion_are_events()
    {
        fixture.Model.For("stopped").TryWrite("Ann ");
        await Owner.PostAsJsonAsync("/api/chat/sessions/stopped/questions", new { text = "stopped" });
        await (await Owner.PostAsJsonAsync("/api/chat/sessions/stopped/questions", new { text = "second" })).Problem(429, "busy");
        Assert.True((await (await Owner.PostAsync("/api/chat/sessions/stopped/stop", null)).Json()).GetProperty("stopped").GetBoolean());
        Assert.Equal(HttpStatusCode.NoContent, (await Owner.PostAsJsonAsync("/api/chat/sessions/stopped/feedback", new { question = 1, mark = -1, reason = "slow" })).StatusCode);
        await (await Owner.PostAsJsonAsync("/api/chat/sessions/stopped/feedback", new { question = 77, mark = 1 })).Problem(404, "not-found");
        Assert.Equal(["stopped", "feedback"], (await Stream(Owner, "stopped")).TakeLast(2).Select(e => e.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task Strangers_and_bad_questions_are_refused()
    {
        await (await fixture.App.Stranger.PostAsJsonAsync("/api/ask", new { text = "x" })).Problem(401, "unauthenticated");
        await (await Owner.PostAsJsonAsync("/api/chat/sessions/a/questions", new { text = "" })).Problem(400, "invalid");
        await (await Owner.PostAsJsonAsync("/api/chat/sessions/a/questions", new { text = new string('x', 4_001) })).Problem(400, "invalid");
        await (await Owner.PostAsJsonAsync("/api/chat/sessions/A%20b/questions", new { text = "x" })).Problem(400, "invalid");
        await (await Owner.GetAsync("/api/chat/sessions/nobody-asked")).Problem(404, "not-found");
        await (await Owner.PostAsJsonAsync("/api/chat/sessions", new { session = "../x" })).Problem(400, "invalid");
        var (_, _, other) = await fixture.App.NewTenant();
        fixture.Model.Says("secret", "Ann [1].");
        await Owner.PostAsJsonAsync("/api/chat/sessions/secret/questions", new { text = "secret" });
        Assert.Empty(await Stream(other, "secret"));
    }

    private static HttpRequestMessage Request(string session, string? lastId)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/api/chat/sessions/{session}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastId is not null)
            request.Headers.Add("Last-Event-ID", lastId);
        return request;
    }

    private static async Task<List<JsonElement>> Stream(HttpClient client, string session, string? lastId = null)
    {
        using var request = Request(session, lastId);
        using var answer = await client.SendAsync(request, new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token);
        answer.EnsureSuccessStatusCode();
        var events = new List<JsonElement>();
        var text = await answer.Content.ReadAsStringAsync();
        foreach (var block in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(b => b.StartsWith("id: ", StringComparison.Ordinal)))
        {
            var happened = JsonDocument.Parse(block.Split("data: ")[1]).RootElement;
            Assert.Equal($"id: {happened.GetProperty("number").GetInt64()}", block.Split('\n')[0]);
            events.Add(happened);
        }
        return events;
    }
}
