using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: a tenant that keeps workers from others is offered less, or isolated, once an operator of the system says so; it feels that and nobody else does; what is core goes on; all of it ends by itself, and stands in the audit.
// Method: the real application over HTTP; four tenants whose work waits for the test, so that two of them have most of the workers in hand for as long as the test wants.
public sealed class ContainedTenantTests : IAsyncLifetime
{
    private readonly WaitingWork work = new();
    private readonly SophiaApp app;

    public ContainedTenantTests() => app = new SophiaApp
    {
        Adapt = builder => builder.Services.AddSingleton<IWorkHandler>(work).Configure<QueueOptions>(static queue => (queue.Places, queue.MaxLeased) = (200, 100))
            .AddReplicas(static replicas => replicas.ExchangeEvery = TimeSpan.FromMilliseconds(100))
            .AddDegradation(static degradation => (degradation.StayFor, degradation.StepEvery, degradation.LookEvery) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100)))
            .AddFailureDomains(static domains =>
            {
                (domains.LookEvery, domains.HealFor) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1));
                domains.Rules = [.. ShippedContainment.Rules.Where(rule => rule.Kind == DomainKind.Tenant).Select(rule => rule with { AfterSeconds = 0 })];
            }),
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public async Task DisposeAsync()
    {
        work.Ends.TrySetResult();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Noisy_tenants_are_offered_less_and_isolated_by_an_operator_s_word_nobody_else_feels_it_and_it_ends_when_they_are_quiet()
    {
        var (shed, _, shedding) = await app.NewTenant();
        var (isolated, _, isolating) = await app.NewTenant();
        var (quiet, _, calm) = await app.NewTenant();
        var (_, _, other) = await app.NewTenant(); // A quarter of the work is each one's fair share, and two have nearly half of it each.
        foreach (var (client, items) in ((HttpClient, int)[])[(shedding, 40), (isolating, 40), (calm, 1), (other, 1)])
            await Put(client, "sophia", items);
        await Eventually.Comes(() => (work.Begun(shed), work.Begun(isolated), work.Begun(quiet)) == (40, 40, 1), "work in hand");
        var less = await Proposed(shed, "shed");
        var alone = await Proposed(isolated, "isolateTenant");
        var node = (string name) => $"tenant/{name}";
        // Nothing was done yet, and who disturbs others does not decide about that.
        Assert.Equal(("full", "full"), (await Level(shedding), await Level(isolating)));
        await (await shedding.PostAsJsonAsync($"/api/domains/containments/{less}/approve", new { because = "no", confirm = node(shed) })).Problem(403, "forbidden");
        await (await calm.PostAsJsonAsync($"/api/domains/containments/{less}/approve", new { because = "yes", confirm = node(shed) })).Problem(404, "not-found");

        await Approve(less, node(shed));
        await Approve(alone, node(isolated));
        await Eventually.Comes(async () => (await Level(shedding), await Level(isolating)) == ("minimal", "emergency"), "the levels");
        await Eventually.Comes(async () => await Exports(shedding) == HttpStatusCode.ServiceUnavailable, "exports are refused");
        using var refused = await shedding.GetAsync("/api/dead/export");
        Assert.Contains("exports is off for now", (await refused.Problem(503, "unavailable")).GetProperty("detail").GetString());
        foreach (var client in (HttpClient[])[shedding, isolating, calm])
        {
            await Put(client, "mail", 1);
            // Core paths go on for all of them.
            Assert.Equal(HttpStatusCode.Accepted, (await client.PostAsync("/api/inbox?path=note.txt", new StringContent("Oaks grow slowly."))).StatusCode);
            Assert.True((await client.PostAsync("/api/signin-links", null)).IsSuccessStatusCode);
        }
        Assert.Equal((1, 0, 1), (await Leased(shedding), await Leased(isolating), await Leased(calm)));
        await Put(isolating, "sophia", 1);
        await Put(calm, "sophia", 1);
        await Eventually.Comes(() => work.Begun(quiet) == 2, "work of who is not isolated");
        Assert.Equal(40, work.Begun(isolated));
        Assert.Contains("containment", await isolating.GetStringAsync("/api/queue"));
        Assert.Equal("full", await Level(calm));
        Assert.DoesNotContain("containment", await calm.GetStringAsync("/api/queue"));
        Assert.Equal(HttpStatusCode.OK, await Exports(calm));
        Assert.All((string[])[shed, isolated], name => Assert.DoesNotContain(name, calm.GetStringAsync("/api/domains").GetAwaiter().GetResult()));

        work.Ends.SetResult();
        await Eventually.Get(Domains, view => Phase(view, less) == "lifted" && Phase(view, alone) == "lifted", "the end of what contained them", TimeSpan.FromMinutes(5));
        await Eventually.Comes(async () => (await Level(shedding), await Level(isolating)) == ("full", "full"), "the levels of before");
        await Eventually.Comes(async () => await Exports(shedding) == HttpStatusCode.OK, "exports are offered again");
        await Eventually.Comes(async () => await Leased(isolating) == 1, "what was put in meanwhile");
        Assert.DoesNotContain("containment", await isolating.GetStringAsync("/api/queue"));

        foreach (var (id, name) in ((long, string)[])[(less, shed), (alone, isolated)])
        {
            await Eventually.Comes(async () => (await Audited(RunningSophia.DefaultTenant, $"containment-{id}-lifted-")).Count == 1, "the audit of the end");
            foreach (var step in (string[])["proposed", "applying", "applied", "lifting", "lifted"])
                Assert.Contains(node(name), Assert.Single(await Audited(RunningSophia.DefaultTenant, $"containment-{id}-{step}-")));
            Assert.Contains("it must stop", (await Audited(RunningSophia.DefaultTenant, $"containment-{id}-applying-"))[0]);
            Assert.Contains(await Audited(TenantId.Parse(name), "degradation-hold"), entry => entry.Contains($"containment {id}"));
        }
        Assert.Empty(await Audited(TenantId.Parse(quiet), "degradation-"));
    }

    private async Task<long> Proposed(string tenant, string strategy)
    {
        var view = await Eventually.Get(Domains, seen => Of(seen, tenant, strategy).ValueKind == JsonValueKind.Object, $"a proposal to {strategy} {tenant}");
        var one = Of(view, tenant, strategy);
        Assert.Equal(("proposed", "the rule leaves it to a person"), (one.GetProperty("phase").GetString(), one.GetProperty("notByItself").GetString()));
        Assert.Contains("it keeps workers from others", one.GetProperty("because").GetString());
        return one.GetProperty("id").GetInt64();
    }

    private async Task Approve(long id, string node)
    {
        using var answer = await app.Owner.PostAsJsonAsync($"/api/domains/containments/{id}/approve", new { because = "it must stop", confirm = node });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await Eventually.Get(Domains, view => Phase(view, id) == "applied", "in force");
    }

    private Task<JsonElement> Domains() => app.Owner.GetFromJsonAsync<JsonElement>("/api/domains");

    private static JsonElement Of(JsonElement view, string tenant, string strategy) =>
        view.GetProperty("containments").EnumerateArray().FirstOrDefault(one => (one.GetProperty("node").GetString(), one.GetProperty("strategy").GetString()) == ($"tenant/{tenant}", strategy));

    private static string? Phase(JsonElement view, long id) => view.GetProperty("containments").EnumerateArray().First(one => one.GetProperty("id").GetInt64() == id).GetProperty("phase").GetString();

    private static async Task<string?> Level(HttpClient client) => (await client.GetFromJsonAsync<JsonElement>("/api/degradation")).GetProperty("level").GetString();

    private static async Task<HttpStatusCode> Exports(HttpClient client)
    {
        using var answer = await client.GetAsync("/api/dead/export");
        return answer.StatusCode;
    }

    private static async Task Put(HttpClient client, string queue, int items)
    {
        using var put = await client.PostAsJsonAsync($"/api/queue/{queue}/items", new { items = Enumerable.Range(0, items).Select(_ => new { kind = WaitingWork.OwnKind, payload = new { } }) });
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
    }

    private static async Task<int> Leased(HttpClient client)
    {
        using var leased = await client.PostAsJsonAsync("/api/queue/mail/lease", new { worker = "w", items = 5 });
        return (await leased.Json()).GetArrayLength();
    }

    private async Task<IReadOnlyList<string>> Audited(TenantId tenant, string what) => [.. (await app.Services.GetRequiredService<ILogStore>().Read(tenant, 0, 10_000, int.MaxValue, default))
        .Where(row => row.Type == EntryType.Audit && row.Key.StartsWith(what, StringComparison.Ordinal)).Select(row => Encoding.UTF8.GetString(row.Payload.Span))];

    /// <summary>Work that ends when the test says so. An item counts once, however often it is begun: its lease may lapse on a slow machine.</summary>
    private sealed class WaitingWork : IWorkHandler
    {
        public const string OwnKind = "waits";

        private readonly ConcurrentDictionary<(string Tenant, long Item), bool> begun = new();

        public TaskCompletionSource Ends { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Begun(string tenant) => begun.Keys.Count(one => one.Tenant == tenant);

        public string Kind => OwnKind;

        public async Task<WorkVerdict> Do(TenantId tenant, Work work, CancellationToken cancellation)
        {
            begun.TryAdd((tenant.Value, work.Token.Id), true);
            await Ends.Task.WaitAsync(cancellation);
            return WorkVerdict.Done;
        }
    }
}
