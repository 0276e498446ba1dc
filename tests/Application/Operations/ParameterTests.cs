using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;

namespace Sophia.Operations;

// Goal: what cannot be meant is said, with the name of what is wrong and what would be right; nothing is silently left aside. Method: every REST address with a query that it does not take, and values of every kind.
public sealed class ParameterTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Theory]
    [InlineData("/api/dead?after=x", "after: this address takes no such parameter; it takes queue, kind, cause, error, state, before, limit, tenant.")]
    [InlineData("/api/streams?limit=5", "limit: this address takes no such parameter; it takes none.")]
    [InlineData("/api/dead?before=x", "before: expected a whole number, found \"x\".")]
    [InlineData("/api/dead?state=gone", "state is one of")]
    [InlineData("/api/dead?cause=none", "cause is one of")]
    [InlineData("/api/quarantine?state=gone", "state is held, released, discarded or all.")]
    [InlineData("/api/quarantine?before=1.5", "before: expected a whole number, found \"1.5\".")]
    [InlineData("/api/quarantine?limit=1e3", "limit: expected a whole number, found \"1e3\".")]
    [InlineData("/api/quarantine?limit=0", "limit is 1 to 500, not 0.")]
    [InlineData("/api/runs?limit=many", "limit: expected a whole number, found \"many\".")]
    [InlineData("/api/runs?limit=1&limit=2", "limit: expected a whole number")]
    [InlineData("/api/records?stream=s&limit=99999999999", "limit: expected a whole number, found \"99999999999\".")]
    [InlineData("/api/records", "stream: expected a text, found nothing.")]
    [InlineData("/api/records/as-of?stream=s&at=yesterday", "at: expected a moment such as 2026-01-31T09:30:00Z, found \"yesterday\".")]
    [InlineData("/api/record?stream=s&key=k&version=new", "version: expected a whole number, found \"new\".")]
    [InlineData("/api/record?stream=s&key=k&asOf=2026-13-01", "asOf: expected a moment such as 2026-01-31T09:30:00Z, found \"2026-13-01\".")]
    [InlineData("/api/search?q=x&from=soon", "from: expected a moment such as 2026-01-31T09:30:00Z, found \"soon\".")]
    [InlineData("/api/streams/s/findings?from=a", "from: expected a whole number, found \"a\".")]
    [InlineData("/api/streams/s/report?format=pdf", "format is md or html.")]
    [InlineData("/api/chat/sessions?limit=-", "limit: expected a whole number, found \"-\".")]
    [InlineData("/api/chat/sessions/s/events?after=first", "after: expected a whole number, found \"first\".")]
    [InlineData("/api/tenants?details=perhaps", "details: expected true or false, found \"perhaps\".")]
    [InlineData("/api/records/blocked?limit=x", "limit: expected a whole number, found \"x\".")]
    public async Task What_a_parameter_cannot_be_is_said_with_what_it_takes(string address, string said)
    {
        var problem = await (await app.Owner.GetAsync(address)).Problem(400, "invalid");
        Assert.StartsWith(said, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_address_takes_a_parameter_that_it_does_not_know()
    {
        var routes = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText?.StartsWith("/api/", StringComparison.Ordinal) == true && route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") == true).ToList();
        Assert.True(routes.Count > 30);
        foreach (var route in routes)
        {
            var address = string.Join('/', route.RoutePattern.RawText!.Split('/').Select(part => part.StartsWith('{') ? "1" : part));
            var answer = await app.Owner.GetAsync($"{address}?misspelt=1");
            var problem = await answer.Problem(400, "invalid");
            Assert.StartsWith("misspelt: this address takes no such parameter; it takes ", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/quarantine?state=all", HttpStatusCode.OK)]
    [InlineData("/quarantine?state=Held", HttpStatusCode.OK)]
    [InlineData("/quarantine?state=gone", HttpStatusCode.BadRequest)]
    public async Task The_page_of_the_quarantine_knows_the_same_states(string address, HttpStatusCode expected) => Assert.Equal(expected, (await app.Owner.GetAsync(address)).StatusCode);

    [Fact]
    public async Task A_folder_that_is_not_there_defines_nothing_where_that_is_asked_for()
    {
        var definition = $"sources:\n  - type: files\n    path: {app.Folder}/not-there\n";
        var refused = await (await app.Owner.PutAsync("/api/pipelines/missing?strict=true", new StringContent(definition))).Problem(400, "invalid");
        Assert.Equal("Nothing is defined.", refused.GetProperty("detail").GetString());
        Assert.Contains("does not exist", refused.GetProperty("errors")[0].GetString(), StringComparison.Ordinal);
        await (await app.Owner.GetAsync("/api/pipelines/missing")).Problem(404, "not-found");
        Assert.Contains("not-there does not exist", (await (await app.Owner.PutAsync("/api/pipelines/missing", new StringContent(definition))).Json()).GetProperty("change").GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_not_held_and_the_near_ones_are_named()
    {
        await (await app.Owner.PostAsJsonAsync("/api/queue/mail/items", new { items = new[] { new { kind = "send", payload = 1 } } })).Json();
        foreach (var deed in new[] { "hold", "let-go" })
        {
            var problem = await (await app.Owner.PostAsJsonAsync($"/api/queue/{deed}", new { queue = "mial", reason = "x" })).Problem(404, "not-found");
            Assert.Equal("There is no queue \"mial\". Did you mean mail?", problem.GetProperty("detail").GetString());
        }
        Assert.Equal(["mail"], (await (await app.Owner.PostAsJsonAsync("/api/queue/hold", new { queue = "mail", reason = "x", confirm = "mail" })).Json()).EnumerateArray().Select(queue => queue.GetProperty("queue").GetString()).Order());
    }

    [Fact]
    public async Task A_page_that_is_not_there_shows_the_way_to_those_that_are()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nowhere") { Headers = { { "Accept", "text/html" } } };
        request.Headers.Authorization = app.Owner.DefaultRequestHeaders.Authorization;
        var page = await (await app.Stranger.SendAsync(request)).Content.ReadAsStringAsync();
        Assert.Contains("<nav aria-label=\"Pages\"><a href=\"/\">Ask</a>", page, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/pipelines\">Pipelines</a>", page, StringComparison.Ordinal);
    }
}
