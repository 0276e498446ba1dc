using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Knowledge;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: over real HTTP a tenant's flood is refused with a time while others are served, a caller's time ends what is done for him, and all of it can be looked at. Method: the real application; places are taken by the test.
public sealed class PolicyFlowTests : IAsyncLifetime
{
    private readonly SilentModel model = new();
    private readonly SophiaApp app;

    public PolicyFlowTests() => app = new SophiaApp
    {
        Adapt = builder => builder.Services.AddSingleton<IAnswerModel>(model).AddReplicas(static replicas => replicas.ExchangeEvery = TimeSpan.FromMilliseconds(100))
            .AddPolicies(static policies => policies.Dependencies["model"] = policies.Of("model") with { RetryAfter = TimeSpan.Zero }, static bounds => bounds.Default = new TenantBounds
            {
                Search = new BulkheadBound(1, 0, TimeSpan.FromSeconds(1)), Ask = new BulkheadBound(1, 0, TimeSpan.FromSeconds(1)), Ingest = new BulkheadBound(1, 1, TimeSpan.FromMinutes(1)),
            }),
    };

    private IBulkheads Bulkheads => app.Services.GetRequiredService<IBulkheads>();

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task One_tenant_s_searches_and_questions_are_refused_with_a_time_while_another_s_are_answered()
    {
        var (_, _, other) = await app.NewTenant();
        using var search = await Bulkheads.Enter(RunningSophia.DefaultTenant, BulkheadKind.Search, default);
        using var ask = await Bulkheads.Enter(RunningSophia.DefaultTenant, BulkheadKind.Ask, default);
        using var searched = await app.Owner.GetAsync("/api/search?q=oak");
        var problem = await searched.Problem(429, "busy");
        Assert.Equal("This tenant has 1 searches under way and 0 waiting, as many as it may.", problem.GetProperty("detail").GetString());
        Assert.True(searched.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        using var asked = await app.Owner.PostAsJsonAsync("/api/ask", new { text = "Where is the oak?" });
        await asked.Problem(429, "busy");
        Assert.Empty((await app.Owner.GetFromJsonAsync<JsonElement>("/api/chat/sessions")).EnumerateArray());
        using var page = await app.Owner.GetAsync("/search?q=oak");
        Assert.Contains("as many as it may", await page.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/api/search?q=oak")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await other.PostAsJsonAsync("/api/ask", new { text = "Where is the oak?" })).StatusCode);
    }

    [Fact]
    public async Task A_stranger_s_delivery_takes_no_place_of_the_tenant_and_learns_not_that_there_is_one_nor_that_it_is_full()
    {
        using var defined = await app.Owner.PutAsync("/api/pipelines/hook", new StringContent("name: hook\nsources:\n  - type: github-webhook\n    secret: generated\n"));
        Assert.Equal(HttpStatusCode.OK, defined.StatusCode);
        var secret = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/pipelines/hook/webhook-secret")).GetProperty("secret").GetString()!;
        var place = await Bulkheads.Enter(RunningSophia.DefaultTenant, BulkheadKind.Ingest, default);
        using (var gone = new CancellationTokenSource())
        {
            var waits = Bulkheads.Enter(RunningSophia.DefaultTenant, BulkheadKind.Ingest, gone.Token).AsTask();
            using var full = await Delivered("default", secret);
            await full.Problem(429, "busy");
            using var known = await Delivered("default", "wrong");
            using var unknown = await Delivered("t-nobody", "wrong");
            var (one, other) = (await known.Problem(401, "unauthenticated"), await unknown.Problem(401, "unauthenticated"));
            Assert.Equal(other.GetProperty("detail").GetString(), one.GetProperty("detail").GetString());
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        }
        place.Dispose();
        using var taken = await Delivered("default", secret);
        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
    }

    [Fact]
    public async Task A_request_whose_time_is_over_is_ended_with_504_and_nothing_is_begun_for_it()
    {
        using (await Bulkheads.Enter(RunningSophia.DefaultTenant, BulkheadKind.Ingest, default))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/inbox?path=a.md") { Content = new StringContent("# Oak"), Headers = { { "Sophia-Timeout", "100ms" } } };
            using var late = await app.Owner.SendAsync(request);
            var problem = await late.Problem(504, "deadline-passed");
            Assert.Equal("/problems/deadline-passed", problem.GetProperty("help").GetString());
        }
        Assert.Equal(HttpStatusCode.OK, (await app.Stranger.GetAsync("/problems/deadline-passed")).StatusCode);
        using var kept = await app.Owner.PostAsync("/api/inbox?path=a.md", new StringContent("# Oak"));
        Assert.Equal(HttpStatusCode.Accepted, kept.StatusCode);
    }

    [Fact]
    public async Task A_question_whose_asker_went_away_is_not_answered_on_and_one_whose_time_is_over_is_ended()
    {
        await Ingest("kb", ("a.md", "# Oak\n\nThe oak stands behind the mill."));
        using (var gone = new CancellationTokenSource())
        {
            var asked = app.Owner.PostAsJsonAsync("/api/ask", new { text = "Where does the oak stand?" }, gone.Token);
            await Next(model.Asked);
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
            await Next(model.Left);
        }
        await Eventually.Comes(() => Bulkheads.WhyFull(RunningSophia.DefaultTenant, BulkheadKind.Ask) is null, "the place of the answer that nobody waits for");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/ask") { Content = JsonContent.Create(new { text = "Where does the oak stand?" }), Headers = { { "Sophia-Timeout", "10s" } } };
        using var late = await app.Owner.SendAsync(request);
        await late.Problem(504, "deadline-passed");
        // On a machine that does much else the time may be over before the model is asked.
        if (model.Asked.Reader.TryRead(out _))
            await Next(model.Left);
    }

    private static Task<bool> Next(Channel<bool> of) => of.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(2));

