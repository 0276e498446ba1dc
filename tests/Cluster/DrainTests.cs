using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Sophia.Hosting;
using Xunit.Abstractions;

namespace Sophia.Cluster;

/// <summary>A silo that is asked to end while everything is under way on it.</summary>
[Collection("cluster")]
public sealed class DrainTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Silos = 3, Conversations = 16, Runs = 2, FilesPerRun = 100, Callers = 2;

    /// <summary>Less than the silence after which a model counts as gone (AnswerModelOptions.NextWordWithin).</summary>
    private static readonly TimeSpan BetweenPieces = TimeSpan.FromSeconds(5);

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"sophia-drain-{Guid.NewGuid():n}");
    private readonly TaskCompletionSource speak = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SlowModel? model;
    private LocalCluster? cluster;
    private int begun;

    public async Task InitializeAsync()
    {
        if (ClusterFactAttribute.Missing() is not null)
            return;
        model = await SlowModel.Start(pieces: 12, Before);
        cluster = await LocalCluster.Up(folder, Silos, gpus: 0, "http://127.0.0.1:0", default);
    }

    public async Task DisposeAsync()
    {
        if (cluster is null)
            return;
        await cluster.Down(default);
        await model!.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Goal: a silo is gone within its bound, no caller sees a failed call, nothing acknowledged is lost, every follower of an answer reads on in one stream without a gap, and
    /// runs go on elsewhere. Method: answers of which a part was shown are made slowly, runs read files and others deliver, ask and read, when one of three silos gets SIGTERM.</summary>
    [ClusterFact]
    public async Task A_silo_that_ends_under_load_hands_over_in_time_and_no_caller_notices()
    {
        await using var load = await ClusterLoad.On(cluster!, "drained", Callers);
        var runs = new List<RunUnderWay>();
        for (var number = 1; number <= Runs; number++)
            runs.Add(await RunUnderWay.Start(load.Http, folder, number, FilesPerRun));
        foreach (var run in runs)
            await run.Begins();
        var answers = new SlowAnswers(load.Http, "drained", Conversations, "person");
        await answers.Ask();
        var following = Enumerable.Range(0, Conversations).Select(of => Follow(load.Http, $"drained-slow-{of}")).ToList();
        await Eventually.Get(async () => (Begun: Volatile.Read(ref begun), Ended: string.Join("; ", await answers.EndedSoFar())), static seen => seen.Begun >= Conversations, "a part of every answer is said");
        load.Begin();
        await load.Acknowledges(1);
        var since = Stopwatch.StartNew();
        await cluster!.Scale(Silos - 1, default);
        var took = since.Elapsed;
        Assert.InRange(took, TimeSpan.Zero, LocalCluster.EndsWithin);
        await load.Acknowledges(3);
        speak.SetResult();
        var (finished, told, wrong) = await answers.Ends();
        output.WriteLine($"{finished} answers finished, {told} ended with a word why; gone within {took.TotalSeconds:0.0} s; {load.Calls} calls, {load.Failures.Count} failed");
        Assert.Equal(Conversations, finished + told);
        Assert.All(answers.Words, word => Assert.Contains("interrupted by a restart", word));
        Assert.Empty(wrong);
        foreach (var follower in await Task.WhenAll(following))
            Assert.Equal(Enumerable.Range(1, follower.Count).Select(number => (long)number), follower);
        foreach (var run in runs)
            Assert.Empty(await run.Wrong());
        await load.End();
        load.NothingFailed();
        Assert.Empty(await load.Lost());
    }

    // The first piece is said at once, the others slowly until all may speak.
    private Task Before(int piece, CancellationToken cancellation)
    {
        if (piece == 1)
            Interlocked.Increment(ref begun);
        return piece == 0 ? Task.CompletedTask : Task.WhenAny(speak.Task, Task.Delay(BetweenPieces, cancellation));
    }

    /// <summary>Reads a conversation in one call until its answer ends: the numbers in the order in which they came.</summary>
    private static async Task<IReadOnlyList<long>> Follow(HttpClient http, string session)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/chat/sessions/{session}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var (numbers, last) = (new List<long>(), "");
        while (await lines.ReadLineAsync() is { } line)
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                var happened = JsonDocument.Parse(line["data: ".Length..]).RootElement;
                numbers.Add(happened.GetProperty("number").GetInt64());
                last = happened.GetProperty("kind").GetString()!;
            }
        Assert.Contains(last, (string[])["done", "failed"]);
        return numbers;
    }
}
