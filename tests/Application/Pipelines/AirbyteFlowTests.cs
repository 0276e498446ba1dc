using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Pipelines;

/// <summary>A connector as a source of the real application: records, states from run to run, deletions, logs, a rotated token.</summary>
public sealed class AirbyteFlowTests(SophiaApp app) : IClassFixture<SophiaApp>, IDisposable
{
    private readonly ScriptedConnector connector = new(ScriptedConnector.Stream("deals", incremental: true), ScriptedConnector.Stream("users"));

    public void Dispose() => connector.Dispose();

    [Fact]
    public async Task Runs_go_on_from_the_committed_state_and_what_a_whole_reading_misses_becomes_a_tombstone()
    {
        await Define("sales");
        connector.Plays([Deal(1), Deal(2), ScriptedConnector.State("deals", """{"at":2}""", 2), User(1), User(2), User(3)]);
        var first = await Ran("sales");
        Assert.True(first.GetProperty("state").GetString() == "succeeded", first.ToString());
        Assert.Equal((5, 5), (Count(first, "in"), Count(first, "stored")));

        connector.Plays([Deal(2), Deal(3), ScriptedConnector.State("deals", """{"at":3}"""), User(1), User(3)], "cp \"$state\" \"$here/given\"");
        var second = await Ran("sales");
        Assert.True(second.GetProperty("state").GetString() == "succeeded", second.ToString());
        Assert.Equal((1, 3, 1), (Count(second, "stored"), Count(second, "duplicate"), Count(second, "deleted")));
        Assert.Contains("\"at\":2", connector.Written("given"));
        Assert.Equal("delete", await Operation("sales/users", "2"));
        Assert.Equal("upsert", await Operation("sales/users", "3"));
        Assert.Equal("upsert", await Operation("sales/deals", "1"));

        connector.Plays([User(1), User(3)]);
        var third = await Ran("sales");
        Assert.Equal(("succeeded", 0, 0), (third.GetProperty("state").GetString(), Count(third, "stored"), Count(third, "deleted")));
    }

    [Fact]
    public async Task A_connector_that_fails_fails_the_run_with_its_reason_and_what_came_before_is_stored_once()
    {
        await Define("failing");
        connector.Plays([Deal(1), ScriptedConnector.State("deals", """{"at":1}"""), Deal(2),
            """{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1,"error":{"message":"The key has expired.","failure_type":"config_error"}}}"""], "exit 1");
        var failed = await Ran("failing");
        Assert.Equal(("failed", 2), (failed.GetProperty("state").GetString(), Count(failed, "stored")));
        Assert.Contains("The key has expired. (the connector ended with exit code 1", failed.GetProperty("error").GetString());

        connector.Plays([Deal(2), Deal(3), User(1)], "cp \"$state\" \"$here/given\"");
        var run = failed.GetProperty("runId").GetString()!;
        (await app.Owner.PostAsync($"/api/pipelines/failing/runs/{run}/resume", null)).EnsureSuccessStatusCode();
        var ended = await Ended("failing", run);
        Assert.Equal(("succeeded", 4), (ended.GetProperty("state").GetString(), Count(ended, "stored")));
        Assert.Contains("\"at\":1", connector.Written("given"));
    }

