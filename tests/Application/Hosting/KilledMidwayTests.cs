using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sophia.Chat;
using Sophia.Commands;

namespace Sophia.Hosting;

// Goal: a process that dies in the middle of its work has acknowledged nothing that is lost. Method: the built program, SIGKILL while an answer
// streams and while a run stores, a second start over the same folder.
public sealed class KilledMidwayTests : IDisposable
{
    private const int Files = 60;
    private const int Rows = 5_000;

    private readonly BuiltProgram program = new();

    [Fact]
    public async Task What_was_read_of_an_answer_reads_the_same_after_a_kill_and_the_answer_says_that_it_was_cut()
    {
        await using var model = await StandInEndpoint.Start(StandInEndpoint.Stalls("Ann ", "owns ", "it [1]. "));
        program.Environment["SOPHIA_MODEL_URL"] = $"{model.Url}";
        program.Environment["SOPHIA_MODEL_NAME"] = "stand-in";
        var (first, url, _) = await program.Up();
        List<string> seen = [];
        using (var client = program.Client(url))
        {
            (await client.PostAsync("/api/inbox?path=acme.txt", new StringContent("Ann Lee owns the Acme account since March."))).EnsureSuccessStatusCode();
            await Eventually.Get(() => client.GetStringAsync("/api/search?q=Acme"), found => found.Contains("Ann Lee", StringComparison.Ordinal), "the record in the index");
            (await client.PostAsJsonAsync("/api/chat/sessions/cut/questions", new { text = "Who owns the Acme account?", operationId = "op-1" })).EnsureSuccessStatusCode();
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/chat/sessions/cut/events") { Headers = { { "Accept", "text/event-stream" } } };
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            while (!seen.Any(data => data.Contains("\"kind\":\"text\"", StringComparison.Ordinal)) && await reader.ReadLineAsync() is { } line)
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                    seen.Add(line["data: ".Length..]);
            first.Kill();
            await first.WaitForExitAsync();
        }
        Assert.Contains("Ann", seen[^1]);

        var (_, again, _) = await program.Up();
        using var survivor = program.Client(again);
        var events = await Eventually.Get(() => Events(survivor), all => all[^1].Contains("\"kind\":\"failed\"", StringComparison.Ordinal), "the end of the answer");
        Assert.Equal(string.Join("\n", seen), string.Join("\n", events.Take(seen.Count)));
        Assert.Equal(Enumerable.Range(1, events.Count), events.Select(e => JsonDocument.Parse(e).RootElement.GetProperty("number").GetInt32()));
        Assert.Contains("interrupted by a restart", events[^1]);
        Assert.Equal(events, await Events(survivor));
        var repeated = await (await survivor.PostAsJsonAsync("/api/chat/sessions/cut/questions", new { text = "Who owns the Acme account?", operationId = "op-1" })).Json();
        Assert.Equal(1, repeated.GetProperty("questionNumber").GetInt32());
        Assert.Single(model.Requests);
    }

    [Fact]
    public async Task A_run_that_was_killed_goes_on_by_itself_and_stores_each_record_once()
    {
        var folder = Path.Combine(program.Folder + "-source");
        Write(folder);
        try
        {
            var (first, url, _) = await program.Up();
            long acknowledged;
            string run;
            using (var client = program.Client(url))
            {
                (await client.PutAsync("/api/pipelines/crm", new StringContent($"name: crm\nparallelism: 1\nsource: {{type: files, path: {JsonSerializer.Serialize(folder)}}}\n"))).EnsureSuccessStatusCode();
                run = (await (await client.PostAsJsonAsync("/api/pipelines/crm/runs", new { })).Json()).GetProperty("runId").GetString()!;
                var midway = await Eventually.Get(() => Run(client, run), row => Stored(row) > 0, "the first stored record");
                Assert.Equal("running", midway.GetProperty("state").GetString());
                acknowledged = Stored(midway);
                first.Kill();
                await first.WaitForExitAsync();
            }

            var (_, again, said) = await program.Up();
            Assert.Contains($"Goes on: run {run} of crm", said);
            using var survivor = program.Client(again);
            Assert.InRange(Stored(await Run(survivor, run)), acknowledged, Files * Rows);
            var ended = await Eventually.Get(() => Run(survivor, run), row => row.GetProperty("state").GetString() != "running", "the end of the run");
            Assert.Equal("succeeded", ended.GetProperty("state").GetString());
            Assert.Equal(Files * Rows, Stored(ended));
            var streams = await survivor.GetFromJsonAsync<JsonElement>("/api/streams");
            Assert.Equal(Enumerable.Repeat((long)Rows, Files), streams.EnumerateArray().Select(stream => stream.GetProperty("records").GetInt64()));
            var sample = await survivor.GetFromJsonAsync<JsonElement>("/api/records?stream=crm/deals-0&limit=1000");
            Assert.Equal(1_000, sample.GetArrayLength());
            Assert.All(sample.EnumerateArray(), record => Assert.Equal(1, record.GetProperty("version").GetInt64()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public void Dispose() => program.Dispose();

    private static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        for (var file = 0; file < Files; file++)
        {
            var text = new StringBuilder("id,name,amount\n");
            for (var row = 0; row < Rows; row++)
                text.Append($"{file}-{row},Acme {row},{row}\n");
            File.WriteAllText(Path.Combine(folder, $"deals-{file}.csv"), text.ToString());
        }
    }

    private static async Task<JsonElement> Run(HttpClient client, string run) => await client.GetFromJsonAsync<JsonElement>($"/api/pipelines/crm/runs/{run}");

    private static long Stored(JsonElement run) => run.GetProperty("counts").GetProperty("stored").GetInt64();

    private static async Task<List<string>> Events(HttpClient client)
    {
        var page = await (await client.GetAsync("/api/chat/sessions/cut/events?limit=1000")).Json();
        return [.. page.GetProperty("events").EnumerateArray().Select(e => e.GetRawText())];
    }
}
