using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;

namespace Sophia.Resilience;

// Goal: limits over real HTTP, with the fields and the problem of their draft. Method: the real application with narrow limits, a flow so slow that none of it comes back within the test.
public sealed class LimitTests : IAsyncLifetime
{
    private readonly SophiaApp app = new()
    {
        Adapt = static builder => builder.Services.AddLimits(limits => limits.Policies.AddRange([new() { Name = "api", Limit = 0.01, Burst = 600 }, new() { Name = "api-key", Per = LimitPer.Key, Limit = 0.01, Burst = 300, Penalties = false }])),
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_key_is_held_to_its_limit_and_then_told_when_to_come_back_and_a_tenant_to_its_own()
    {
        var (_, _, other) = await app.NewTenant();
        var colleague = await app.InRole("viewer");
        var refused = await Until(app.Owner, HttpStatusCode.TooManyRequests);
        var problem = await refused.Problem(429, "quota-exceeded");
        Assert.Equal("https://iana.org/assignments/http-problem-types#quota-exceeded", problem.GetProperty("type").GetString());
        Assert.Equal("api-key", problem.GetProperty("violated-policies")[0].GetString());
        var wait = int.Parse(refused.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture);
        Assert.Equal("\"api\";q=600;w=60000, \"api-key\";q=300;w=30000", refused.Headers.GetValues("RateLimit-Policy").Single());
        var told = Regex.Match(refused.Headers.GetValues("RateLimit").Single(), "^\"api\";r=(?<r>\\d+);t=\\d+, \"api-key\";r=0;t=(?<t>\\d+)$");
        Assert.True(told.Success && int.Parse(told.Groups["t"].Value, CultureInfo.InvariantCulture) <= wait, refused.Headers.GetValues("RateLimit").Single());

        // Another key of the tenant goes on, until the tenant itself has had enough; another tenant knows nothing of it.
        Assert.Equal(HttpStatusCode.OK, (await colleague.GetAsync("/api/me")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/api/me")).StatusCode);
        Assert.False((await app.Stranger.GetAsync("/live")).Headers.Contains("RateLimit"));
    }

    [Fact]
    public async Task What_is_left_is_told_with_every_answer_and_falls()
    {
        await Eventually.Get(() => app.Owner.GetAsync("/api/me"), answer => Left(answer) > 100, "a share");
        var before = Left(await app.Owner.GetAsync("/api/me"));
        for (var i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetFromJsonAsync<System.Text.Json.JsonElement>("/api/me")).ValueKind == System.Text.Json.JsonValueKind.Object ? HttpStatusCode.OK : default);
        Assert.InRange(before - Left(await app.Owner.GetAsync("/api/me")), 20, 22);
    }

    private static long Left(HttpResponseMessage answer) => long.Parse(Regex.Match(answer.Headers.GetValues("RateLimit").Single(), "\"api-key\";r=(\\d+)").Groups[1].Value, CultureInfo.InvariantCulture);

    private static Task<HttpResponseMessage> Until(HttpClient who, HttpStatusCode status) => Eventually.Get(async () =>
    {
        var last = await who.GetAsync("/api/me");
        for (var i = 0; i < 500 && last.StatusCode != status; i++)
            last = await who.GetAsync("/api/me");
        return last;
    }, answer => answer.StatusCode == status && answer.Headers.TryGetValues("RateLimit", out var told) && told.Single().Contains("api-key", StringComparison.Ordinal), "a refusal of the key");
}
