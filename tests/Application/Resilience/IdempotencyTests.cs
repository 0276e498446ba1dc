using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Security;
using Sophia.Tenants;
using Microsoft.Extensions.DependencyInjection;

namespace Sophia.Resilience;

// Goal: draft-ietf-httpapi-idempotency-key-header over real HTTP, case by case. Method: the real application, its own routes, keys that nobody else uses.
public sealed class IdempotencyTests(ChatFixture fixture) : IClassFixture<ChatFixture>
{
    private SophiaApp App => fixture.App;

    private HttpClient Owner => App.Owner;

    [Fact]
    public async Task A_repeated_request_gets_the_first_answer_and_has_no_second_effect()
    {
        var name = await Defined();
        var first = await Post($"/api/pipelines/{name}/runs", "{}", "k");
        var again = await Post($"/api/pipelines/{name}/runs", "{}", "k");
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (first.StatusCode, again.StatusCode));
        Assert.False(first.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal("true", again.Headers.GetValues("Idempotent-Replayed").Single());
        Assert.Equal(first.Content.Headers.ContentType, again.Content.Headers.ContentType);
        Assert.Equal(await first.Content.ReadAsByteArrayAsync(), await again.Content.ReadAsByteArrayAsync());
        Assert.Single((await Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs")).EnumerateArray());
    }

    [Fact]
    public async Task An_answer_that_was_an_error_is_told_again_too()
    {
        var never = $"p-{Guid.NewGuid():n}"[..20];
        var first = await Post($"/api/pipelines/{never}/runs", "{}", never);
        await first.Problem(404, "not-found");
        await Defined(never);
        var again = await Post($"/api/pipelines/{never}/runs", "{}", never);
        Assert.Equal("true", again.Headers.GetValues("Idempotent-Replayed").Single());
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Accepted, (await Post($"/api/pipelines/{never}/runs", "{}", never + "-2")).StatusCode);
    }

    [Theory]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f9324")]
    [InlineData("\"")]
    [InlineData("\"\"")]
    [InlineData("\"open")]
    [InlineData("\"bad \\n escape\"")]
    [InlineData("\"a\" \"b\"")]
    [InlineData("\"a\", \"b\"")]
    [InlineData("\"a\";Q=1")]
    [InlineData("'a'")]
    [InlineData("42")]
    public async Task What_is_no_quoted_string_is_400(string header)
    {
        var problem = await (await Send(HttpMethod.Post, "/api/chat/sessions", "{}", header)).Problem(400, "idempotency-key-malformed");
        await Explained(problem);
    }

    [Theory]
    [InlineData("\"with \\\"quotes\\\" and \\\\\"")]
    [InlineData("  \"blanks around\"  ")]
    [InlineData("\"a parameter\";x=1;y=\"z\";b;d=:aGk=:;e=?1;f=-1.5;g=t/k")]
    public async Task Whatever_RFC_8941_calls_a_string_is_a_key(string header) =>
        Assert.Equal(HttpStatusCode.Created, (await Send(HttpMethod.Post, "/api/chat/sessions", "{}", header)).StatusCode);

    [Fact]
    public async Task A_key_has_at_most_255_characters()
    {
        Assert.Equal(HttpStatusCode.Created, (await Post("/api/chat/sessions", "{}", new string('k', 255))).StatusCode);
        await (await Post("/api/chat/sessions", "{}", new string('k', 256))).Problem(400, "idempotency-key-malformed");
    }

    [Fact]
    public async Task Another_request_under_a_used_key_is_422_and_the_same_one_written_otherwise_is_not()
    {
        fixture.Model.Says("changed?", "Ann [1].");
        Assert.Equal(HttpStatusCode.Accepted, (await Post("/api/chat/sessions/changed/questions", """{"text":"changed?","operationId":"a"}""", "c")).StatusCode);
        await Explained(await (await Post("/api/chat/sessions/changed/questions", """{"text":"changed!","operationId":"a"}""", "c")).Problem(422, "idempotency-key-reused"));
        await (await Post("/api/chat/sessions/other/questions", """{"text":"changed?","operationId":"a"}""", "c")).Problem(422, "idempotency-key-reused");
        await (await Send(HttpMethod.Put, "/api/pipelines/changed", "{}", "\"q\"")).Problem(400, "invalid");
        await (await Send(HttpMethod.Put, "/api/pipelines/changed?strict=true", "{}", "\"q\"")).Problem(422, "idempotency-key-reused");
        await (await Send(HttpMethod.Put, "/api/pipelines/changed", "{}", "\"c\"")).Problem(422, "idempotency-key-reused");
        var same = await Post("/api/chat/sessions/changed/questions", """ { "operationId" : "a", "text" : "ch\u0061nged?" } """, "c");
        Assert.Equal("true", same.Headers.GetValues("Idempotent-Replayed").Single());
    }

    [Fact]
    public async Task While_the_first_is_under_way_the_second_is_409_and_then_gets_the_answer_of_the_first()
    {
        fixture.Model.For("slow?");
        var first = Post("/api/ask", """{"text":"slow?"}""", "slow");
        await Eventually.Get(() => Owner.GetFromJsonAsync<JsonElement>("/api/chat/sessions"), list => list.ToString().Contains("slow?", StringComparison.Ordinal), "the question");
        var second = await Post("/api/ask", """{"text":"slow?"}""", "slow");
        Assert.InRange(int.Parse(second.Headers.GetValues("Retry-After").Single()), 1, 5);
        await Explained(await second.Problem(409, "idempotency-key-running"));
        fixture.Model.Says("slow?", "Ann [1].");
        var answered = await (await first).Content.ReadAsStringAsync();
        var third = await Post("/api/ask", """{"text":"slow?"}""", "slow");
        Assert.Equal((HttpStatusCode.OK, answered), (third.StatusCode, await third.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Of_many_at_once_one_takes_effect()
    {
        var name = await Defined();
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Eventually.Get(() => Post($"/api/pipelines/{name}/runs", "{}", $"many-{name}"), answer => answer.StatusCode != HttpStatusCode.Conflict, "an answer")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode));
        Assert.Single((await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync()))).Distinct());
        Assert.Single(answers, answer => !answer.Headers.Contains("Idempotent-Replayed"));
        Assert.Single((await Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs")).EnumerateArray());
    }

    [Fact]
    public async Task A_secret_is_issued_once_and_told_again_to_the_key_that_asked()
    {
        const string Body = """{"label":"told once","role":"viewer"}""";
        var first = await Post("/api/keys", Body, "secret");
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        var again = await Post("/api/keys", Body, "secret");
        Assert.Equal((HttpStatusCode.Created, "true"), (again.StatusCode, again.Headers.GetValues("Idempotent-Replayed").Single()));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Single((await Owner.GetFromJsonAsync<JsonElement>("/api/tenant")).GetProperty("keys").EnumerateArray(), key => key.GetProperty("label").GetString() == "told once");
    }

    [Fact]
    public async Task A_tenant_whose_creation_was_not_heard_of_is_told_again_with_its_key_and_otherwise_how_to_get_one()
    {
        var name = $"t-{Guid.NewGuid():n}"[..20];
        var body = $$"""{"tenant":"{{name}}","displayName":"lost"}""";
        var first = await Post("/api/tenants", body, name);
        var again = await Post("/api/tenants", body, name);
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await App.With((await again.Json()).GetProperty("secret").GetString()).GetAsync("/api/me")).StatusCode);

        var problem = await (await Post("/api/tenants", body, name + "-2")).Problem(409, "conflict");
        Assert.Contains($"tenants key {name}", problem.GetProperty("detail").GetString());
        var recovered = await Post($"/api/tenants/{name}/keys", """{"label":"owner","role":"owner"}""", name + "-3");
        Assert.Equal(HttpStatusCode.Created, recovered.StatusCode);
        var me = await (await App.With((await recovered.Json()).GetProperty("secret").GetString()).GetAsync("/api/me")).Json();
        Assert.Equal((name, "owner"), (me.GetProperty("tenant").GetString(), me.GetProperty("role").GetString()));
        var audit = await App.Services.GetRequiredService<ILogStore>().Current(TenantId.Parse(name), "audit/tenant", null, 10, default);
        Assert.Single(audit, row => row.Key.StartsWith("issue-key-", StringComparison.Ordinal));
        var (_, _, stranger) = await App.NewTenant();
        await (await stranger.PostAsJsonAsync($"/api/tenants/{name}/keys", new { label = "mine", role = "owner" })).Problem(403, "forbidden");
        await (await Owner.PostAsJsonAsync("/api/tenants/no-such-tenant/keys", new { label = "mine", role = "owner" })).Problem(404, "not-found");
    }

