using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Security;

namespace Sophia.Resilience;

// Goal: pages and the hub are held to limits, bans and the read bound as REST is. Method: the real application; keys that have used up a limit that nothing comes back of within the test, at every address that there is.
public sealed class HeldPathsTests : IAsyncLifetime
{
    private const int Calls = 60;

    private readonly SophiaApp app = new()
    {
        Adapt = static builder =>
        {
            builder.Services.AddReplicas(static replicas => replicas.ExchangeEvery = TimeSpan.FromMilliseconds(100)).AddLimits(static limits =>
            {
                limits.Penalties = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromMilliseconds(200), FirstBan = TimeSpan.FromMinutes(10) };
                limits.Policies.AddRange(
                [
                    new() { Name = "key", Per = LimitPer.Key, Algorithm = LimitAlgorithm.SlidingWindow, Limit = Calls, Window = TimeSpan.FromHours(10), Exact = true },
                    new() { Name = "places", Routes = ["/hub", "HUB WatchRuns", "HUB Stop"], Algorithm = LimitAlgorithm.Concurrency, Limit = 1 },
                ]);
            });
            builder.Services.AddDegradation(static degradation => degradation.Minimal = degradation.Minimal with { RequestsPerSecond = 1 });
        },
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_banned_key_is_refused_wherever_one_must_be_signed_in_and_an_operator_still_looks_after_limits()
    {
        var (banned, _) = await Banned("owner");
        string[] free = ["/signout", "/metrics"], lookedAfter = ["/api/limits", "/limits", "/pages/limits", "/api/trouble", "/trouble", "/pages/trouble"];
        foreach (var endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(one => one.Metadata.GetMetadata<IAllowAnonymous>() is null))
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                var path = AccessTests.Filled("/" + endpoint.RoutePattern.RawText!.TrimStart('/'));
                using var answer = await banned.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), HttpCompletionOption.ResponseHeadersRead);
                var isFree = path.StartsWith("/assets/", StringComparison.Ordinal) || free.Contains(path) || Array.Exists(lookedAfter, start => path == start || path.StartsWith(start + "/", StringComparison.Ordinal));
                Assert.True(isFree == (answer.StatusCode != HttpStatusCode.TooManyRequests), $"{method} {path}: {(int)answer.StatusCode}");
                if (!isFree)
                    Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.FromMinutes(1), $"{method} {path} does not say when to come back.");
            }
        Assert.Equal(HttpStatusCode.OK, (await banned.GetAsync("/limits")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.Stranger.GetAsync("/signin")).StatusCode);
    }

    [Fact]
    public async Task A_page_says_when_to_come_back_and_what_it_means()
    {
        var (banned, _) = await Banned("viewer");
        foreach (var path in (string[])["/search?q=boat", "/records", "/limits"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/html") } } };
            using var answer = await banned.SendAsync(request);
            Assert.Equal((HttpStatusCode.TooManyRequests, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            var page = await answer.Content.ReadAsStringAsync();
            Assert.Matches("This API key is banned for a while.* Come back in (10|9) minutes\\.", page);
            Assert.Contains("href=\"/problems/abnormal-usage-detected\"", page);
        }
        foreach (var code in (string[])["abnormal-usage-detected", "quota-exceeded", "temporary-reduced-capacity"])
            Assert.Equal(HttpStatusCode.OK, (await app.Stranger.GetAsync($"/problems/{code}")).StatusCode);
    }

    [Fact]
    public async Task Calls_of_the_hub_are_refused_with_a_time_over_a_connection_that_stays()
    {
        var (key, id, _) = await Key("viewer");
        await using var hub = await HubClient.Connect(app.Url, key);
        for (var call = 1; call < Calls; call++) // The connection was one.
            await hub.InvokeAsync<JsonElement>("Conversations", 1);
        Assert.Matches("quota-exceeded: Asked as often as \"key\" lets\\. Retry after [0-9]+ s\\.$", (await Refused(hub)).Message);
        await Eventually.Comes(async () => (await Refused(hub)).Message.Contains("abnormal-usage-detected: This API key is banned", StringComparison.Ordinal), "a ban");
        await Assert.ThrowsAsync<HubException>(async () =>
        {
            await foreach (var _ in hub.StreamAsync<JsonElement>("WatchDegradation"))
                break;
        });
        using var released = await app.Owner.PostAsJsonAsync("/api/limits/default/release", new { of = $"key:{id}", reason = "it is mended", confirm = $"key:{id}" });
        Assert.Equal(HttpStatusCode.OK, released.StatusCode);
        await Eventually.Comes(async () => (await Refused(hub)).Message.Contains("quota-exceeded", StringComparison.Ordinal), "the limit alone");
        using var set = await app.Owner.PostAsJsonAsync("/api/limits/default/key/set", new { limit = 100 * Calls, reason = "more", confirm = "key" });
        Assert.Equal(HttpStatusCode.OK, set.StatusCode);
        // Who asked instead of looking would be banned again.
        await Eventually.Comes(async () => (await (await app.Owner.PostAsJsonAsync("/api/limits/test", new { key = id, route = "HUB Conversations" })).Json()).GetProperty("admitted").GetBoolean(), "more");
        Assert.Null(await Try(hub, "Conversations", 1));
        Assert.Equal(HubConnectionState.Connected, hub.State);
    }

    [Fact]
    public async Task A_stream_holds_its_place_until_it_ends_and_a_connection_holds_none()
    {
        await using var first = await HubClient.Connect(app.Url, app.Running.OwnerKey);
        await using var second = await HubClient.Connect(app.Url, app.Running.OwnerKey);
        Assert.Null(await Try(second, "Stop", "nothing"));
        using (var open = new CancellationTokenSource())
        {
            await using var stream = first.StreamAsync<JsonElement>("WatchRuns", open.Token).GetAsyncEnumerator(open.Token);
            var waits = stream.MoveNextAsync().AsTask();
            await Eventually.Get(() => Try(second, "Stop", "nothing"), failure => failure?.Message.Contains("quota-exceeded: As many requests are under way at once as \"places\" lets.", StringComparison.Ordinal) == true, "a refusal while the stream is open");
            await open.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => waits);
        }
        await Eventually.Comes(async () => await Try(second, "Stop", "nothing") is null, "its place");
    }

    [Fact]
    public async Task What_a_level_lets_through_of_reads_counts_over_the_hub_too()
    {
        await using var hub = await HubClient.Connect(app.Url, app.Running.OwnerKey);
        using var held = await app.Owner.PostAsJsonAsync("/api/degradation/hold", new { level = "minimal", because = "a drill", confirm = "default" });
        Assert.True(held.IsSuccessStatusCode, await held.Content.ReadAsStringAsync());
        var refused = await Eventually.Get(async () => (await Task.WhenAll(Try(hub, "Conversations", 1), Try(hub, "Conversations", 1), Try(hub, "Conversations", 1))).OfType<HubException>().FirstOrDefault(), failure => failure is not null, "a refusal");
        Assert.Matches("busy: At most 1 requests a second are taken for now: .*a drill.* Retry after [12] s\\.$", refused!.Message);
        Assert.Equal(HubConnectionState.Connected, hub.State);
    }

    private static async Task<HubException> Refused(HubConnection hub) => await Try(hub, "Conversations", 1) ?? throw new InvalidOperationException("It was answered.");

    private static async Task<HubException?> Try(HubConnection hub, string method, object argument)
    {
        try
        {
            await hub.InvokeAsync<JsonElement>(method, argument);
            return null;
        }
        catch (HubException refused)
        {
            return refused;
        }
    }

    private async Task<(string Secret, string Id, HttpClient Client)> Key(string role)
    {
        var issued = await (await app.Owner.PostAsJsonAsync("/api/keys", new { label = role, role })).Json();
        var secret = issued.GetProperty("secret").GetString()!;
        return (secret, issued.GetProperty("keyId").GetString()!, app.With(secret));
    }

    private async Task<(HttpClient Client, string Id)> Banned(string role)
    {
        var (_, id, client) = await Key(role);
        await Eventually.Get(() => client.GetAsync("/api/me"), answer => answer.Headers.RetryAfter?.Delta > TimeSpan.FromMinutes(1) && !answer.Headers.Contains("RateLimit"), "a ban");
        return (client, id);
    }
}
