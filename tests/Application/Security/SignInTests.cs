using System.Net;
using System.Net.Http.Json;
using Sophia.Hosting;

namespace Sophia.Security;

/// <summary>How a browser signs in, and what its cookie may and may not do.</summary>
public class SignInTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task Opening_a_link_burns_nothing_and_the_button_signs_in_once()
    {
        var (path, code) = await Link();
        Assert.Contains("Sign in", await app.Stranger.GetStringAsync(path));
        await app.Stranger.GetStringAsync(path);

        using var first = await Redeem(code);
        Assert.Equal(HttpStatusCode.SeeOther, first.StatusCode);
        var cookie = first.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        using var me = await Browser(cookie, HttpMethod.Get, "/api/me");
        Assert.Equal("default", (await me.Json()).GetProperty("tenant").GetString());

        using var second = await Redeem(code);
        Assert.Equal(HttpStatusCode.Unauthorized, second.StatusCode);
    }

    [Fact]
    public async Task A_sign_in_survives_a_restart()
    {
        var (_, code) = await Link();
        using var answer = await Redeem(code);
        var cookie = answer.Headers.GetValues("Set-Cookie").Single();
        await app.Restart();
        using var me = await Browser(cookie, HttpMethod.Get, "/api/me");
        Assert.Equal(HttpStatusCode.OK, me.StatusCode);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("X-Nothing", "at all")]
    public async Task Another_site_cannot_use_the_cookie_to_change_something(string header, string value)
    {
        var (_, code) = await Link();
        using var answer = await Redeem(code);
        var cookie = answer.Headers.GetValues("Set-Cookie").Single();
        using var change = await Browser(cookie, HttpMethod.Post, "/api/keys", (header, value));
        await change.Problem(403, "forbidden");
    }

    [Fact]
    public async Task Our_own_page_can()
    {
        var (_, code) = await Link();
        using var answer = await Redeem(code);
        using var change = await Browser(answer.Headers.GetValues("Set-Cookie").Single(), HttpMethod.Post, "/api/keys", ("Sec-Fetch-Site", "same-origin"));
        Assert.Equal(HttpStatusCode.Created, change.StatusCode);
    }

    [Theory]
    [InlineData("default.wrong")]
    [InlineData("nobody.wrong")]
    [InlineData("no-dot")]
    [InlineData("")]
    [InlineData("default.<script>alert(1)</script>")]
    public async Task A_code_that_nobody_issued_signs_nobody_in_and_is_never_echoed_as_html(string code)
    {
        using var answer = await Redeem(code);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.DoesNotContain("<script>", await app.Stranger.GetStringAsync($"/signin?code={Uri.EscapeDataString(code)}"));
    }

    [Fact]
    public async Task A_browser_without_a_sign_in_gets_a_page_that_says_how()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/pipelines") { Headers = { { "Accept", "text/html" } } };
        using var answer = await app.Stranger.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("sophia up", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
    }

    /// <summary>Every role may ask for a link, because it is worth no more than the key that asks: neither the browser, nor a link that the browser asks for, nor one that is spent after the key was revoked.</summary>
    [Theory]
    [InlineData("viewer", "/api/queue/hold")]
    [InlineData("operator", "/api/keys")]
    [InlineData("admin", "/api/tenants")]
    public async Task A_link_gives_the_role_of_its_key_and_ends_with_it(string role, string above)
    {
        var issued = await (await app.Owner.PostAsJsonAsync("/api/keys", new { label = role, role })).Json();
        var key = app.With(issued.GetProperty("secret").GetString());
        using var first = await Redeem(await Code(key.PostAsync("/api/signin-links", null)));
        var browser = first.Headers.GetValues("Set-Cookie").Single();
        using var second = await Redeem(await Code(Browser(browser, HttpMethod.Post, "/api/signin-links", ("Sec-Fetch-Site", "same-origin"))));
        var handedOn = second.Headers.GetValues("Set-Cookie").Single();
        var kept = await Code(Browser(handedOn, HttpMethod.Post, "/api/signin-links", ("Sec-Fetch-Site", "same-origin")));
        foreach (var cookie in new[] { browser, handedOn })
        {
            var me = await (await Browser(cookie, HttpMethod.Get, "/api/me")).Json();
            Assert.Equal((role, issued.GetProperty("keyId").GetString()), (me.GetProperty("role").GetString(), me.GetProperty("keyId").GetString()));
            await (await Browser(cookie, HttpMethod.Post, above, ("Sec-Fetch-Site", "same-origin"))).Problem(403, "forbidden");
        }

        Assert.Equal(HttpStatusCode.NoContent, (await app.Owner.DeleteAsync($"/api/keys/{issued.GetProperty("keyId").GetString()}")).StatusCode);
        foreach (var cookie in new[] { browser, handedOn })
        {
            await (await Browser(cookie, HttpMethod.Get, "/api/me")).Problem(401, "unauthenticated");
            await (await Browser(cookie, HttpMethod.Post, "/api/signin-links", ("Sec-Fetch-Site", "same-origin"))).Problem(401, "unauthenticated");
        }
        using var late = await Redeem(kept);
        Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);
        await (await key.PostAsync("/api/signin-links", null)).Problem(401, "unauthenticated");

        static async Task<string> Code(Task<HttpResponseMessage> asked) => (await (await asked).Json()).GetProperty("url").GetString() is { } url ? url[(url.IndexOf("code=", StringComparison.Ordinal) + 5)..] : "";
    }

    private async Task<(string Path, string Code)> Link()
    {
        var url = (await (await app.Owner.PostAsync("/api/signin-links", null)).Json()).GetProperty("url").GetString()!;
        return (url[app.Url.Length..], url[(url.IndexOf("code=", StringComparison.Ordinal) + 5)..]);
    }

    private Task<HttpResponseMessage> Redeem(string code)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/signin") { Content = new FormUrlEncodedContent([new("code", code)]) };
        request.Headers.Add("Origin", app.Url);
        return app.Stranger.SendAsync(request);
    }

    private Task<HttpResponseMessage> Browser(string setCookie, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path) { Content = method == HttpMethod.Post ? JsonContent.Create(new { label = "page", role = "viewer" }) : null };
        request.Headers.Add("Cookie", setCookie.Split(';')[0]);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return app.Stranger.SendAsync(request);
    }
}
