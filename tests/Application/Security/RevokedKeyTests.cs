using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Security;

// Goal: nothing that a key opened outlives its revocation by more than the named bound. Method: the real application with a browser, a hub
// connection and an event stream open; and the bound itself against a clock that the test moves.
public sealed class RevokedKeyTests(ChatFixture fixture) : IClassFixture<ChatFixture>
{
    private SophiaApp App => fixture.App;

    [Theory]
    [InlineData("through this process")]
    [InlineData("through another process")]
    public async Task A_revoked_key_takes_its_browsers_hub_connections_and_event_streams_with_it(string how)
    {
        var (id, key) = await Issue();
        var question = $"Who owns Acme, asked {how}?";
        fixture.Model.For(question).TryWrite("Ann ");
        var cookie = await SignIn(key);
        var unused = await Code(key);
        await using var hub = await HubClient.Connect(App.Url, key);
        var closed = new TaskCompletionSource();
        hub.Closed += _ => { closed.TrySetResult(); return Task.CompletedTask; };
        var session = $"revoked-{id}";
        await hub.Ask(session, question);
        using var stream = await EventStream(App.With(key), session);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        while ((await reader.ReadLineAsync())?.Contains("Ann", StringComparison.Ordinal) == false)
        {
        }
        Assert.Equal(HttpStatusCode.OK, await Me(cookie));

        if (how == "through this process")
            Assert.Equal(HttpStatusCode.NoContent, (await App.Owner.DeleteAsync($"/api/keys/{id}")).StatusCode);
        else
            using (CallerContext.For(RunningSophia.DefaultTenant))
                Assert.True(await App.Services.GetRequiredService<IGrainFactory>().GetGrain<ITenantGrain>(TenantKey.Of(RunningSophia.DefaultTenant)).RevokeKey(id));

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await Assert.ThrowsAnyAsync<IOException>(() => reader.ReadToEndAsync());
        await Eventually.Get(() => Me(cookie), status => status == HttpStatusCode.Unauthorized, "the end of the browser's sign-in");
        Assert.Equal(HttpStatusCode.Unauthorized, (await Redeem(unused)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await App.With(key).GetAsync("/api/me")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await App.Owner.GetAsync("/api/me")).StatusCode);
    }

    [Fact]
    public async Task A_key_may_revoke_itself_and_hears_that_it_did()
    {
        var (id, key) = await Issue();
        Assert.Equal(HttpStatusCode.NoContent, (await App.With(key).DeleteAsync($"/api/keys/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await App.With(key).GetAsync("/api/me")).StatusCode);
    }

    /// <summary>The key was believed a moment before it was revoked, and nobody here is told: the worst that can be.</summary>
    [Fact]
    public async Task What_is_open_ends_within_the_bound_also_where_nobody_says_that_the_key_was_revoked()
    {
        var (time, open, grains) = (new SteppedTime(), new OpenRequests(), App.Services.GetRequiredService<IGrainFactory>());
        var keys = new LiveKeys(grains, time);
        using var revoked = new RevokedKeys(open, keys, new CallerReplica(grains, new SignInThrottle(grains, time, NullLogger<SignInThrottle>.Instance), new ProvedKeys(grains, time), time), time, NullLogger<RevokedKeys>.Instance);
        await revoked.StartAsync(default);
        var (kept, lost) = (CallerOf(await Issue()), CallerOf(await Issue()));
        var (going, ending) = (new Lifetime(), new Lifetime());
        using var first = open.Enter(going.Request, kept);
        using var second = open.Enter(ending.Request, lost);
        Assert.True(await keys.Has(lost));

        Assert.Equal(HttpStatusCode.NoContent, (await App.Owner.DeleteAsync($"/api/keys/{lost.KeyId}")).StatusCode);
        Assert.True(await keys.Has(lost));
        for (var passed = TimeSpan.Zero; passed < EdgeLimits.RevokedWithin; passed += TimeSpan.FromSeconds(1))
            time.Advance(TimeSpan.FromSeconds(1));
        await ending.Aborted.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(await keys.Has(lost));
        Assert.True(await keys.Has(kept));
        Assert.False(going.Aborted.Task.IsCompleted);
        await revoked.StopAsync(default);
    }

    private static Caller CallerOf((string Id, string Key) issued) => new(RunningSophia.DefaultTenant, issued.Id, "short-lived", TenantRole.Admin);

    private async Task<(string Id, string Key)> Issue()
    {
        var issued = await (await App.Owner.PostAsJsonAsync("/api/keys", new { label = "short-lived", role = "admin" })).Json();
        return (issued.GetProperty("keyId").GetString()!, issued.GetProperty("secret").GetString()!);
    }

    private async Task<string> Code(string key) =>
        (await (await App.With(key).PostAsync("/api/signin-links", null)).Json()).GetProperty("url").GetString()!.Split("code=")[1];

    private async Task<string> SignIn(string key)
    {
        using var answer = await Redeem(await Code(key));
        return answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private Task<HttpResponseMessage> Redeem(string code)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/signin") { Content = new FormUrlEncodedContent([new("code", code)]), Headers = { { "Origin", App.Url } } };
        return App.Stranger.SendAsync(request);
    }

    private async Task<HttpStatusCode> Me(string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/me") { Headers = { { "Cookie", cookie } } };
        return (await App.Stranger.SendAsync(request)).StatusCode;
    }

    private static Task<HttpResponseMessage> EventStream(HttpClient client, string session)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/api/chat/sessions/{session}/events") { Headers = { { "Accept", "text/event-stream" } } };
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>A request that says when it was aborted.</summary>
    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public Lifetime()
        {
            Request = new DefaultHttpContext();
            Request.Features.Set<IHttpRequestLifetimeFeature>(this);
        }

        public TaskCompletionSource Aborted { get; } = new();

        public DefaultHttpContext Request { get; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => Aborted.TrySetResult();
    }
}
