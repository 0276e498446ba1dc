using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Cluster;

/// <summary>Four silos and two front ends over PostgreSQL, each a process that can be killed.</summary>
[Collection("cluster")]
public sealed class IdempotentKillsTests : IAsyncLifetime
{
    private const int Silos = 4, AtOnce = 48, MostCopies = 3;

    /// <summary>1,000; 20,000 with SOPHIA_NIGHTLY.</summary>
    private static readonly int Operations = Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") is { Length: > 0 } ? 20_000 : 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30), WhereNothingIsSaid = TimeSpan.FromMilliseconds(200);

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"sophia-once-{Guid.NewGuid():n}");
    private readonly ConcurrentDictionary<int, long> answers = [];
    private readonly List<HttpClient> frontends = [];
    private LocalCluster? cluster;
    private int done, replayed, repeated;

    public async Task InitializeAsync()
    {
        if (ClusterFactAttribute.Missing() is not null)
            return;
        cluster = await LocalCluster.Up(folder, Silos, gpus: 0, "http://127.0.0.1:0", default);
        foreach (var url in (string[])[cluster.Url!, (await cluster.AddFrontend(default)).Url])
        {
            var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(url), Timeout = TimeSpan.FromMinutes(2) };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HomeFolder.CliKey(cluster.FrontendFolder));
            frontends.Add(http);
        }
    }

    public async Task DisposeAsync()
    {
        frontends.ForEach(http => http.Dispose());
        if (cluster is null)
            return;
        await cluster.Down(default);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Goal: one effect each, and one answer, whoever repeats and whatever dies. Method: every operation is asked for by one to three callers at once, on two front ends; silos are killed and come back, and one front end is killed with the
    /// requests that it had in hand, whose callers ask the other. The effects are items in a queue, counted by the database.</summary>
    [ClusterFact]
    public async Task Operations_with_duplicates_have_one_effect_each_while_silos_and_a_front_end_are_killed()
    {
        var random = new Random(20_261_122);
        var asked = Enumerable.Range(0, Operations).SelectMany(operation => Enumerable.Range(0, 1 + operation % MostCopies).Select(copy => (operation, copy))).ToArray();
        // Copies stay close to each other, so that they meet.
        for (var i = 0; i + AtOnce < asked.Length; i++)
        {
            var other = i + random.Next(AtOnce);
            (asked[i], asked[other]) = (asked[other], asked[i]);
        }
        var working = Parallel.ForEachAsync(asked, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (one, _) =>
        {
            var said = await Ask(one.operation, one.copy);
            Assert.Equal(said, answers.GetOrAdd(one.operation, said));
            Interlocked.Increment(ref done);
        });
        foreach (var (part, number) in (IEnumerable<(int, int)>)[(1, 2), (3, 4)])
        {
            await Reached(working, asked.Length * part / 5);
            await cluster!.Kill(number, default);
            await Reached(working, Volatile.Read(ref done) + (asked.Length / 10));
            await cluster.Scale(Silos, default);
        }
        await Reached(working, asked.Length * 4 / 5);
        cluster!.File.MoreFrontends[0].Process.Signal("KILL");
        await working;
        var queues = await frontends[0].GetFromJsonAsync<JsonElement>("/api/queue");
        var queue = queues.EnumerateArray().Single(one => one.GetProperty("queue").GetString() == "once");
        Assert.Equal(Operations, queue.GetProperty("accepted").GetInt64());
        Assert.Equal(Operations, answers.Values.Distinct().Count());
        Assert.True(replayed > 0 && repeated > 0, $"{replayed} answers were replayed, {repeated} requests repeated");
    }

    private async Task Reached(Task working, int answered)
    {
        await Eventually.Comes(() => working.IsCompleted || Volatile.Read(ref done) >= answered, $"{answered} answers", Patience);
        if (working.IsFaulted)
            await working;
    }

    /// <summary>The item's id, asked for until it is told.</summary>
    private async Task<long> Ask(int operation, int copy)
    {
        for (var tries = 0; ; tries++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/queue/once/items") { Content = JsonContent.Create(new { items = new[] { new { kind = "count", payload = operation } } }) };
            request.Headers.Add("Idempotency-Key", $"\"operation-{operation}\"");
            try
            {
                using var answer = await frontends[tries == 0 ? copy % frontends.Count : 0].SendAsync(request);
                if (answer.IsSuccessStatusCode)
                {
                    Interlocked.Add(ref replayed, answer.Headers.Contains("Idempotent-Replayed") ? 1 : 0);
                    return (await answer.Content.ReadFromJsonAsync<JsonElement>())[0].GetProperty("id").GetInt64();
                }
                Assert.True((int)answer.StatusCode is 409 or 429 or >= 500, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
                await Task.Delay(answer.Headers.RetryAfter?.Delta is { } wait && wait > WhereNothingIsSaid ? wait : WhereNothingIsSaid);
            }
            catch (Exception lost) when (lost is HttpRequestException or TaskCanceledException)
            {
                await Task.Delay(WhereNothingIsSaid);
            }
            Interlocked.Increment(ref repeated);
        }
    }
}