    [Fact]
    public async Task What_a_connector_says_is_kept_with_its_run_and_no_secret_with_it()
    {
        Environment.SetEnvironmentVariable("AIRBYTE_FLOW_TOKEN", "t0p-s3cret-token");
        await Define("talkative", "  config: {token: \"${env:AIRBYTE_FLOW_TOKEN}\"}\n");
        connector.Plays([User(1), """{"type":"LOG","log":{"level":"WARN","message":"slow down, t0p-s3cret-token"}}""",
            """{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","emitted_at":1,"connectorConfig":{"config":{"token":"r0tated-s3cret-token"}}}}"""]);
        var run = await Ran("talkative");
        Assert.True(run.GetProperty("state").GetString() == "succeeded", run.ToString());
        var lines = await Log("talkative", run);
        Assert.Contains(lines, line => line.GetProperty("text").GetString() == "slow down, ********" && line.GetProperty("level").GetString() == "warning");
        Assert.Contains(lines, line => line.GetProperty("text").GetString()!.StartsWith("Connector: /bin/sh@", StringComparison.Ordinal));
        Assert.DoesNotContain("s3cret", string.Join('\n', lines));

        await app.Restart();
        connector.Does("cp \"$config\" \"$here/given\"\ncat \"$here/messages.jsonl\"");
        Assert.Equal("succeeded", (await Ran("talkative")).GetProperty("state").GetString());
        Assert.Equal("""{"token":"r0tated-s3cret-token"}""", connector.Written("given"));
        Assert.Contains(await Log("talkative", run), line => line.GetProperty("text").GetString() == "slow down, ********");
        foreach (var file in Directory.GetFiles(app.Folder, "*.db*", SearchOption.AllDirectories))
            Assert.False(Holds(file, "s3cret-token"u8), file);
    }

    [Fact]
    public async Task Records_of_a_broken_schema_wait_in_the_quarantine_and_are_not_taken_for_deleted()
    {
        connector.Catalog(ScriptedConnector.Stream("users", types: """{"id":{"type":"string"},"age":{"type":"integer"}}"""));
        await Define("strict", "  schema: error\n");
        connector.Plays([User(1, ",\"age\":1"), User(2, ",\"age\":2"), User(3, ",\"age\":3")]);
        Assert.Equal(3, Count(await Ran("strict"), "stored"));
        connector.Plays([User(1, ",\"age\":\"one\""), User(2, ",\"age\":2")]);
        var run = await Ran("strict");
        Assert.Equal((1, 1), (Count(run, "quarantined"), Count(run, "deleted")));
        Assert.Equal("upsert", await Operation("strict/users", "1"));
        Assert.Equal("delete", await Operation("strict/users", "3"));
        var held = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/quarantine?pipeline=strict")).GetProperty("items")[0];
        Assert.Equal(("age", "schema"), (held.GetProperty("reasons")[0].GetProperty("field").GetString(), held.GetProperty("reasons")[0].GetProperty("rule").GetString()));
    }

    [Fact]
    public async Task Another_tenant_may_not_define_a_connector()
    {
        var (_, _, client) = await app.NewTenant();
        var problem = await (await client.PutAsync("/api/pipelines/theirs", new StringContent(Definition("theirs")))).Problem(400, "invalid");
        Assert.Contains("this tenant may not run any", problem.ToString());
    }

    private static string Deal(int id) => ScriptedConnector.Deal(id);

    private static string User(int id, string more = "") => ScriptedConnector.Record("users", "{\"id\":\"" + id + "\"" + more + "}");

    private static int Count(JsonElement run, string name) => run.GetProperty("counts").GetProperty(name).GetInt32();

    private static bool Holds(string file, ReadOnlySpan<byte> text)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes.AsSpan().IndexOf(text) >= 0;
    }

    private string Definition(string name, string more = "") => $"name: {name}\nsource:\n  type: airbyte\n  name: crm\n  command: {JsonSerializer.Serialize(connector.Command)}\n{more}";

    private async Task Define(string name, string more = "") => (await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent(Definition(name, more)))).EnsureSuccessStatusCode();

    private async Task<JsonElement> Ran(string name) =>
        await Ended(name, (await (await app.Owner.PostAsJsonAsync($"/api/pipelines/{name}/runs", new { })).Json()).GetProperty("runId").GetString()!);

    private Task<JsonElement> Ended(string name, string run) => Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs/{run}"),
        row => row.GetProperty("state").GetString() != "running", "the end of the run");

    private async Task<JsonElement[]> Log(string name, JsonElement run) =>
        [.. (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs/{run.GetProperty("runId").GetString()}/log")).EnumerateArray()];

    private async Task<string?> Operation(string stream, string key) =>
        (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/record?stream={stream}&key={key}")).GetProperty("operation").GetString();
}
