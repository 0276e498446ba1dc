using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Sophia.Hosting;
using Sophia.Operations;

namespace Sophia.Security;

/// <summary>Who tries keys and codes is slowed down, and nobody else.</summary>
public class ThrottleTests
{
    private static readonly int Free = new SignInThrottleOptions().FreeOfAddress;

    [Fact]
    public async Task Codes_cannot_be_tried_without_end()
    {
        await using var world = await World.Start();
        Assert.Equal(HttpStatusCode.OK, (await world.App.Owner.GetAsync("/api/me")).StatusCode);
        for (var tried = 0; tried < Free; tried++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await world.Code()).StatusCode);
        await Refused(await world.Code());
        Assert.Equal(HttpStatusCode.OK, (await world.App.Owner.GetAsync("/api/me")).StatusCode);
    }

    [Fact]
    public async Task Keys_cannot_be_tried_without_end_and_whoever_came_with_a_right_one_before_goes_on()
    {
        await using var world = await World.Start();
        var issued = (await (await world.App.Owner.PostAsJsonAsync("/api/keys", new { label = "new", role = "viewer" })).Json()).GetProperty("secret").GetString();
        for (var tried = 0; tried < Free; tried++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await world.Key($"sophia.default.guess-{tried}")).StatusCode);
        await Refused(await world.Key("sophia.default.guess"));
        await Refused(await world.Key("sophia.nobody.guess"));
        await Refused(await world.Key(issued!));
        Assert.Equal(HttpStatusCode.OK, (await world.App.Owner.GetAsync("/api/me")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.App.Stranger.GetAsync("/live")).StatusCode);
    }

    [Fact]
    public async Task A_key_that_was_right_before_a_restart_is_let_in_whatever_a_stranger_behind_its_address_tries()
    {
        await using var world = await World.Start();
        var issued = (await (await world.App.Owner.PostAsJsonAsync("/api/keys", new { label = "new", role = "viewer" })).Json()).GetProperty("secret").GetString();
        var unused = (await (await world.App.Owner.PostAsJsonAsync("/api/keys", new { label = "unused", role = "viewer" })).Json()).GetProperty("secret").GetString();
        Assert.Equal(HttpStatusCode.OK, (await world.Key(issued!)).StatusCode);
        await world.App.Restart();
        for (var tried = 0; tried < Free; tried++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await world.Key($"sophia.default.guess-{tried}")).StatusCode);
        await Refused(await world.Key("sophia.default.guess"));
        await Refused(await world.Key(unused!));
        Assert.Equal(HttpStatusCode.OK, (await world.Key(issued!)).StatusCode);
        await Refused(await world.Key("sophia.default.another"));
    }

    [Fact]
    public async Task A_key_that_was_right_and_is_revoked_is_a_guess_again()
    {
        await using var world = await World.Start();
        var issued = await (await world.App.Owner.PostAsJsonAsync("/api/keys", new { label = "new", role = "viewer" })).Json();
        var key = issued.GetProperty("secret").GetString()!;
        Assert.Equal(HttpStatusCode.OK, (await world.Key(key)).StatusCode);
        await world.App.Owner.DeleteAsync($"/api/keys/{issued.GetProperty("keyId").GetString()}");
        await world.App.Restart();
        for (var tried = 0; tried < Free; tried++)
            await world.Key($"sophia.default.guess-{tried}");
        await Refused(await world.Key(key));
    }

    [Fact]
    public async Task What_is_no_key_at_all_counts_for_nothing()
    {
        await using var world = await World.Start();
        for (var tried = 0; tried < 2 * Free; tried++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await world.Key("not-of-our-shape")).StatusCode);
    }

    [Fact]
    public async Task A_header_says_nothing_about_the_address_unless_a_trusted_proxy_sends_it()
    {
        await using var world = await World.Start();
        for (var tried = 0; tried < Free; tried++)
            await world.Key("sophia.default.guess", $"192.0.2.{tried}");
        await Refused(await world.Key("sophia.default.guess", "192.0.2.200"));
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_each_address_has_its_own_count()
    {
        await using var world = await World.Start("127.0.0.0/8");
        var issued = (await (await world.App.Owner.PostAsJsonAsync("/api/keys", new { label = "new", role = "viewer" })).Json()).GetProperty("secret").GetString();
        for (var tried = 0; tried < Free; tried++)
            await world.Key("sophia.default.guess", "192.0.2.1");
        await Refused(await world.Key(issued!, "192.0.2.1"));
        await Refused(await world.Key(issued!, "192.0.2.2, 192.0.2.1")); // What the caller himself put in front is not believed.
        Assert.Equal(HttpStatusCode.OK, (await world.Key(issued!, "192.0.2.2")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.Key(issued!, "192.0.2.1")).StatusCode); // It has proved right by now.
    }

    private static async Task Refused(HttpResponseMessage answer)
    {
        var problem = await answer.Problem(429, "busy");
        Assert.InRange(problem.GetProperty("retryAfter").GetInt32(), 1, 15 * 60);
        Assert.Equal(problem.GetProperty("retryAfter").GetInt32(), (int)answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
    }

    /// <summary>An application of its own, because a count stays with an address; its first wait outlasts the test.</summary>
    private sealed class World : IAsyncDisposable
    {
        public required SophiaApp App { get; init; }

        public static async Task<World> Start(params string[] proxies)
        {
            var app = new SophiaApp
            {
                Options = options => options with { TrustedProxies = proxies },
                Adapt = builder => builder.Services.AddSignInThrottle(new SignInThrottleOptions { FirstWait = TimeSpan.FromMinutes(5) }),
            };
            await app.Start();
            return new World { App = app };
        }

        public Task<HttpResponseMessage> Code()
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/signin") { Content = new FormUrlEncodedContent([new("code", "default.guess")]), Headers = { { "Origin", App.Url } } };
            return App.Stranger.SendAsync(request);
        }

        public Task<HttpResponseMessage> Key(string key, string? forwarded = null)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/api/me") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
            if (forwarded is not null)
                request.Headers.Add("X-Forwarded-For", forwarded);
            return App.Stranger.SendAsync(request);
        }

        public async ValueTask DisposeAsync() => await App.DisposeAsync();
    }
}
