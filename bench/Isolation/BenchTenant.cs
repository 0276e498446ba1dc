using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Bench;

/// <summary>One tenant over real HTTP: 2,000 passages to search, a webhook, and callers who wait for each answer.</summary>
internal sealed class BenchTenant : IAsyncDisposable
{
    public static readonly string[] Kinds = ["search", "chat", "ingest"];

    private const int Files = 50, SectionsOfFile = 40, WordsOfSection = 60, Vocabulary = 3_000;

    private readonly HttpClient http;
    private readonly string name;
    private readonly TaskCompletionSource flooding = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string secret = "";
    private long deliveries;

    private BenchTenant(HttpClient http, string name) => (this.http, this.name) = (http, name);

    public static async Task<BenchTenant> Make(RunningSophia sophia, string name)
    {
        using var owner = Client(sophia.Url, sophia.OwnerKey);
        using var made = await owner.PostAsJsonAsync("/api/tenants", new { tenant = name, displayName = name });
        made.EnsureSuccessStatusCode();
        var tenant = new BenchTenant(Client(sophia.Url, (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!), name);
        await tenant.Fill();
        using var defined = await tenant.http.PutAsync("/api/pipelines/hook", new StringContent("name: hook\nsources:\n  - type: github-webhook\n    secret: generated\n"));
        defined.EnsureSuccessStatusCode();
        tenant.secret = (await tenant.http.GetFromJsonAsync<JsonElement>("/api/pipelines/hook/webhook-secret")).GetProperty("secret").GetString()!;
        return tenant;
    }

    /// <summary>What one caller waits, ms, for each kind in turn.</summary>
    public async Task<Dictionary<string, List<double>>> Waits(TimeSpan within)
    {
        var waits = Kinds.ToDictionary(kind => kind, _ => new List<double>());
        var (random, since) = (new Random(1), Stopwatch.StartNew());
        while (since.Elapsed < within)
            foreach (var kind in Kinds)
            {
                var began = Stopwatch.GetTimestamp();
                using var answer = await Call(kind, random);
                if (!answer.IsSuccessStatusCode)
                    throw new InvalidOperationException($"{name} {kind}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                await answer.Content.ReadAsByteArrayAsync();
                waits[kind].Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        return waits;
    }

    /// <summary>Calls of each kind by so many callers, who come back as soon as they are answered or refused. How many were answered, and refused.</summary>
    public async Task<(long Done, long Refused)> Flood(int callers, CancellationToken stop)
    {
        var (done, refused) = (0L, 0L);
        await Task.WhenAll(Kinds.SelectMany(kind => Enumerable.Range(0, callers).Select(async caller =>
        {
            var random = new Random(caller + 7);
            while (!stop.IsCancellationRequested)
            {
                using var answer = await Call(kind, random);
                await answer.Content.ReadAsByteArrayAsync(CancellationToken.None);
                if (answer.StatusCode == HttpStatusCode.TooManyRequests)
                {
                    Interlocked.Increment(ref refused);
                    await Task.Delay(20, CancellationToken.None); // Ruder than it is told, but no busy loop.
                }
                else if (Interlocked.Increment(ref done) == callers)
                    flooding.TrySetResult();
            }
        })));
        return (done, refused);
    }

    public Task IsFlooding() => flooding.Task;

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static HttpClient Client(string url, string key) =>
        new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(url), Timeout = TimeSpan.FromMinutes(5), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };

    private Task<HttpResponseMessage> Call(string kind, Random random) => kind switch
    {
        "search" => http.GetAsync($"/api/search?q={Uri.EscapeDataString(Words(random, 3))}"),
        "chat" => http.PostAsJsonAsync("/api/ask", new { text = Words(random, 4) }),
        _ => Deliver(random),
    };

    private async Task<HttpResponseMessage> Deliver(Random random)
    {
        var body = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { zen = Words(random, 40) }));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/hooks/{name}/hook") { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };
        request.Headers.Add("X-GitHub-Event", "ping");
        request.Headers.Add("X-GitHub-Delivery", $"d-{Interlocked.Increment(ref deliveries)}");
        request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))}");
        return await http.SendAsync(request);
    }

    private async Task Fill()
    {
        var random = new Random(3);
        for (var file = 0; file < Files; file++)
        {
            var text = string.Join("\n\n", Enumerable.Range(0, SectionsOfFile).Select(section => $"## {Words(random, 3)}\n\n{Words(random, WordsOfSection)}."));
            using var kept = await http.PostAsync($"/api/inbox?path=f{file.ToString(CultureInfo.InvariantCulture)}.md&start={(file == Files - 1 ? "true" : "false")}", new StringContent(text));
            kept.EnsureSuccessStatusCode();
        }
        for (var found = 0L; found < Files * SectionsOfFile * 9 / 10; await Task.Delay(200))
        {
            var view = await http.GetFromJsonAsync<JsonElement>("/api/search?q=wabado");
            found = view.TryGetProperty("words", out var words) ? words.GetProperty("passages").GetInt64() : 0;
        }
    }

    private static string Words(Random random, int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ => Word(random.Next(Vocabulary))));

    // Pronounceable, all different, common as random words are.
    private static string Word(int number)
    {
        const string Consonants = "bdfgklmnprstvwz", Vowels = "aeiou";
        var text = new StringBuilder();
        for (var (left, part) = (number + 17, 0); part < 3; part++, left /= 75)
            text.Append(Consonants[left % 15]).Append(Vowels[left / 15 % 5]);
        return text.ToString();
    }
}