    [Theory]
    [InlineData("soon")]
    [InlineData("5")]
    [InlineData("1ms")]
    [InlineData("-5s")]
    [InlineData("NaNs")]
    [InlineData("-Infinitys")]
    public async Task A_time_that_is_none_is_refused(string said)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/search?q=oak") { Headers = { { "Sophia-Timeout", said } } };
        using var answer = await app.Owner.SendAsync(request);
        await answer.Problem(400, "invalid");
    }

    [Fact]
    public async Task A_grain_is_not_called_for_somebody_who_does_not_wait_any_more_and_is_for_whoever_does()
    {
        var grains = app.Services.GetRequiredService<IGrainFactory>();
        using var _ = CallerContext.For(RunningSophia.DefaultTenant);
        var search = grains.GetGrain<ISearchGrain>(TenantKey.Of(RunningSophia.DefaultTenant));
        using (Deadline.Until(DateTimeOffset.UtcNow - TimeSpan.FromSeconds(1)))
            Assert.Equal(RefusalCode.DeadlinePassed, (await Assert.ThrowsAsync<RefusedException>(() => search.Search(new SearchQuery("oak"), default))).Code);
        using (Deadline.Until(DateTimeOffset.UtcNow + TimeSpan.FromMinutes(1)))
            Assert.Empty((await search.Search(new SearchQuery("oak"), default)).Hits);
    }

    [Fact]
    public async Task What_policies_and_bulkheads_did_is_shown_to_who_may_see_it()
    {
        var policy = app.Services.GetRequiredService<IPolicies>().OfInstallation("model");
        var call = new PolicyCall<int>(_ => throw new IOException(), _ => new CallFailure(CallOutcome.Unreachable, true), true);
        await Assert.ThrowsAsync<IOException>(() => policy.Run(call, default).AsTask());
        await app.Owner.GetAsync("/api/search?q=oak");
        var view = await Eventually.Get(async () =>
        {
            using var answer = await app.Owner.GetAsync("/api/policies/system/model");
            return await answer.Content.ReadFromJsonAsync<JsonElement>();
        }, shown => shown.TryGetProperty("processes", out var processes) && processes.EnumerateArray().Any(process => Did(process.GetProperty("seen")) == (1, 2, 1)), "one call that failed after two repeats");
        Assert.Equal("extractive", view.GetProperty("fallback").GetString());
        var bulkheads = await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>("/api/policies"), owners => owners.EnumerateArray().Any(owner => owner.GetProperty("bulkheads").EnumerateArray().Any(one => one.GetProperty("kind").GetString() == "search")), "the bulkhead is listed");
        Assert.Equal(["system", RunningSophia.DefaultTenant.Value], bulkheads.EnumerateArray().Select(owner => owner.GetProperty("owner").GetString()));
        var (_, _, other) = await app.NewTenant();
        Assert.DoesNotContain((await other.GetFromJsonAsync<JsonElement>("/api/policies")).EnumerateArray(), owner => owner.GetProperty("owner").GetString() == "system");
        await (await other.GetAsync("/api/policies/system/model")).Problem(404, "not-found");

        static (int Calls, int Repeats, int Failures) Did(JsonElement seen) => (seen.GetProperty("calls").GetInt32(), seen.GetProperty("repeats").GetInt32(), seen.GetProperty("failures").GetInt32());
    }

    private Task<HttpResponseMessage> Delivered(string tenant, string secret)
    {
        var body = "{\"zen\":\"Keep it logically awesome.\"}"u8.ToArray();
        return app.Stranger.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/hooks/{tenant}/hook")
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            Headers = { { "X-GitHub-Event", "ping" }, { "X-GitHub-Delivery", "one" }, { "X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))}" } },
        });
    }

    private async Task Ingest(string name, params (string Path, string Text)[] files)
    {
        using var defined = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsources:\n  - type: files\n    path: {JsonSerializer.Serialize(app.FilesOf(name, files))}\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        var run = (await (await app.Owner.PostAsJsonAsync($"/api/pipelines/{name}/runs", new { })).Json()).GetProperty("runId").GetString();
        await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs/{run}"), view => view.TryGetProperty("searchableAt", out var at) && at.ValueKind == JsonValueKind.String, "searchable");
    }

    /// <summary>Says nothing until nobody listens.</summary>
    private sealed class SilentModel : IAnswerModel
    {
        public Channel<bool> Asked { get; } = Channel.CreateUnbounded<bool>();

        public Channel<bool> Left { get; } = Channel.CreateUnbounded<bool>();

        public string Name => "silent";

        public async IAsyncEnumerable<string> Answer(AnswerPrompt prompt, [EnumeratorCancellation] CancellationToken cancellation)
        {
            var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var heard = cancellation.Register(() => left.TrySetResult());
            Asked.Writer.TryWrite(true);
            await left.Task;
            Left.Writer.TryWrite(true);
            cancellation.ThrowIfCancellationRequested();
            yield return "";
        }
    }
}
