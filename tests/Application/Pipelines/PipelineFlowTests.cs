using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Pipelines;

/// <summary>From a folder to records, over REST, against the real application.</summary>
public class PipelineFlowTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string People = "id,name,age\n1,Ada,36\n2,Grace,45\n3,Linus,not a number\n";

    [Fact]
    public async Task A_folder_becomes_records_and_what_is_wrong_is_held_with_its_reason()
    {
        var name = await Defined("people", "people.csv", People, "streams:\n  people:\n    key: [id]\n    rules:\n      - type: {age: integer}\n", gate: "gate:\n  minimumScore: 0\n");
        var run = await Ran(name);
        Assert.True(run.GetProperty("state").GetString() == "succeeded", run.ToString());
        Assert.Equal((3, 2, 1), (Count(run, "in"), Count(run, "stored"), Count(run, "quarantined")));

        var record = await app.Owner.GetFromJsonAsync<JsonElement>("/api/record?stream=people/people&key=1");
        Assert.Equal("Ada", JsonDocument.Parse(record.GetProperty("payloadJson").GetString()!).RootElement.GetProperty("name").GetString());
        Assert.Contains((await app.Owner.GetFromJsonAsync<JsonElement>("/api/streams")).EnumerateArray(), s => s.GetProperty("stream").GetString() == "people/people");
        await (await app.Owner.GetAsync("/api/record?stream=people/people&key=3")).Problem(404, "not-found");

        var held = (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/quarantine?pipeline={name}")).GetProperty("items")[0];
        Assert.Equal("age", held.GetProperty("reasons")[0].GetProperty("field").GetString());
        var why = await app.Owner.GetFromJsonAsync<JsonElement>("/api/why?id=people/people/1");
        Assert.NotEqual(0, why.GetProperty("steps").GetArrayLength());
    }

    [Fact]
    public async Task Reading_the_same_again_stores_nothing_and_a_change_stores_one_version()
    {
        var name = await Defined("twice", "cities.csv", "id,city\n1,Berlin\n2,Paris\n", "streams:\n  cities:\n    key: [id]\n");
        Assert.Equal(2, Count(await Ran(name), "stored"));
        Assert.Equal(0, Count(await Ran(name), "stored"));
        app.FilesOf("twice", ("cities.csv", "id,city\n1,Berlin\n2,Lyon\n"));
        Assert.Equal(1, Count(await Ran(name), "stored"));
        var versions = await app.Owner.GetFromJsonAsync<JsonElement>("/api/record/versions?stream=twice/cities&key=2");
        Assert.Equal([2, 1], versions.EnumerateArray().Select(v => v.GetProperty("version").GetInt32()));
    }

    [Fact]
    public async Task A_run_that_failed_is_resumed_and_goes_on_as_the_same_run()
    {
        var name = await Defined("again", "ports.exe", "MZ", "streams:\n  ports:\n    key: [id]\n");
        var failed = await Ran(name);
        Assert.Equal("failed", failed.GetProperty("state").GetString());
        app.FilesOf("again", ("ports.csv", "id,port\n1,Turku\n"));
        var run = failed.GetProperty("runId").GetString()!;
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.PostAsync($"/api/pipelines/{name}/runs/{run}/resume", null)).StatusCode);
        var ended = await Ended(name, run, app.Owner);
        Assert.Equal(("succeeded", 1), (ended.GetProperty("state").GetString(), Count(ended, "stored")));
        await (await app.Owner.PostAsync($"/api/pipelines/{name}/runs/{run}/resume", null)).Problem(409, "conflict");
    }

    [Fact]
    public async Task Two_folders_with_a_file_of_the_same_name_keep_their_own_records()
    {
        var left = await Defined("left", "notes.md", "# Left\n\nThe pumps stand in the left hall.\n", "");
        var right = await Defined("right", "notes.md", "# Right\n\nThe pumps stand in the right hall.\n", "");
        Assert.Equal((1, 1), (Count(await Ran(left), "stored"), Count(await Ran(right), "stored")));
        app.FilesOf("right", ("other.md", "# Other\n\nNo pumps.\n"));
        File.Delete(Path.Combine(app.FilesOf("right"), "notes.md"));
        Assert.Equal(1, Count(await Ran(right), "deleted"));
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/record?stream=left/documents&key=notes.md")).StatusCode);
        Assert.Equal("delete", (await app.Owner.GetFromJsonAsync<JsonElement>("/api/record?stream=right/documents&key=notes.md")).GetProperty("operation").GetString());
    }

    [Fact]
    public async Task Two_pipelines_that_feed_one_stream_delete_only_what_they_saw_last()
    {
        string Definition(string name, string folder) => $"name: {name}\nsources:\n  - type: files\n    path: {folder}\n    settleFor: 0s\n    stream: shared\nstreams:\n  shared:\n    key: [id]\n";
        foreach (var name in new[] { "first", "second" })
        {
            var folder = app.FilesOf(name, ("same.csv", $"id,by\n1,{name}\n"), ("more.csv", $"id,by\n{name},{name}\n"));
            Assert.True((await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent(Definition(name, folder), Encoding.UTF8, "application/yaml"))).IsSuccessStatusCode);
            Assert.Equal(2, Count(await Ran(name), "stored"));
        }
        File.Delete(Path.Combine(app.FilesOf("first"), "same.csv"));
        Assert.Equal(0, Count(await Ran("first"), "deleted"));
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/record?stream=shared&key=1")).StatusCode);
        File.Delete(Path.Combine(app.FilesOf("second"), "same.csv"));
        Assert.Equal(1, Count(await Ran("second"), "deleted"));
    }

    [Fact]
    public async Task A_restart_keeps_definitions_runs_records_and_keys()
    {
        var name = await Defined("kept", "kept.csv", "id,x\n1,a\n", "streams:\n  kept:\n    key: [id]\n");
        var run = await Ran(name);
        var key = app.Running.OwnerKey;
        await app.Restart();
        Assert.Equal(key, app.Running.OwnerKey);
        Assert.Equal(1, (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}")).GetProperty("version").GetInt32());
        var after = await app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs/{run.GetProperty("runId").GetString()}");
        Assert.Equal("succeeded", after.GetProperty("state").GetString());
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/record?stream=kept/kept&key=1")).StatusCode);
    }

    [Fact]
    public async Task A_wrong_definition_is_refused_with_file_line_and_expectation_and_changes_nothing()
    {
        using var answer = await app.Owner.PutAsync("/api/pipelines/wrong?file=my.yaml", new StringContent("name: wrong\nsources:\n  - type: files\nsurprise: 1\n"));
        var problem = await answer.Problem(400, "invalid");
        Assert.All(problem.GetProperty("errors").EnumerateArray(), e => Assert.StartsWith("my.yaml:", e.GetString()));
        await (await app.Owner.GetAsync("/api/pipelines/wrong")).Problem(404, "not-found");
    }

    [Fact]
    public async Task The_same_operation_starts_one_run_and_an_unknown_pipeline_starts_none()
    {
        var name = await Defined("once", "once.csv", "id\n1\n", "");
        var key = Guid.NewGuid().ToString();
        var ids = new HashSet<string>();
        for (var n = 0; n < 2; n++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/pipelines/{name}/runs") { Headers = { { "Idempotency-Key", $"\"{key}\"" } } };
            using var answer = await app.Owner.SendAsync(request);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            ids.Add((await answer.Json()).GetProperty("runId").GetString()!);
        }
        Assert.Single(ids);
        await (await app.Owner.PostAsync("/api/pipelines/no-such/runs", null)).Problem(404, "not-found");
        await (await app.Owner.PostAsync($"/api/pipelines/{name}/runs/no-such/pause", null)).Problem(404, "not-found");
    }

    [Fact]
    public async Task A_dry_run_counts_and_stores_nothing()
    {
        var name = await Defined("dry", "dry.csv", "id\n1\n2\n", "");
        var run = await Ran(name, new { dryRun = true });
        Assert.Equal(2, Count(run, "in"));
        Assert.DoesNotContain((await app.Owner.GetFromJsonAsync<JsonElement>("/api/streams")).EnumerateArray(), s => s.GetProperty("stream").GetString() == "dry");
    }

    [Fact]
    public async Task The_playbook_answers_in_its_own_words()
    {
        var name = await Defined("playbook", "p.csv", "id\n1\n", "");
        await Ran(name);
        var status = await app.Owner.GetFromJsonAsync<JsonElement>("/api/pipeline/status");
        Assert.Contains(status.GetProperty("pipelines").EnumerateArray(), p => p.GetProperty("name").GetString() == name);
        Assert.NotEqual(0, status.GetProperty("recentSyncs").GetArrayLength());
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.PostAsync($"/api/pipeline/stop?pipeline={name}", null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.PostAsync($"/api/pipeline/restart?pipeline={name}", null)).StatusCode);
    }

    [Fact]
    public async Task One_tenants_pipelines_records_and_runs_are_nothing_to_another()
    {
        const string secret = "xyzzy-plugh";
        var name = await Defined("private", "private.csv", $"id,note\n1,{secret}\n", "streams:\n  private:\n    key: [id]\n");
        var run = (await Ran(name)).GetProperty("runId").GetString();
        var (_, _, other) = await app.NewTenant();
        string[] addresses =
        [
            "/api/pipelines", $"/api/pipelines/{name}", $"/api/pipelines/{name}/runs", $"/api/pipelines/{name}/runs/{run}", $"/api/pipelines/{name}/runs/{run}/unreadable",
            "/api/runs", "/api/pipeline/status", "/api/quarantine?state=all", "/api/streams", "/api/records?stream=private", "/api/record?stream=private&key=1",
            "/api/record/versions?stream=private&key=1", "/api/why?id=private/1", $"/api/why?id={run}", $"/api/search?q={secret}", "/api/tenant",
        ];
        foreach (var address in addresses)
        {
            var text = await (await other.GetAsync(address)).Content.ReadAsStringAsync();
            // The words of the question itself may come back; nothing else may.
            var rest = address.Split('=')[^1] is { Length: > 0 } asked ? text.Replace(Uri.UnescapeDataString(asked), "", StringComparison.Ordinal) : text;
            Assert.False(rest.Contains(secret, StringComparison.Ordinal) || rest.Contains("private.csv", StringComparison.Ordinal), $"{address}: {text}");
        }
        foreach (var verb in new[] { "pause", "resume", "cancel" })
            await (await other.PostAsync($"/api/pipelines/{name}/runs/{run}/{verb}", null)).Problem(404, "not-found");
        await (await other.DeleteAsync($"/api/pipelines/{name}")).Problem(404, "not-found");
    }

    [Fact]
    public async Task No_source_reads_Sophias_own_folder_and_another_tenant_reads_only_its_inbox()
    {
        app.FilesOf("around", ("ok.csv", "id\n1\n"));
        var (_, _, other) = await app.NewTenant();
        foreach (var (client, path) in new[] { (app.Owner, Path.Combine(app.Folder, "data")), (app.Owner, Path.Combine(app.Folder, "data", "tenants")),
            (other, app.Folder), (other, "/etc"), (other, Path.Combine(app.Folder, "data", "inbox", "default")) })
        {
            var answer = await client.PutAsync("/api/pipelines/peep", new StringContent($"name: peep\nsources:\n  - type: files\n    path: {path}\n"));
            Assert.True(answer.IsSuccessStatusCode);
            var run = await Ran("peep", client: client);
            Assert.Equal(("failed", 0), (run.GetProperty("state").GetString(), Count(run, "in")));
        }
    }

    [Theory]
    [InlineData("../out.csv")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../out.csv")]
    [InlineData("..\\out.csv")]
    [InlineData(".hidden")]
    [InlineData("a\u0000b")]
    [InlineData(" ")]
    public async Task A_dropped_file_cannot_leave_the_inbox(string path)
    {
        using var answer = await app.Owner.PostAsync($"/api/inbox?path={Uri.EscapeDataString(path)}", new ByteArrayContent([1]));
        await answer.Problem(400, "invalid");
    }

    [Fact]
    public async Task Files_dropped_on_the_page_become_records()
    {
        var (_, _, owner) = await app.NewTenant();
        using var first = await owner.PostAsync("/api/inbox?path=team/notes.csv&start=false", new StringContent("id,note\n1,hello\n"));
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        using var second = await owner.PostAsync("/api/inbox?path=more.csv", new StringContent("id,note\n7,there\n"));
        Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        await Eventually.Get(() => owner.GetFromJsonAsync<JsonElement>("/api/streams"), s => s.GetArrayLength() == 2, "two streams");
    }

    [Fact]
    public async Task A_folder_that_does_not_exist_is_told_when_the_definition_is_stated_and_a_file_can_be_asked_about()
    {
        using var nowhere = await app.Owner.PutAsync("/api/pipelines/nowhere", new StringContent("name: nowhere\nsources:\n  - {type: files, path: no/such/folder}\n"));
        var warning = Assert.Single((await nowhere.Json()).GetProperty("change").GetProperty("warnings").EnumerateArray()).GetString();
        Assert.Contains("does not exist", warning);
        Assert.Contains(Environment.CurrentDirectory, warning);

        var name = await Defined("asked", "lakes.csv", "id,lake\n1,Saimaa\n", "");
        var folder = app.FilesOf("asked", ("broken.txt", "a\0b"));
        await Ran(name);
        async Task<string> Why(string path) => (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/why?id={Uri.EscapeDataString(path)}")).GetProperty("explanation").GetString()!;
        Assert.Contains("has read 1 records from lakes.csv", await Why("lakes.csv"));
        Assert.Contains("has read 1 records from lakes.csv", await Why(Path.Combine(folder, "lakes.csv")));
        Assert.Contains("binary content", await Why(Path.Combine(folder, "broken.txt")));
        Assert.Contains("or file is known", await Why("ponds.csv"));
    }

    [Fact]
    public async Task A_decision_on_an_item_that_never_was_says_so()
    {
        using var answer = await app.Owner.PostAsJsonAsync("/api/quarantine/release", new { ids = new[] { 987_654 } });
        Assert.Equal("unknown", (await answer.Json())[0].GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_file_is_not_acknowledged_where_a_pipeline_called_inbox_reads_something_else()
    {
        var (tenant, _, owner) = await app.NewTenant();
        using var own = await owner.PutAsync("/api/pipelines/inbox", new StringContent("name: inbox\nsources:\n  - {type: webhook, secret: generated, stream: orders}\n"));
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        using var answer = await owner.PostAsync("/api/inbox?path=one.txt", new StringContent("Ann called."));
        await answer.Problem(409, "conflict");
        Assert.False(File.Exists(Path.Combine(app.Folder, "data", "inbox", tenant, "one.txt")));
    }

    private async Task<string> Defined(string name, string file, string text, string streams, string gate = "")
    {
        var folder = app.FilesOf(name, (file, text));
        var definition = $"name: {name}\nsources:\n  - type: files\n    path: {folder}\n    settleFor: 0s\n{streams}{gate}";
        using var answer = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent(definition, Encoding.UTF8, "application/yaml"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return name;
    }

    private async Task<JsonElement> Ran(string name, object? request = null, HttpClient? client = null)
    {
        client ??= app.Owner;
        using var started = await client.PostAsJsonAsync($"/api/pipelines/{name}/runs", request ?? new { });
        Assert.True(started.StatusCode == HttpStatusCode.Accepted, await started.Content.ReadAsStringAsync());
        var id = (await started.Json()).GetProperty("runId").GetString();
        return await Ended(name, id!, client);
    }

    private static Task<JsonElement> Ended(string name, string id, HttpClient client) =>
        Eventually.Get(() => client.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/runs/{id}"),
            run => run.GetProperty("state").GetString() is not "running", $"the end of run {id}");

    private static int Count(JsonElement run, string name) => run.GetProperty("counts").GetProperty(name).GetInt32();
}
