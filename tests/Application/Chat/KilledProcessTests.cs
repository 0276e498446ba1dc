using System.Net.Http.Json;
using Sophia.Commands;
using Sophia.Hosting;

namespace Sophia.Chat;

// Goal: what a conversation has acknowledged outlives the process. Method: the built program, SIGKILL, a second start on the same folder.
public sealed class KilledProcessTests : IDisposable
{
    private readonly BuiltProgram program = new();

    [Fact]
    public async Task Every_event_seen_before_a_kill_is_there_after_it_and_the_numbers_go_on()
    {
        var (first, url, _) = await program.Up();
        var seen = new List<(long, string)>();
        using (var client = program.Client(url))
            for (var i = 0; i < 5; i++)
            {
                await Ask(client, i);
                seen.AddRange((await Read(client)).Skip(seen.Count));
            }
        first.Kill();
        await first.WaitForExitAsync();

        var (_, again, _) = await program.Up();
        using var survivor = program.Client(again);
        Assert.Equal(seen, (await Read(survivor)).Take(seen.Count));
        await Ask(survivor, 4);
        await Eventually.Get(() => Busy(survivor), busy => !busy, "the end of the answer");
        await Ask(survivor, 5);
        var events = await Read(survivor);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(n => (long)n), events.Select(e => e.Number));
        Assert.Equal(6, events.Count(e => e.Kind == "question"));
    }

    [NodeFact]
    public async Task The_JavaScript_client_reads_after_a_kill_what_it_had_read_before()
    {
        var (first, url, _) = await program.Up();
        using (var client = program.Client(url))
            await Ask(client, 0);
        using var before = new NodeClient(url, program.OwnerKey, "killed", null);
        var seen = await before.Result();
        first.Kill();
        await first.WaitForExitAsync();
        var (_, again, _) = await program.Up();
        using var after = new NodeClient(again, program.OwnerKey, "killed", null);
        Assert.Equal(seen.GetProperty("numbers").GetRawText(), (await after.Result()).GetProperty("numbers").GetRawText());
    }

    public void Dispose() => program.Dispose();

    // An answer under way is waited for by reading its events to their end.
    private static async Task Ask(HttpClient client, int number)
    {
        var answer = await client.PostAsJsonAsync("/api/chat/sessions/killed/questions", new { text = $"What is {number}?", operationId = $"op-{number}" });
        Assert.Equal(System.Net.HttpStatusCode.Accepted, answer.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/chat/sessions/killed/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var stream = await client.SendAsync(request);
        await stream.Content.ReadAsStringAsync();
    }

    private static async Task<bool> Busy(HttpClient client) => (await (await client.GetAsync("/api/chat/sessions/killed")).Json()).GetProperty("answering").GetBoolean();

    private static async Task<List<(long Number, string Kind)>> Read(HttpClient client)
    {
        var page = await (await client.GetAsync("/api/chat/sessions/killed/events?limit=1000")).Json();
        return [.. page.GetProperty("events").EnumerateArray().Select(e => (e.GetProperty("number").GetInt64(), e.GetProperty("kind").GetString()!))];
    }
}
