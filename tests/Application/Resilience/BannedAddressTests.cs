using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Resilience;

// Goal: a banned address is kept out where limits are looked after, too, but for operators of the system, who release it. Method: the real application with a limit on addresses that nothing comes back of within the test.
public sealed class BannedAddressTests : IAsyncLifetime
{
    private readonly SophiaApp app = new()
    {
        Adapt = static builder => builder.Services.AddLimits(limits =>
        {
            limits.Penalties = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromMilliseconds(200), FirstBan = TimeSpan.FromMinutes(10) };
            limits.Policies.Add(new() { Name = "address", Per = LimitPer.Address, Routes = ["/api/limits"], Limit = 0.001, Burst = 1, Window = TimeSpan.FromHours(1) });
        }),
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_banned_address_is_refused_where_limits_are_looked_after_unless_an_operator_of_the_system_asks()
    {
        var (_, _, other) = await app.NewTenant();
        await Eventually.Get(() => other.GetAsync("/api/limits"), IsBan, "a ban of the address");
        foreach (var one in (HttpClient[])[other, app.Stranger])
            await (await one.GetAsync("/api/limits")).Problem(429, "abnormal-usage-detected");
        var system = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/limits")).GetProperty("system");
        var who = system.GetProperty("offenders")[0].GetProperty("of").GetString()!;
        using var released = await app.Owner.PostAsJsonAsync("/api/limits/system/release", new { of = who, reason = "it is ours", confirm = who });
        Assert.Equal(HttpStatusCode.OK, released.StatusCode);
        await Eventually.Get(() => other.GetAsync("/api/limits"), answer => !IsBan(answer), "no ban");
    }

    private static bool IsBan(HttpResponseMessage answer) => answer.Headers.RetryAfter?.Delta > TimeSpan.FromMinutes(1) && !answer.Headers.Contains("RateLimit");
}
