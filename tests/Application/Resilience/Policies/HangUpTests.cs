using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: a client that hangs up in the middle of something long, under a deadline, leaves nothing behind that is taken, and loses nothing that was acknowledged. Method: the real application with one place for each kind of work, a log and a model that stop where the test says.
public sealed class HangUpTests : IAsyncLifetime
{
    private readonly PacedModel model = new();
    private readonly HeldReads reads = new();
    private readonly SophiaApp app;

    public HangUpTests() => app = new SophiaApp
    {
        Adapt = builder =>
        {
            var log = builder.Services.Last(service => service.ServiceType == typeof(ILogStore));
            builder.Services.AddSingleton(provider => reads.Before((ILogStore)log.ImplementationFactory!(provider)));
            builder.Services.AddSingleton<IAnswerModel>(model).AddSingleton<IPassageSearch, ChatFixture.OneRecord>().AddPolicies(null, static bounds => bounds.Default = new TenantBounds
            {
                Ask = new BulkheadBound(1, 0, TimeSpan.FromSeconds(1)), Export = new BulkheadBound(1, 0, TimeSpan.FromSeconds(1)),
            });
        },
    };

    public async Task InitializeAsync()
    {
        await app.InitializeAsync();
        await ChatFixture.Store(app.Services, RunningSophia.DefaultTenant);
    }

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Whoever_hangs_up_within_an_export_gives_its_place_back()
    {
        var (name, _, client) = await app.NewTenant();
        (await client.PostAsync("/api/inbox?path=a.txt", new StringContent("The oak stands behind the mill."))).EnsureSuccessStatusCode();
        reads.HoldFor = TenantId.Parse(name);
        using (var gone = new CancellationTokenSource())
        {
            var export = Export(name, gone.Token);
            await reads.Held;
            await (await Export(name, default)).Problem(429, "busy");
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => export);
        }
        reads.Go();
        using var whole = await Eventually.Get(() => Export(name, default), answer => answer.StatusCode == HttpStatusCode.OK, "the place is free again");
        Assert.NotEmpty(await whole.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Whoever_hangs_up_while_he_listens_to_an_answer_loses_nothing_of_it_and_its_place_is_given_back()
    {
        var words = model.For("long");
        using (var accepted = await Asked("talk", "long"))
            Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        words.TryWrite("Ann ");
        words.TryWrite("Lee ");
        using (var gone = new CancellationTokenSource())
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/chat/sessions/talk/events") { Headers = { { "Accept", "text/event-stream" }, { "Sophia-Timeout", "2m" } } };
            var listening = await app.Owner.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone.Token);
            using var lines = new StreamReader(await listening.Content.ReadAsStreamAsync(gone.Token));
            string? line;
            do
                line = await lines.ReadLineAsync(gone.Token);
            while (line?.Contains("Ann ", StringComparison.Ordinal) == false);
            Assert.NotNull(line);
            await gone.CancelAsync();
            listening.Dispose();
        }
        await (await Asked("other", "short")).Problem(429, "busy");
        words.TryWrite("owns it [1].");
        words.TryComplete();
        var events = await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>("/api/chat/sessions/talk/events"), page => !page.GetProperty("answering").GetBoolean(), "the answer has ended");
        Assert.Equal(["question", "done"], events.GetProperty("events").EnumerateArray().Select(one => one.GetProperty("kind").GetString()).Where(kind => kind is not ("started" or "text")));
        Assert.Equal("Ann Lee owns it [1].", events.GetProperty("events").EnumerateArray().Last().GetProperty("text").GetString());
        model.Says("short", "Ann [1].");
        using var next = await Eventually.Get(() => Asked("other", "short"), answer => answer.StatusCode == HttpStatusCode.Accepted, "the place is free again");
    }

    private Task<HttpResponseMessage> Asked(string session, string text) => app.Owner.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/api/chat/sessions/{session}/questions") { Content = JsonContent.Create(new { text }), Headers = { { "Sophia-Timeout", "2m" } } });

    private Task<HttpResponseMessage> Export(string tenant, CancellationToken cancellation) => app.Owner.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"/api/tenants/{tenant}/export") { Headers = { { "Sophia-Timeout", "2m" } } }, cancellation);

    /// <summary>As many rows as <c>TenantExportGrain</c> reads at a time.</summary>
    private const int ExportRows = 1_000;

    /// <summary>Holds the reading of one tenant's log until it is let go.</summary>
    private sealed class HeldReads
    {
        private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously), go = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TenantId? HoldFor { get; set; }

        public Task Held => held.Task.WaitAsync(TimeSpan.FromSeconds(60));

        public void Go() => go.SetResult();

        public ILogStore Before(ILogStore inner)
        {
            var proxy = DispatchProxy.Create<ILogStore, Proxy>();
            ((Proxy)(object)proxy).Inner = inner;
            ((Proxy)(object)proxy).Reads = this;
            return proxy;
        }

        private async Task<IReadOnlyList<LogEntry>> After(Func<Task<IReadOnlyList<LogEntry>>> read)
        {
            held.TrySetResult();
            await go.Task;
            return await read();
        }

        public class Proxy : DispatchProxy
        {
            internal ILogStore Inner { get; set; } = null!;

            internal HeldReads Reads { get; set; } = null!;

            // The export reads without a token, unlike the index, and so many rows at a time.
            protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
                targetMethod!.Name == nameof(ILogStore.Read) && args is [TenantId tenant, _, ExportRows, _, _] && tenant == Reads.HoldFor && args[^1] is CancellationToken { CanBeCanceled: false }
                    ? Reads.After(() => (Task<IReadOnlyList<LogEntry>>)targetMethod.Invoke(Inner, args)!) : targetMethod.Invoke(Inner, args);
        }
    }
}
