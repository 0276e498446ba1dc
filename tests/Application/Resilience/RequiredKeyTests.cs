using System.Net;
using System.Text;
using Sophia.Hosting;

namespace Sophia.Resilience;

// Goal: where keys are required nothing changes without one, and what only reads needs none.
public sealed class RequiredKeyTests : IAsyncLifetime
{
    private readonly SophiaApp app = new() { Options = static options => options with { IdempotencyRequired = ["/api/chat"] } };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Theory]
    [InlineData("/api/pipelin", false)]
    [InlineData("/api/chat/session", false)]
    [InlineData("/api/pipelines/box/runs", true)]
    [InlineData("/api", true)]
    public async Task A_beginning_that_no_address_has_is_refused_at_the_start(string path, bool starts)
    {
        var other = new SophiaApp { Options = options => options with { IdempotencyRequired = [path] } };
        try
        {
            if (starts)
                await other.InitializeAsync();
            else
                Assert.Contains($"SOPHIA_IDEMPOTENCY_REQUIRED: no address begins with \"{path}\"", (await Assert.ThrowsAsync<StartRefusedException>(other.InitializeAsync)).Message, StringComparison.Ordinal);
        }
        finally
        {
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task Where_a_key_is_required_a_request_without_one_is_400()
    {
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");
        using var missing = await app.Owner.PostAsync("/api/chat/sessions", body);
        var problem = await missing.Problem(400, "idempotency-key-missing");
        Assert.Equal("/problems/idempotency-key-missing", problem.GetProperty("help").GetString());
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/chat/sessions")).StatusCode);
        await (await app.Stranger.PostAsync("/api/chat/sessions", null)).Problem(401, "unauthenticated");
        using var keyed = new HttpRequestMessage(HttpMethod.Post, "/api/chat/sessions") { Content = new StringContent("{}", Encoding.UTF8, "application/json"), Headers = { { "Idempotency-Key", "\"k\"" } } };
        Assert.Equal(HttpStatusCode.Created, (await app.Owner.SendAsync(keyed)).StatusCode);
        Assert.True((await app.Owner.PostAsync("/api/retention/look", null)).IsSuccessStatusCode);
        await (await app.Stranger.GetAsync("/problems/nothing-of-this-name")).Problem(404, "not-found");
    }
}
