using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

// Goal: a stream keeps what its definition says, and is read as it stood for so long. Method: versions of a few records over days, on a clock that the test moves.
public sealed class RetentionTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task A_stream_keeps_its_days_and_says_from_when_on_it_can_be_read()
    {
        var (name, _, client) = await app.NewTenant();
        var folder = Inbox(name, ("people.jsonl", "{\"id\":\"1\",\"city\":\"Turku\"}\n{\"id\":\"2\",\"city\":\"Oulu\"}\n"));
        await Define(folder, name, "retention: {versions: 1}");
        await Run(name);
        var first = await Now(name);
        await File.WriteAllTextAsync(Path.Combine(folder, "people.jsonl"), "{\"id\":\"1\",\"city\":\"Vaasa\"}\n{\"id\":\"2\",\"city\":\"Oulu\"}\n");
        await Run(name);
        var second = await Now(name);
        Assert.Equal(["Turku", "Oulu"], await Cities(name, first));
        Assert.Equal(["Vaasa", "Oulu"], await Cities(name, second));

        var done = await Looked(name);
        Assert.Equal(1, done.Streams.Single().Versions);
        Assert.Equal(["Vaasa", "Oulu"], await Cities(name, second));
        var refused = await Assert.ThrowsAsync<Operations.RefusedException>(() => Cities(name, first));
        Assert.Contains($"from {done.Streams.Single().Horizon!.Value.UtcDateTime:yyyy-MM-dd HH:mm:ss}", refused.Message);
        await Assert.ThrowsAsync<Operations.RefusedException>(() => As(name, () => Records(name).AsOf("crm/people", "1", first)));
        Assert.Equal(2, (await As(name, () => Records(name).Versions("crm/people", "1", 10))).Single().Version);

        Assert.Equal(HttpStatusCode.Conflict, (await client.GetAsync($"/api/records/as-of?stream=crm/people&at={first:yyyy-MM-ddTHH:mm:ss.ffffff}Z")).StatusCode);
        var page = await client.GetFromJsonAsync<JsonElement>($"/api/records/as-of?stream=crm/people&at={second:yyyy-MM-ddTHH:mm:ss.ffffff}Z&limit=1");
        Assert.Equal(("1", "1"), (page.GetProperty("next").GetString(), page.GetProperty("records")[0].GetProperty("key").GetString()));
        Assert.Contains("\"keepVersions\":1", await client.GetStringAsync("/api/retention"));
    }

    [Fact]
    public async Task A_pass_waits_while_its_tenant_is_suspended_and_ends_after()
    {
        var (name, _, _) = await app.NewTenant();
        var folder = Inbox(name, ("people.jsonl", "{\"id\":\"1\",\"city\":\"Turku\"}\n"));
        await Define(folder, name, "retention: {versions: 1}");
        await Run(name);
        await File.WriteAllTextAsync(Path.Combine(folder, "people.jsonl"), "{\"id\":\"1\",\"city\":\"Vaasa\"}\n");
        await Run(name);
        (await app.Owner.PostAsJsonAsync($"/api/tenants/{name}/suspend", new { reason = "a check" })).EnsureSuccessStatusCode();
        using (CallerContext.ForSystem("test"))
        {
            await Retention(name).Look();
            await Eventually.Get(() => Retention(name).View(), view => view.WaitsFor?.Contains("a check", StringComparison.Ordinal) == true, "the wait");
            Assert.Equal(0, (await Retention(name).View()).Streams.Single().Versions);
        }
        (await app.Owner.PostAsync($"/api/tenants/{name}/resume", null)).EnsureSuccessStatusCode();
        Assert.Equal(1, (await Looked(name)).Streams.Single().Versions);
    }

    [Fact]
    public async Task Records_that_expire_are_deleted_by_a_tombstone()
    {
        var (name, _, _) = await app.NewTenant();
        var folder = Inbox(name, ("people.jsonl", "{\"id\":\"1\",\"city\":\"Turku\"}\n"));
        await Define(folder, name, "retention: {days: 1, expire: true}");
        await Run(name);
        var log = app.Services.GetRequiredService<ILogStore>();
        var tenant = TenantId.Parse(name);
        var old = await log.Append(tenant, new AppendBatch
        {
            Fence = await log.Acquire(tenant, "test", default), At = DateTimeOffset.UtcNow.AddDays(-3),
            Entries = [new NewEntry(EntryType.Record, "crm/people", "9", RecordOperation.Upsert, "{\"city\":\"Oulu\"}"u8.ToArray(), EntryHash.Of(RecordOperation.Upsert, "{\"city\":\"Oulu\"}"u8))],
        }, default);
        Assert.IsType<AppendOutcome.Committed>(old);
        Assert.Equal(1, (await Looked(name)).Streams.Single().Expired);
        Assert.Equal(RecordOperation.Delete, (await log.Newest(tenant, "crm/people", "9", default))!.Operation);
        Assert.Equal(RecordOperation.Upsert, (await log.Newest(tenant, "crm/people", "1", default))!.Operation);
    }

    // A tenant beside the first reads its own inbox and nothing else.
    private string Inbox(string name, params (string Path, string Text)[] files) => app.FilesOf(Path.Combine("data", "inbox", name), files);

    private Task Define(string folder, string name, string stated) => As(name, () => app.Services.GetRequiredService<IGrainFactory>().GetGrain<IPipelineGrain>($"{name}/crm")
        .Define($"name: crm\nsource: {{type: files, path: {JsonSerializer.Serialize(folder)}}}\nstreams:\n  people:\n    key: id\n    {stated}\n", "crm.yaml"));

    private async Task Run(string name)
    {
        var pipeline = app.Services.GetRequiredService<IGrainFactory>().GetGrain<IPipelineGrain>($"{name}/crm");
        var run = await As(name, () => pipeline.Start(new StartRun()));
        await Eventually.Get(() => As(name, () => pipeline.Run(run.RunId)), view => view?.State == RunState.Succeeded, "the run");
    }

    private async Task<DateTimeOffset> Now(string name) => (await app.Services.GetRequiredService<ILogStore>().Read(TenantId.Parse(name), 0, 1_000, int.MaxValue, default)).Max(row => row.At);

    private async Task<RetentionView> Looked(string name)
    {
        await As(name, () => Retention(name).Look());
        return await Eventually.Get(() => As(name, () => Retention(name).Look()), view => view is { Going: false, EndedAt: not null } && view.Streams.Any(stream => stream.Versions + stream.Expired > 0), "the end of a pass");
    }

    private async Task<string[]> Cities(string name, DateTimeOffset moment) =>
        [.. (await As(name, () => Records(name).Standing("crm/people", moment, null, 100))).Records.Select(record => JsonDocument.Parse(record.PayloadJson).RootElement.GetProperty("city").GetString()!)];

    private IRecordsGrain Records(string name) => app.Services.GetRequiredService<IGrainFactory>().GetGrain<IRecordsGrain>(name);

    private IRetentionGrain Retention(string name) => app.Services.GetRequiredService<IGrainFactory>().GetGrain<IRetentionGrain>(name);

    private static async Task<T> As<T>(string name, Func<Task<T>> call)
    {
        using var _ = CallerContext.For(TenantId.Parse(name));
        return await call();
    }
}
