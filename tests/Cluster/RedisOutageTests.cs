using System.Net;
using System.Net.Http.Headers;
using Sophia.Hosting;
using Sophia.Security;
using Xunit.Abstractions;

namespace Sophia.Cluster;

/// <summary>Redis hangs, dies, forgets, is full, becomes a replica, while callers work who call once. Nothing fails, nothing wrong is served, and Redis is used again when it is back.</summary>
[Collection("cluster")]
public sealed class RedisOutageTests(ClusterFixture fixture, ITestOutputHelper output)
{
    private const int Callers = 3, Each = 5;

    private LocalCluster Cluster => fixture.Cluster;

    [ClusterFact]
    public async Task Whatever_becomes_of_Redis_no_call_fails()
    {
        await fixture.Whole();
        await using var load = await ClusterLoad.On(Cluster, "redis", Callers);
        await using var people = new PeopleLoad(Cluster, "delivery");
        load.Begin();
        await people.Begin();
        await load.Acknowledges(Each);

        Cluster.File.Redis!.Signal("STOP");
        await Works(load, people);
        Cluster.File.Redis!.Signal("CONT");
        await Works(load, people);

        await Cluster.KillRedis(default);
        await Works(load, people);
        Forget();
        await Cluster.StartRedis(default);
        await Works(load, people);

        await Cluster.Redis("CONFIG SET maxmemory 1");
        await Works(load, people);
        await Cluster.Redis("CONFIG SET maxmemory 268435456");

        await Cluster.Redis("REPLICAOF 127.0.0.1 1");
        await Works(load, people);
        await Cluster.Redis("REPLICAOF NO ONE");

        await Cluster.KillRedis(default);
        Truncate();
        await Cluster.StartRedis(default);
        await Works(load, people);

        await load.End();
        await people.End();
        load.NothingFailed();
        Assert.Empty(people.Wrong);
        Assert.Empty(await load.Lost());
        output.WriteLine($"The slowest search took {people.SlowestSearch.TotalSeconds:0.0} s.");
        await IsUsed();
    }

    /// <summary>The count of wrong keys is fast state: it goes on in memory while Redis is away, and is written once it is back.</summary>
    [ClusterFact]
    public async Task Who_tries_keys_is_counted_on_without_Redis_and_a_right_key_goes_on()
    {
        await fixture.Whole();
        var free = new SignInThrottleOptions().FreeOfAddress;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(Cluster.Url!) };
        Assert.Equal(HttpStatusCode.OK, await Me(http, HomeFolder.CliKey(Cluster.FrontendFolder)!));
        for (var tried = 0; tried < free / 2; tried++)
            Assert.NotEqual(HttpStatusCode.OK, await Me(http, $"sophia.default.guess-{tried}"));
        await Cluster.KillRedis(default);
        var answers = new List<HttpStatusCode>();
        while (answers.Count < free && !answers.Contains(HttpStatusCode.TooManyRequests))
            answers.Add(await Me(http, $"sophia.default.more-{answers.Count}"));
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]); // Who was forgotten would have had all of the free ones anew.
        Assert.Equal(HttpStatusCode.OK, await Me(http, HomeFolder.CliKey(Cluster.FrontendFolder)!));
        await Cluster.StartRedis(default);
    }

    private static async Task Works(ClusterLoad load, PeopleLoad people)
    {
        var before = people.Done;
        await load.Acknowledges(Each);
        await Eventually.Comes(() => people.Done.Searches >= before.Searches + Each && people.Done.SignIns >= before.SignIns + 2, "searches and sign-ins go on");
    }

    /// <summary>A search is in Redis again, and so is what a front end must find there. What was answered without Redis stays in memory alone, so questions are new ones.</summary>
    private async Task IsUsed()
    {
        await using var again = new PeopleLoad(Cluster, "delivery");
        var asked = 0;
        await Eventually.Comes(async () =>
        {
            await again.Search(FormattableString.Invariant($"delivery {++asked}"));
            return (await Cluster.Redis("KEYS local/cache/search_answers/*")).Contains("local/cache", StringComparison.Ordinal);
        }, "answers in Redis again");
        Assert.Empty(again.Wrong);
        Assert.Contains("local/fast-since", await Cluster.Redis("KEYS local/fast-since"));
    }

    private void Forget()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Cluster.Folder, "redis"), "*", SearchOption.AllDirectories).ToList())
            File.Delete(file);
    }

    // What a power cut leaves of the newest part of the append-only file.
    private void Truncate()
    {
        var newest = Directory.EnumerateFiles(Path.Combine(Cluster.Folder, "redis"), "*.incr.aof", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        using var file = new FileStream(newest, FileMode.Open);
        file.SetLength(Math.Max(0, file.Length - 7));
    }

    private static async Task<HttpStatusCode> Me(HttpClient http, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/me") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
