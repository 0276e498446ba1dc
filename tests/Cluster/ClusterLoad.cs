using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Cluster;

/// <summary>Work on a cluster's front end: signed deliveries to several pipelines, questions in several conversations, and readings of all kinds, one caller each, no call made twice by the caller.</summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Who delivers, who asks, who reads.</summary>
    private const int Kinds = 3;

    private readonly HttpClient http;
    private readonly string name;
    private readonly int callers;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<string> delivered = [], failures = [];
    private readonly ConcurrentQueue<(string Session, long Question)> asked = [];
    private readonly List<string> secrets = [];
    private List<Task> working = [];
    private readonly int[] answered;
    private TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long calls;

    private ClusterLoad(string url, string folder, string name, int callers)
    {
        (this.name, this.callers, answered) = (name, callers, new int[Kinds * callers]);
        http = Bounded.Waits(new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(url) });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HomeFolder.CliKey(folder));
    }

    /// <summary>Calls that were answered otherwise than they should be, as the caller saw them.</summary>
    public IReadOnlyCollection<string> Failures => failures;

    public void NothingFailed() => Assert.True(failures.IsEmpty, string.Join('\n', failures));

    public long Calls => Interlocked.Read(ref calls);

    public int Acknowledged => delivered.Count + asked.Count;

    public HttpClient Http => http;

    /// <summary>Defines a pipeline and names a conversation for each caller.</summary>
    public static Task<ClusterLoad> On(LocalCluster cluster, string name, int callers) => On((cluster.Url!, cluster.FrontendFolder), name, callers);

    /// <param name="frontend">Where it serves, and the data folder that has the key to it.</param>
    public static async Task<ClusterLoad> On((string Url, string Folder) frontend, string name, int callers)
    {
        var load = new ClusterLoad(frontend.Url, frontend.Folder, name, callers);
        for (var of = 0; of < callers; of++)
        {
            using var defined = await load.http.PutAsync($"/api/pipelines/{load.Pipeline(of)}",
                new StringContent($"name: {load.Pipeline(of)}\nsources:\n  - type: webhook\n    secret: generated\n    stream: {load.Stream(of)}\n    key: id\n    deliveryHeader: x-delivery\n"));
            Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
            load.secrets.Add((await load.http.GetFromJsonAsync<JsonElement>($"/api/pipelines/{load.Pipeline(of)}/webhook-secret")).GetProperty("secret").GetString()!);
        }
        return load;
    }

    public void Begin() => working = [.. Enumerable.Range(0, callers).SelectMany(of => (Task[])[Deliver(of), Ask(of), Look(of)])];

    /// <summary>Lets every call under way end.</summary>
    public async Task End()
    {
        await stop.CancelAsync();
        await Task.WhenAll(working);
    }

    /// <summary>Waits until each caller has had so many more answers: nobody is left out whose grain was on a silo that is gone.</summary>
    public async Task Acknowledges(int each)
    {
        var (from, since) = (answered.ToArray(), Stopwatch.StartNew());
        while (Waiting() is { } caller)
        {
            var next = answer.Task;
            Assert.True(since.Elapsed < Patience, $"Caller {caller} had no {each} answers. {string.Join('\n', failures.Take(3))}");
            if (Waiting() is not null)
                await next.WaitAsync(Patience);
        }

        int? Waiting() => Enumerable.Range(0, answered.Length).Where(of => Volatile.Read(ref answered[of]) < from[of] + each).Cast<int?>().FirstOrDefault();
    }

    /// <summary>What was acknowledged and is not there, or is there twice.</summary>
    public async Task<IReadOnlyList<string>> Lost()
    {
        var lost = new List<string>();
        foreach (var id in delivered)
        {
            var record = await Json($"/api/record?stream={Stream(int.Parse(id.Split('-')[0]))}&key={id}");
            if (record is not { } found || found.GetProperty("version").GetInt64() != 1)
                lost.Add($"delivery {id}: {record?.ToString() ?? "not there"}");
        }
        foreach (var questions in asked.GroupBy(question => question.Session))
        {
            var kept = await Questions(questions.Key);
            lost.AddRange(questions.Where(question => !kept.Contains(question.Question)).Select(question => $"question {question}: not there"));
            if (kept.Count > questions.Count() + failures.Count)
                lost.Add($"conversation {questions.Key}: {kept.Count} questions, of which {questions.Count()} were asked");
        }
        return lost;
    }

    /// <summary>How long each conversation takes to answer from now on, whichever silo it was on.</summary>
    public async Task<IReadOnlyList<TimeSpan>> Answers(int conversations)
    {
        var since = Stopwatch.StartNew();
        return await Task.WhenAll(Enumerable.Range(0, conversations).Select(async of =>
        {
            using var answer = await http.GetAsync($"/api/chat/sessions/{Probe(of)}/events");
            if (!answer.IsSuccessStatusCode)
                failures.Enqueue($"probe {of}: {(int)answer.StatusCode}");
            return since.Elapsed;
        }));
    }

    public async ValueTask DisposeAsync()
    {
        await End();
        http.Dispose();
        stop.Dispose();
    }

    private string Pipeline(int of) => $"{name}-{of}";

    private string Stream(int of) => $"{name}-{of}";

    private string Probe(int of) => $"{name}-probe-{of}";

    private async Task Deliver(int of)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var id = $"{of}-{number}";
            var body = Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","text":"Delivery {{number}} of {{of}}."}""");
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/hooks/default/{Pipeline(of)}") { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.Add("x-delivery", id);
            request.Headers.Add("x-signature", Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secrets[of]), body)));
            if (await Call(request, $"delivery {id}") is not null)
            {
                delivered.Enqueue(id);
                Answered(of);
            }
        }
    }

    private async Task Ask(int of)
    {
        var session = $"{name}-chat-{of}";
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/ask") { Content = JsonContent.Create(new { text = $"What is delivery {number}?", session }) };
            if (await Call(request, $"question {session}/{number}") is { } told)
            {
                asked.Enqueue((session, told.GetProperty("question").GetInt64()));
                Answered(callers + of);
            }
        }
    }

    /// <summary>Reads whatever there is to read: most messages between front end and silos come by.</summary>
    private async Task Look(int of)
    {
        string[] places =
        [
            "/api/pipelines", $"/api/pipelines/{Pipeline(of)}", "/api/runs", "/api/streams", $"/api/records?stream={Stream(of)}", "/api/quarantine", "/api/chat/sessions",
            $"/api/chat/sessions/{name}-chat-{of}", "/api/search?q=delivery", $"/api/why?id={Stream(of)}/{of}-0", "/api/tenant", "/api/me", "/api/pipeline/status",
        ];
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, places[number % places.Length]);
            if (await Call(request, $"reading {places[number % places.Length]}") is not null)
                Answered(2 * callers + of);
        }
    }

    private void Answered(int caller)
    {
        Interlocked.Increment(ref answered[caller]);
        Interlocked.Exchange(ref answer, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private async Task<JsonElement?> Call(HttpRequestMessage request, string what)
    {
        var since = Stopwatch.StartNew();
        try
        {
            Interlocked.Increment(ref calls);
            using var answer = await http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted)
                return JsonDocument.Parse(text).RootElement;
            if (!await Bounded.Waited(answer, stop.Token))
                failures.Enqueue($"{DateTimeOffset.Now:HH:mm:ss} {what} after {since.Elapsed.TotalSeconds:0.0} s: {(int)answer.StatusCode} {text}");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            failures.Enqueue($"{DateTimeOffset.Now:HH:mm:ss} {what} after {since.Elapsed.TotalSeconds:0.0} s: {failure.Message}");
        }
        return null;
    }

    private async Task<HashSet<long>> Questions(string session)
    {
        var (found, after) = (new HashSet<long>(), 0L);
        while (await Json($"/api/chat/sessions/{session}/events?limit=1000&after={after}") is { } page && page.GetProperty("events").GetArrayLength() > 0)
            foreach (var happened in page.GetProperty("events").EnumerateArray())
            {
                after = happened.GetProperty("number").GetInt64();
                if (happened.GetProperty("kind").GetString() == "question")
                    found.Add(after);
            }
        return found;
    }

    private async Task<JsonElement?> Json(string path)
    {
        using var answer = await http.GetAsync(path);
        return answer.IsSuccessStatusCode ? JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement : null;
    }
}