    [Fact]
    public async Task A_key_is_of_one_tenant_and_of_one_caller()
    {
        var (_, _, stranger) = await App.NewTenant();
        var colleague = await App.InRole("operator");
        var said = new HashSet<string>();
        foreach (var who in (HttpClient[])[Owner, stranger, colleague])
        {
            using var answer = await Send(HttpMethod.Post, "/api/chat/sessions", "{}", "\"shared\"", who);
            Assert.False(answer.Headers.Contains("Idempotent-Replayed"));
            Assert.True(said.Add(await answer.Content.ReadAsStringAsync()));
        }
    }

    [Fact]
    public async Task A_refusal_that_speaks_of_the_moment_gives_the_key_back()
    {
        fixture.Model.For("first?");
        await Post("/api/chat/sessions/busy/questions", """{"text":"first?"}""", "busy-1");
        await (await Post("/api/chat/sessions/busy/questions", """{"text":"second?"}""", "busy-2")).Problem(429, "busy");
        await (await Post("/api/chat/sessions/busy/questions", """{"text":"second?"}""", "busy-2")).Problem(429, "busy");
        fixture.Model.Says("first?", "Ann [1].");
        fixture.Model.Says("second?", "Ann [1].");
        var taken = await Eventually.Get(() => Post("/api/chat/sessions/busy/questions", """{"text":"second?"}""", "busy-2"), answer => answer.StatusCode != HttpStatusCode.TooManyRequests, "room for a question");
        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
        var view = await Owner.GetFromJsonAsync<JsonElement>("/api/idempotency/key?key=busy-2");
        Assert.Equal(("completed", 202, "POST /api/chat/sessions/{session}/questions"), (view.GetProperty("state").GetString(), view.GetProperty("status").GetInt32(), view.GetProperty("operation").GetString()));
        Assert.True(view.GetProperty("attempts").GetInt32() >= 3);
    }

