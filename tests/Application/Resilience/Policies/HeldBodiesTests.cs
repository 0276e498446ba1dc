using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;

namespace Sophia.Resilience;

// Goal: what the bodies of a tenant's requests hold is one budget, refused with a time beyond it, another tenant's not touched, and given back however a request ends. Method: the real application with the smallest budget; the test holds the rest of it.
public sealed class HeldBodiesTests : IAsyncLifetime
{
    private const long Budget = 1L << 20;

    private readonly SophiaApp app = new()
    {
        Adapt = builder => builder.Services.AddReplicas(static replicas => replicas.ExchangeEvery = TimeSpan.FromMilliseconds(100)).AddPolicies(null, static bounds => bounds.Default = new TenantBounds { HeldBytes = Budget }),
    };

    private IBulkheads Bulkheads => app.Services.GetRequiredService<IBulkheads>();

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_body_beyond_what_the_tenant_may_hold_is_refused_with_a_time_and_others_are_not_touched()
    {
        var (_, _, other) = await app.NewTenant();
        Assert.True(Bulkheads.TryHold(RunningSophia.DefaultTenant, Budget - 1_000));
        using (var refused = await app.Owner.PostAsJsonAsync("/api/ask", new { text = new string('x', 3_000) }))
        {
            var problem = await refused.Problem(429, "busy");
            Assert.Equal("This tenant holds 1 MiB of what is being received already, as much as it may. Nothing of this was stored.", problem.GetProperty("detail").GetString());
            Assert.True(refused.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        }
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.PostAsJsonAsync("/api/ask", new { text = "Where is the oak?" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await other.PostAsJsonAsync("/api/ask", new { text = new string('x', 3_000) })).StatusCode);
        Bulkheads.GiveBack(RunningSophia.DefaultTenant, Budget - 1_000);
        await NothingIsHeld();
    }

    [Fact]
    public async Task What_a_body_held_is_given_back_whether_it_was_taken_refused_or_broken_off()
    {
        for (var round = 0; round < 20; round++)
        {
            using var taken = await app.Owner.PostAsJsonAsync("/api/ask", new { text = "Where is the oak?" });
            Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
            using var wrong = await app.Owner.PostAsync("/api/ask", new StringContent(new string('{', 100_000), Encoding.UTF8, "application/json"));
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
            using var gone = new CancellationTokenSource();
            var body = new HalfBody();
            var half = app.Owner.PostAsync("/api/ask", body, gone.Token);
            await body.Sent;
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => half);
        }
        await NothingIsHeld();
    }

    private Task NothingIsHeld() => Eventually.Comes(() =>
    {
        // All of it may be held again only where nothing else is.
        if (!Bulkheads.TryHold(RunningSophia.DefaultTenant, Budget))
            return false;
        Bulkheads.GiveBack(RunningSophia.DefaultTenant, Budget);
        return true;
    }, "nothing is held");

    /// <summary>Says that there is more to come, and never sends it.</summary>
    private sealed class HalfBody : HttpContent
    {
        private readonly TaskCompletionSource sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HalfBody() => Headers.ContentType = new("application/json");

        public Task Sent => sent.Task.WaitAsync(TimeSpan.FromSeconds(60));

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes("{\"text\": \"" + new string('x', 30_000)), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            sent.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
