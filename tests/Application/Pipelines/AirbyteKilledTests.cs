using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Commands;
using Sophia.Hosting;
using Sophia.Postgres;
using Sophia.Servers;

namespace Sophia.Pipelines;

// Goal: Sophia dies by SIGKILL in the middle of a connector's reading, and each record is there once, with nothing left running. Method: the built
// program; a connector that prints half of its records and then waits until a file says that it may go on; a second start over the same folder.
public sealed class AirbyteKilledTests : IDisposable
{
    private const int Records = 20_000;

    private readonly BuiltProgram program = new();
    private readonly ScriptedConnector connector = new(ScriptedConnector.Stream("deals", incremental: true), ScriptedConnector.Stream("rows", key: ""));

    public void Dispose()
    {
        program.Dispose();
        connector.Dispose();
    }

    [Fact]
    public Task A_run_over_a_connector_goes_on_from_its_committed_state_and_stores_each_record_once() => KilledMidway();

    [PostgresFact]
    public async Task So_it_does_over_PostgreSQL()
    {
        using var scratch = new ScratchDatabase(empty: true);
        (program.Environment["SOPHIA_POSTGRES"], program.Environment["SOPHIA_POSTGRES_OWNER"]) = (scratch.Silo, scratch.Owner);
        await KilledMidway();
    }

    private async Task KilledMidway()
    {
        var half = Enumerable.Range(1, Records / 2).SelectMany(id => id % 1_000 == 0 ? [ScriptedConnector.Deal(id), Row(id), ScriptedConnector.State("deals", $$"""{"at":{{id}}}""")] : new[] { ScriptedConnector.Deal(id), Row(id) });
        var rest = Enumerable.Range(Records / 2 - 500, Records / 2 + 501).SelectMany(id => new[] { ScriptedConnector.Deal(id), Row(id) });
        connector.Plays(half, """
            [ -z "$state" ] || cp "$state" "$here/given"
            echo $$ > "$here/pid"; dirname "$config" > "$here/folder"
            while [ ! -e "$here/go" ]; do sleep 0.1; done
            cat "$here/rest.jsonl"
            """);
        File.WriteAllLines(Path.Combine(connector.Folder, "rest.jsonl"), rest);

        var (first, url, _) = await program.Up();
        string run;
        using (var client = program.Client(url))
        {
            var definition = $"name: crm\nsource:\n  type: airbyte\n  command: {JsonSerializer.Serialize(connector.Command)}\n";
            (await client.PutAsync("/api/pipelines/crm", new StringContent(definition))).EnsureSuccessStatusCode();
            run = (await (await client.PostAsJsonAsync("/api/pipelines/crm/runs", new { })).Json()).GetProperty("runId").GetString()!;
            await Eventually.Get(() => Run(client, run), row => Stored(row) == Records, "the first half, stored");
            first.Kill();
            await first.WaitForExitAsync();
        }
        var orphan = int.Parse(connector.Written("pid"), CultureInfo.InvariantCulture);
        await Eventually.Get(() => Task.FromResult(Directory.Exists($"/proc/{orphan}") || Directory.Exists(connector.Written("folder").Trim())), still => !still, "the end of the connector and of its folder");

        File.WriteAllText(Path.Combine(connector.Folder, "go"), "");
        var (_, again, _) = await program.Up();
        using var survivor = program.Client(again);
        var ended = await Eventually.Get(() => Run(survivor, run), row => row.GetProperty("state").GetString() != "running", "the end of the run");
        Assert.True(ended.GetProperty("state").GetString() == "succeeded", ended.ToString());
        Assert.Equal(2 * Records, Stored(ended));
        Assert.Matches("\"at\":(9|10)000", connector.Written("given"));
        var streams = await survivor.GetFromJsonAsync<JsonElement>("/api/streams");
        Assert.Equal([("crm/deals", Records), ("crm/rows", Records)], streams.EnumerateArray().Select(stream => (stream.GetProperty("stream").GetString()!, stream.GetProperty("records").GetInt32())).Order());
        foreach (var stream in new[] { "crm/deals", "crm/rows" })
            Assert.All((await survivor.GetFromJsonAsync<JsonElement>($"/api/records?stream={stream}&limit=1000")).EnumerateArray(), record => Assert.Equal(1, record.GetProperty("version").GetInt64()));

        connector.Does("cat \"$here/rest.jsonl\"");
        run = (await (await survivor.PostAsJsonAsync("/api/pipelines/crm/runs", new { })).Json()).GetProperty("runId").GetString()!;
        var next = await Eventually.Get(() => Run(survivor, run), row => row.GetProperty("state").GetString() != "running", "the end of the next run");
        Assert.True(next.GetProperty("state").GetString() == "succeeded", next.ToString());
        Assert.Equal((0, Records / 2 - 501), (Stored(next), next.GetProperty("counts").GetProperty("deleted").GetInt64()));
    }

    private static string Row(int id) => ScriptedConnector.Record("rows", $$"""{"row":{{id}}}""");

    private static async Task<JsonElement> Run(HttpClient client, string run) => await client.GetFromJsonAsync<JsonElement>($"/api/pipelines/crm/runs/{run}");

    private static long Stored(JsonElement run) => run.GetProperty("counts").GetProperty("stored").GetInt64();
}
