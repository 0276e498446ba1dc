using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Log;

// Goal: who asks to be forgotten is forgotten, as an operator does it: look, confirm, wait; and the source does not bring it back. Method: the whole application over REST, and a search of every byte of the tenant's folder.
public sealed class ErasureTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string Ann = "quixotelnax@example.org";

    [Fact]
    public async Task A_person_is_erased_everywhere_and_does_not_come_back_until_allowed()
    {
        var (name, _, client) = await app.NewTenant();
        var folder = app.FilesOf(Path.Combine("data", "inbox", name), ("people.jsonl", People("Turku")), ("deals.jsonl", $"{{\"id\":\"d1\",\"owner\":\"{Ann}\",\"about\":\"pumps\"}}\n{{\"id\":\"d2\",\"owner\":\"bob@example.org\"}}\n"));
        await Define(folder, name);
        await Run(name);
        await File.WriteAllTextAsync(Path.Combine(folder, "people.jsonl"), People("Vaasa"));
        await Run(name);
        await Eventually.Get(() => client.GetStringAsync($"/api/search?q={Ann}"), found => found.Contains(Ann, StringComparison.Ordinal), "the search");
        await client.GetStringAsync("/api/streams/crm%2Fpeople/profile");
        Assert.NotEmpty(Holding(name, "quixotelnax"));

        var plan = await Planned(client, new { value = Ann.ToUpperInvariant() });
        Assert.Equal((2, 3, 2), (plan.GetProperty("records").GetInt32(), plan.GetProperty("versions").GetInt32(), plan.GetProperty("items").GetInt32()));
        Assert.Contains(plan.GetProperty("untouched").EnumerateArray(), line => line.GetString()!.StartsWith("The source still has them", StringComparison.Ordinal));
        await (await client.PostAsJsonAsync("/api/records/erasures/apply", new { token = new string('0', 32) })).Problem(409, "conflict");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/record?stream=crm/people&key=1")).StatusCode);

        var done = await Applied(client, plan);
        Assert.Equal((2, 5, 2, "T-7"), (done.GetProperty("records").GetInt32(), done.GetProperty("versions").GetInt32(), done.GetProperty("items").GetInt32(), done.GetProperty("reference").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/api/record?stream=crm/people&key=1")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/record?stream=crm/people&key=2")).StatusCode);
        Assert.DoesNotContain(Ann, await client.GetStringAsync($"/api/search?q={Ann}"), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Ann, await client.GetStringAsync("/api/streams/crm%2Fpeople/profile"), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Ann, await client.GetStringAsync("/api/quarantine"), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Ann, await client.GetStringAsync("/api/records/erasures"), StringComparison.OrdinalIgnoreCase);
        Assert.Empty(Holding(name, "quixotelnax"));

        using var again = new HttpRequestMessage(HttpMethod.Post, "/api/records/erasures") { Content = JsonContent.Create(new { value = Ann.ToUpperInvariant() }), Headers = { { "Idempotency-Key", "\"plan\"" } } };
        Assert.Contains("Records of the tenant were erased since.", await (await client.SendAsync(again)).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(folder, "people.jsonl"), People("Oulu"));
        var run = await Run(name);
        Assert.Equal((4, 1, 0, 3), (run.Counts.In, run.Counts.Stored, run.Counts.Quarantined, run.Counts.Blocked));
        Assert.Empty(Holding(name, "quixotelnax"));

        var marks = (await client.GetFromJsonAsync<JsonElement>("/api/records/blocked")).EnumerateArray().Select(one => (Stream: one.GetProperty("stream").GetString(), Mark: one.GetProperty("mark").GetString())).ToList();
        Assert.Equal(["crm/deals", "crm/people"], marks.Select(one => one.Stream));
        Assert.Equal(1, (await (await client.PostAsJsonAsync("/api/records/allow", new { marks = new[] { marks[1].Mark } })).Json()).GetProperty("allowed").GetInt32());
        await File.WriteAllTextAsync(Path.Combine(folder, "people.jsonl"), People("Kotka"));
        await Run(name);
        Assert.Equal(1, (await client.GetFromJsonAsync<JsonElement>("/api/record?stream=crm/people&key=1")).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task Only_an_admin_erases_and_a_plan_may_be_dropped()
    {
        var keys = await app.InRole("operator");
        foreach (var path in new[] { "/api/records/erasures", "/api/records/erasures/apply", "/api/records/allow" })
            await (await keys.PostAsJsonAsync(path, new { value = "x" })).Problem(403, "forbidden");
        var (_, _, client) = await app.NewTenant();
        await (await client.PostAsJsonAsync("/api/records/erasures", new { })).Problem(400, "invalid");
        await (await client.PostAsJsonAsync("/api/records/erasures", new { records = new[] { new { stream = "audit", key = "x" } } })).Problem(400, "invalid");
        await (await client.PostAsJsonAsync("/api/records/allow", new { marks = new[] { "no mark" } })).Problem(400, "invalid");
        var plan = await Planned(client, new { value = "nobody" });
        await (await client.PostAsJsonAsync("/api/records/erasures/apply", new { token = plan.GetProperty("token").GetString() })).Problem(409, "conflict");
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync("/api/records/erasures")).StatusCode);
        Assert.Equal("""{"done":[]}""", await client.GetStringAsync("/api/records/erasures"));
        await (await client.PostAsJsonAsync("/api/records/erasures/apply", new { token = plan.GetProperty("token").GetString() })).Problem(409, "conflict");
    }

    [Fact]
    public async Task An_erasure_that_was_applied_goes_on_after_a_restart()
    {
        await using var own = await OwnApp.Started();
        var (client, tenant) = (own.App.Owner, TenantId.Parse("default"));
        var log = own.App.Services.GetRequiredService<ILogStore>();
        var bytes = Encoding.UTF8.GetBytes($"{{\"email\":\"{Ann}\"}}");
        Assert.IsType<AppendOutcome.Committed>(await log.Append(tenant, new AppendBatch
        {
            Fence = await log.Acquire(tenant, "test", default), At = DateTimeOffset.UtcNow,
            Entries = [.. Enumerable.Range(0, 900).Select(i => new NewEntry(EntryType.Record, "crm/people", $"{i}", RecordOperation.Upsert, bytes, EntryHash.Of(RecordOperation.Upsert, bytes)))],
        }, default));
        var plan = await Planned(client, new { field = "email", value = Ann });
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsJsonAsync("/api/records/erasures/apply", new { token = plan.GetProperty("token").GetString() })).StatusCode);
        await own.App.Restart();
        var done = await Ended(own.App.Owner, plan.GetProperty("id").GetString()!);
        Assert.Equal((900, 1_800), (done.GetProperty("records").GetInt32(), done.GetProperty("versions").GetInt32()));
        Assert.Empty(await own.App.Services.GetRequiredService<ILogStore>().Heads(tenant, "crm/people", null, null, 10, default));
    }

    private static string People(string city) => $$"""
        {"id":"1","email":"{{Ann}}","city":"{{city}}"}
        {"id":"2","email":"bob@example.org","city":"{{city}}"}
        {"id":"1","email":"{{Ann}}","age":"{{city}} quixotelnax"}
        {"id":"1","email":"{{Ann}}","city":"{{city}}"}

        """;

    private Task Define(string folder, string name) => As(name, () => app.Services.GetRequiredService<IGrainFactory>().GetGrain<IPipelineGrain>($"{name}/crm")
        .Define($"name: crm\nsource: {{type: files, path: {JsonSerializer.Serialize(folder)}}}\ngate: {{minimumScore: 0}}\nstreams:\n  people:\n    key: id\n    rules:\n      - type: {{age: integer}}\n  deals:\n    key: id\n", "crm.yaml"));

    private async Task<RunView> Run(string name)
    {
        var pipeline = app.Services.GetRequiredService<IGrainFactory>().GetGrain<IPipelineGrain>($"{name}/crm");
        var run = await As(name, () => pipeline.Start(new StartRun()));
        return (await Eventually.Get(() => As(name, () => pipeline.Run(run.RunId)), view => view?.State == RunState.Succeeded, "the run"))!;
    }

    private static async Task<JsonElement> Planned(HttpClient client, object selection)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/records/erasures") { Content = JsonContent.Create(selection), Headers = { { "Idempotency-Key", "\"plan\"" } } };
        var asked = await (await client.SendAsync(request)).Json();
        return (await Eventually.Get(() => client.GetFromJsonAsync<JsonElement>("/api/records/erasures"), view => view.GetProperty("current").GetProperty("phase").GetString() == "planned", $"the plan of {asked}")).GetProperty("current");
    }

    private static async Task<JsonElement> Applied(HttpClient client, JsonElement plan)
    {
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsJsonAsync("/api/records/erasures/apply", new { token = plan.GetProperty("token").GetString(), reference = "T-7" })).StatusCode);
        return await Ended(client, plan.GetProperty("id").GetString()!);
    }

    private static async Task<JsonElement> Ended(HttpClient client, string id) =>
        (await Eventually.Get(() => client.GetFromJsonAsync<JsonElement>("/api/records/erasures"), view => !view.TryGetProperty("current", out _), "the end of the erasure"))
            .GetProperty("done").EnumerateArray().Single(done => done.GetProperty("id").GetString() == id);

    private List<string> Holding(string name, string word) => [.. Directory.EnumerateFiles(Path.Combine(app.Folder, "data", "tenants", name), "*", SearchOption.AllDirectories).Where(file => Has(file, word))];

    private static bool Has(string path, string word)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        return copy.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) >= 0;
    }

    private static async Task<T> As<T>(string name, Func<Task<T>> call)
    {
        using var _ = CallerContext.For(TenantId.Parse(name));
        return await call();
    }

    private sealed class OwnApp : IAsyncDisposable
    {
        public SophiaApp App { get; } = new();

        public static async Task<OwnApp> Started()
        {
            var own = new OwnApp();
            await own.App.InitializeAsync();
            return own;
        }

        public async ValueTask DisposeAsync() => await App.DisposeAsync();
    }
}
