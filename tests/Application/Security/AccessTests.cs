using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;

namespace Sophia.Security;

/// <summary>Who may come in: every route against nobody, wrong keys, every role, and other hosts.</summary>
public class AccessTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    private static readonly string[] Open = ["GET /live", "GET /ready", "GET /signin", "POST /signin", "POST /hooks/{tenant}/{pipeline}", "GET /problems/{problem}"];

    private IEnumerable<(string Method, string Pattern, RouteEndpoint Endpoint)> Routes =>
        from endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (method, "/" + endpoint.RoutePattern.RawText!.TrimStart('/'), endpoint);

    [Fact]
    public void Only_liveness_sign_in_webhooks_and_what_problems_mean_are_open()
    {
        var open = Routes.Where(r => r.Endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null).Select(r => $"{r.Method} {r.Pattern.TrimEnd('/')}");
        Assert.Equal(Open.Order(), open.Order());
    }

    [Fact]
    public async Task Every_other_route_refuses_nobody_a_made_up_key_and_a_key_of_a_made_up_tenant()
    {
        var wrong = new[] { null, "nonsense", "sophia.default.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "sophia.nobody.AAAA", app.Running.OwnerKey + "x", "sophia.default." };
        foreach (var (method, pattern, _) in Routes.Where(r => !Open.Contains($"{r.Method} {r.Pattern.TrimEnd('/')}")))
            foreach (var client in wrong.Select(app.With))
            {
                using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), Filled(pattern)));
                Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {pattern}: {answer.StatusCode}");
            }
    }

    [Fact]
    public async Task A_path_that_is_not_there_looks_like_one_that_is_to_strangers() =>
        await (await app.Stranger.GetAsync("/api/no-such-thing")).Problem(401, "unauthenticated");

    [Theory]
    [InlineData("viewer", "PUT", "/api/pipelines/x", 403)]
    [InlineData("operator", "PUT", "/api/pipelines/x", 403)]
    [InlineData("admin", "PUT", "/api/pipelines/x", 400)]
    [InlineData("viewer", "POST", "/api/pipelines/x/runs", 403)]
    [InlineData("analyst", "POST", "/api/quarantine/release", 403)]
    [InlineData("viewer", "POST", "/api/quarantine/discard", 403)]
    [InlineData("viewer", "POST", "/api/pipeline/stop", 403)]
    [InlineData("operator", "POST", "/api/keys", 403)]
    [InlineData("operator", "GET", "/api/tenant", 403)]
    [InlineData("admin", "POST", "/api/tenants", 403)]
    [InlineData("viewer", "GET", "/api/me", 200)]
    public async Task A_role_may_do_what_it_may(string role, string method, string path, int expected)
    {
        var client = await app.InRole(role);
        using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "GET" ? null : new StringContent("", Encoding.UTF8, "application/json") });
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Nobody_issues_a_key_above_his_own_role()
    {
        var admin = await app.InRole("admin");
        await (await admin.PostAsJsonAsync("/api/keys", new { label = "more", role = "owner" })).Problem(403, "forbidden");
        var owner = (await app.Owner.GetFromJsonAsync<System.Text.Json.JsonElement>("/api/me")).GetProperty("keyId").GetString();
        await (await admin.DeleteAsync($"/api/keys/{owner}")).Problem(403, "forbidden");
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once()
    {
        var issued = await (await app.Owner.PostAsJsonAsync("/api/keys", new { label = "short-lived", role = "viewer" })).Json();
        var client = app.With(issued.GetProperty("secret").GetString());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/me")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await app.Owner.DeleteAsync($"/api/keys/{issued.GetProperty("keyId").GetString()}")).StatusCode);
        await (await client.GetAsync("/api/me")).Problem(401, "unauthenticated");
        await (await app.Owner.DeleteAsync($"/api/keys/{issued.GetProperty("keyId").GetString()}")).Problem(404, "not-found");
    }

    [Fact]
    public async Task A_page_that_rebinds_its_name_to_this_machine_is_shut_out()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/live") { Headers = { Host = "evil.example" } };
        Assert.Equal(HttpStatusCode.BadRequest, (await app.Stranger.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Every_answer_carries_the_security_headers()
    {
        foreach (var path in new[] { "/live", "/api/me", "/api/none", "/signin" })
        {
            using var answer = await app.Stranger.GetAsync(path);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
            Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    internal static string Filled(string pattern) => System.Text.RegularExpressions.Regex.Replace(pattern, @"\{[^}]*:long[^}]*\}", "1")
        is var numbered ? System.Text.RegularExpressions.Regex.Replace(numbered, @"\{[^}]*\}", "x") : "";
}
