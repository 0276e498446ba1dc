using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;

namespace Sophia.Resilience;

// Goal: nobody gets another one banned, nor escapes his own ban, by saying that he comes from elsewhere. Method: the real application with a limit of one request for each address, asked with headers as an outsider sends them, past a proxy and directly.
public sealed class SpoofedAddressTests : IAsyncDisposable
{
    private const string Outsider = "203.0.113.5", Victim = "198.51.100.1";

    private readonly SophiaApp app = new()
    {
        Adapt = static builder => builder.Services.AddLimits(limits =>
        {
            limits.Penalties = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromMilliseconds(200), FirstBan = TimeSpan.FromMinutes(10) };
            limits.Policies.Add(new() { Name = "address", Per = LimitPer.Address, Routes = ["/api/quarantine"], Limit = 0.001, Burst = 1, Window = TimeSpan.FromHours(1) });
        }),
    };

    public ValueTask DisposeAsync() => new(app.DisposeAsync());

    [Fact]
    public async Task Without_a_trusted_proxy_a_header_is_nobodys_address()
    {
        await app.Start();
        var said = 0;
        await Eventually.Get(() => Ask($"198.51.100.{said++ % 250}"), IsBan, "a ban of who asks on");
        // Whatever he says, he is banned, and nobody else is known.
        foreach (var header in (string[])[Victim, $"{Victim}, {Outsider}", "::1", "127.0.0.1", "not an address", ""])
            Assert.True(IsBan(await Ask(header)), header);
        Assert.All(await Offenders(), who => Assert.True(who is "address:127.0.0.1" or "address:::1", who));
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_what_the_caller_put_in_front_neither_bans_others_nor_frees_himself()
    {
        app.Options = options => options with { TrustedProxies = ["127.0.0.0/8", "::1"] };
        await app.Start();
        await Eventually.Get(() => Ask($"{Victim}, {Outsider}"), IsBan, "a ban of who asks on");
        foreach (var invented in (string[])[Victim, "192.0.2.9", "127.0.0.1", "not an address", "192.0.2.9, not an address"])
            Assert.True(IsBan(await Ask($"{invented}, {Outsider}")), invented);
        Assert.Equal([$"address:{Outsider}"], await Offenders());
        Assert.Equal(HttpStatusCode.Unauthorized, (await Ask(Victim)).StatusCode);
    }

    private static bool IsBan(HttpResponseMessage answer) => answer.StatusCode == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter?.Delta > TimeSpan.FromMinutes(1) && !answer.Headers.Contains("RateLimit");

    private async Task<HttpResponseMessage> Ask(string forwarded)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/quarantine");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwarded);
        return await app.Stranger.SendAsync(request);
    }

    private async Task<IReadOnlyList<string>> Offenders() => [.. (await app.Owner.GetFromJsonAsync<JsonElement>("/api/limits")).GetProperty("system").GetProperty("offenders").EnumerateArray().Select(one => one.GetProperty("of").GetString()!)];
}
