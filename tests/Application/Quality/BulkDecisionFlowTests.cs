using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Commands;
using Sophia.Hosting;
using Sophia.Pages;

namespace Sophia.Quality;

/// <summary>Goal: a decision on many items goes on without whoever asked for it. Method: REST of the real application; the built program, killed in the middle.</summary>
public sealed class BulkDecisionFlowTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string Address = "/api/quarantine/decisions";

    [Fact]
    public async Task It_is_kept_when_it_is_accepted_told_while_it_goes_and_stopped_by_operators_alone()
    {
        await app.Ingest("many", "streams:\n  many:\n    key: [id]\n    rules:\n      - type: {age: integer}\ngate:\n  minimumScore: 0\n", ("many.csv", "id,age\n1000,3\n" + string.Concat(Enumerable.Range(0, 120).Select(n => $"{n},old\n"))));
        var body = new { kind = "discard", pipeline = "many", rule = "type:age", reason = "nobody is" };
        Assert.Equal(403, (int)(await (await app.InRole("analyst")).PostAsJsonAsync(Address, body)).StatusCode);
        await (await app.Owner.PostAsJsonAsync(Address, new { kind = "discard", pipeline = "many" })).Problem(400, "invalid");

        (await app.Owner.PostAsJsonAsync("/api/queue/hold", new { queue = "sophia", reason = "repairs", confirm = "sophia" })).EnsureSuccessStatusCode();
        var accepted = await app.Owner.PostAsJsonAsync(Address, body);
        Assert.Equal(202, (int)accepted.StatusCode);
        var order = await accepted.Json();
        var at = $"{Address}/{order.GetProperty("id").GetInt64()}";
        Assert.Equal((at, "waiting", 120), (accepted.Headers.Location!.OriginalString, order.GetProperty("phase").GetString(), order.GetProperty("atMost").GetInt64()));
        Assert.Equal("the queue is held: repairs", (await app.Owner.GetFromJsonAsync<JsonElement>(at)).GetProperty("says").GetString());
        await (await (await app.NewTenant()).Client.GetAsync(at)).Problem(404, "not-found");
        var stopped = await (await app.Owner.PostAsJsonAsync(Address, body)).Json();
        Assert.Equal("stopped", (await (await app.Owner.PostAsync($"{Address}/{stopped.GetProperty("id").GetInt64()}/stop", null)).Json()).GetProperty("phase").GetString());

        (await app.Owner.PostAsJsonAsync("/api/queue/let-go", new { queue = "sophia", reason = "repaired", confirm = "sophia" })).EnsureSuccessStatusCode();
        var done = await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>(at), view => view.GetProperty("phase").GetString() == "done", "its end");
        Assert.Equal((120, 0), (done.GetProperty("discarded").GetInt64(), done.GetProperty("stillHeld").GetInt64()));
        Assert.Equal(["stopped", "done"], (await app.Owner.GetFromJsonAsync<JsonElement>(Address)).EnumerateArray().Select(one => one.GetProperty("phase").GetString()));
        Assert.Equal(0, (await app.Owner.GetFromJsonAsync<JsonElement>("/api/quarantine?pipeline=many")).GetProperty("held").GetInt64());
    }

    [Fact]
    public async Task What_was_accepted_goes_on_after_the_program_was_killed_and_decides_on_each_item_once()
    {
        using var program = new BuiltProgram { Environment = { ["SOPHIA_QUEUE"] = "lease=5s,offer=100ms" } };
        var folder = Directory.CreateTempSubdirectory("sophia-ages-");
        try
        {
            const int Rows = 3_000;
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "ages.csv"), "id,age\n" + string.Concat(Enumerable.Range(0, Rows).Select(n => $"{n},old\n")));
            var (process, url, _) = await program.Up();
            var file = Path.Combine(folder.FullName, "ages.yaml");
            await File.WriteAllTextAsync(file, $"name: ages\nsources:\n  - type: files\n    path: {folder.FullName}\n    include: '*.csv'\n    settleFor: 0s\nstreams:\n  \"*\":\n    key: [id]\n    rules:\n      - type: {{age: integer}}\ngate: {{minimumScore: 0}}\n");
            Assert.True(await program.Run("pipelines", "apply", file, "--name", "ages") is { ExitCode: 0 } applied, "the definition");
            await program.Run("ingest", folder.FullName, "--pipeline", "ages");
            Assert.Contains($"{Rows.ToString("N0", CultureInfo.InvariantCulture)} would be taken", (await program.Run("quarantine", "bulk", "release", "--pipeline", "ages", "--dry-run")).Output);
            using var owner = program.Client(url);
            // Killed twice: when nothing of it is done for sure, and somewhere in the middle.
            (await owner.PostAsJsonAsync("/api/queue/hold", new { queue = "sophia", reason = "not yet", confirm = "sophia" })).EnsureSuccessStatusCode();
            var begun = JsonDocument.Parse((await program.Run("quarantine", "bulk", "release", "--pipeline", "ages", "--no-wait", "--json")).Output).RootElement;
            Assert.Equal(Rows, begun.GetProperty("atMost").GetInt32());
            process.Kill();
            await process.WaitForExitAsync();

            (process, url, _) = await program.Up();
            using var next = program.Client(url);
            var at = $"{Address}/{begun.GetProperty("id").GetInt64()}";
            var kept = await next.GetFromJsonAsync<JsonElement>(at);
            Assert.Equal(("waiting", 0), (kept.GetProperty("phase").GetString(), kept.GetProperty("released").GetInt32()));
            (await next.PostAsJsonAsync("/api/queue/let-go", new { queue = "sophia", reason = "now", confirm = "sophia" })).EnsureSuccessStatusCode();
            await Eventually.Comes(async () => (await next.GetFromJsonAsync<JsonElement>(at)).GetProperty("released").GetInt32() > 0, "its first step");
            process.Kill();
            await process.WaitForExitAsync();

            (_, url, _) = await program.Up();
            using var last = program.Client(url);
            var done = await Eventually.Get(() => last.GetFromJsonAsync<JsonElement>(at), order => order.GetProperty("phase").GetString() == "done", "its end");
            Assert.Equal((Rows, 0), (done.GetProperty("released").GetInt32(), done.GetProperty("stillHeld").GetInt32()));
            Assert.Contains("done", (await program.Run("quarantine", "decisions")).Output);
            var (code, output, _) = await program.Run("quarantine", "bulk", "discard", "--pipeline", "ages", "--reason", "junk");
            Assert.Equal((0, "0 taken: 0 released, 0 discarded, 0 still held"), (code, output.Trim()));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