    [Fact]
    public async Task A_file_is_dropped_once()
    {
        async Task<HttpResponseMessage> Drop(string text) => await Send(HttpMethod.Post, "/api/inbox?path=once/a.txt", text, "\"drop\"", type: "text/plain");
        var first = await Drop("one");
        Assert.True(first.IsSuccessStatusCode, await first.Content.ReadAsStringAsync());
        Assert.Equal("true", (await Drop("one")).Headers.GetValues("Idempotent-Replayed").Single());
        await (await Drop("other")).Problem(422, "idempotency-key-reused");
    }

    [Fact]
    public async Task What_holds_for_keys_is_published_and_a_key_is_shown_to_its_caller_and_to_administrators()
    {
        var terms = await Owner.GetFromJsonAsync<JsonElement>("/api/idempotency");
        Assert.Equal((24 * 3600, 256 * 1024), (terms.GetProperty("keptForSeconds").GetInt32(), terms.GetProperty("keptBytes").GetInt32()));
        var colleague = await App.InRole("operator");
        var me = (await colleague.GetFromJsonAsync<JsonElement>("/api/me")).GetProperty("keyId").GetString();
        await Send(HttpMethod.Post, "/api/chat/sessions", "{}", "\"mine\"", colleague);
        Assert.Equal(HttpStatusCode.OK, (await colleague.GetAsync("/api/idempotency/key?key=mine")).StatusCode);
        await (await Owner.GetAsync("/api/idempotency/key?key=mine")).Problem(404, "not-found");
        Assert.Equal(HttpStatusCode.OK, (await Owner.GetAsync($"/api/idempotency/key?key=mine&caller={me}")).StatusCode);
        await (await colleague.GetAsync("/api/idempotency/key?key=mine&caller=0123456789ab")).Problem(403, "forbidden");
    }

    [Fact]
    public async Task A_key_on_what_changes_nothing_is_passed_over()
    {
        for (var i = 0; i < 2; i++)
            Assert.False((await Post("/api/search", """{"text":"Ann"}""", "search")).Headers.Contains("Idempotent-Replayed"));
        using var get = new HttpRequestMessage(HttpMethod.Get, "/api/me") { Headers = { { "Idempotency-Key", "unquoted" } } };
        Assert.Equal(HttpStatusCode.OK, (await Owner.SendAsync(get)).StatusCode);
    }

    private async Task Explained(JsonElement problem)
    {
        using var page = await App.Stranger.GetAsync(problem.GetProperty("help").GetString());
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("Idempotency-Key", WebUtility.HtmlDecode(await page.Content.ReadAsStringAsync()));
    }

    private Task<HttpResponseMessage> Post(string path, string body, string key) => Send(HttpMethod.Post, path, body, $"\"{key}\"");

    private async Task<HttpResponseMessage> Send(HttpMethod method, string path, string body, string header, HttpClient? who = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, type) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", header);
        return await (who ?? Owner).SendAsync(request);
    }

    private async Task<string> Defined(string? name = null)
    {
        name ??= $"p-{Guid.NewGuid():n}"[..20];
        var folder = App.FilesOf(name, ("a.csv", "id\n1\n"));
        using var answer = await Owner.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsource:\n  type: files\n  path: {folder}\nstreams:\n  {name}:\n    key: [id]\n"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return name;
    }
}
