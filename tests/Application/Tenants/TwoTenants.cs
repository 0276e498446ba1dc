using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Resilience;

namespace Sophia.Tenants;

/// <summary>A tenant with one of everything, each holding a word that nobody else may ever read, and as many strangers as a test wants.</summary>
public sealed class TwoTenants : IAsyncLifetime
{
    public const string Marker = "zqxmarker";
    public const string Pipeline = "harbour-crm";
    public const string Session = "harbour-talk";
    public const string Stream = $"{Pipeline}/calls/harbour";
    public const string RecordKey = "acme-7";
    public const string Question = "What does the harbour ledger say?";

    private static readonly string[] Seen =
        ["/api/pipelines", "/api/runs", "/api/quarantine?state=all", "/api/tenant", "/api/streams", $"/api/records?stream={Stream}", "/api/chat/sessions", $"/api/chat/sessions/{Session}/events"];

    public SophiaApp App { get; } = new() { Adapt = static builder => builder.Services.AddFailureDomains(static domains => domains.LookEvery = TimeSpan.FromMilliseconds(500)) };

    public string Victim { get; private set; } = "";

    public string VictimKey { get; private set; } = "";

    public HttpClient Owner { get; private set; } = null!;

    public string Run { get; private set; } = "";

    public string KeyId { get; private set; } = "";

    public long Held { get; private set; }

    public async Task InitializeAsync()
    {
        await App.InitializeAsync();
        (Victim, VictimKey, Owner) = await App.NewTenant();
        await Drop("calls/harbour.jsonl", $$"""{"id":"{{RecordKey}}","text":"The harbour ledger says {{Marker}} of the quay."}{{"\n"}}{"id":"bad", {{Marker}}{{"\n"}}""");
        await Good(Owner.DeleteAsync("/api/pipelines/inbox")); // It watches its folder: a later run would look like somebody's doing.
        var inbox = JsonSerializer.Serialize(Path.Combine(App.Folder, "data", "inbox", Victim));
        await Good(Owner.PutAsync($"/api/pipelines/{Pipeline}", new StringContent(
            $"name: {Pipeline}\ndescription: about {Marker}\nsources:\n  - {{type: files, path: {inbox}}}\n  - {{type: webhook, secret: generated, stream: orders}}\n")));
        Run = (await (await Good(Owner.PostAsJsonAsync($"/api/pipelines/{Pipeline}/runs", new { }))).Json()).GetProperty("runId").GetString()!;
        await Eventually.Get(() => Owner.GetStringAsync($"/api/pipelines/{Pipeline}/runs"), runs => runs.Contains("succeeded", StringComparison.Ordinal), "the run's end");
        await Deliver();
        Held = (await Owner.GetFromJsonAsync<JsonElement>("/api/quarantine")).GetProperty("items")[0].GetProperty("id").GetInt64();
        KeyId = (await (await Good(Owner.PostAsJsonAsync("/api/keys", new { label = Marker, role = "viewer" }))).Json()).GetProperty("keyId").GetString()!;
        await Eventually.Get(() => Owner.GetStringAsync("/api/search?q=harbour+ledger"), found => found.Contains(Marker, StringComparison.Ordinal), "the record in the index");
        await Good(Owner.PostAsJsonAsync("/api/ask", new { text = Question, session = Session }));
        await Eventually.Get(() => Owner.GetStringAsync("/api/domains"), domains => domains.Contains($"pipeline/{Victim}/{Pipeline}", StringComparison.Ordinal), "its pipeline among the failure domains");
        var all = await Everything();
        Assert.All(Seen.Where(path => path is not ("/api/runs" or "/api/streams")), path => Assert.Contains(path.Contains("chat", StringComparison.Ordinal) ? "harbour" : Marker, all[path]));
    }

    public Task DisposeAsync() => App.DisposeAsync();

    /// <summary>All that the victim sees of its own, by address.</summary>
    public async Task<Dictionary<string, string>> Everything()
    {
        var all = new Dictionary<string, string>();
        foreach (var path in Seen)
            all[path] = Regex.Replace(await Owner.GetStringAsync(path), "\"searchableAt\":\"[^\"]*\",?", ""); // The index says so when it comes to it.
        return all;
    }

    private async Task Drop(string path, string text) => await Good(Owner.PostAsync($"/api/inbox?path={path}&start=false", new StringContent(text)));

    private async Task Deliver()
    {
        var secret = (await Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{Pipeline}/webhook-secret")).GetProperty("secret").GetString()!;
        var body = Encoding.UTF8.GetBytes($$"""{"id":1,"note":"{{Marker}}"}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/hooks/{Victim}/{Pipeline}") { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-Signature", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))}");
        await Good(App.Stranger.SendAsync(request));
    }

    private static async Task<HttpResponseMessage> Good(Task<HttpResponseMessage> asked)
    {
        var answer = await asked;
        Assert.True(answer.IsSuccessStatusCode, $"{answer.RequestMessage!.RequestUri}: {await answer.Content.ReadAsStringAsync()}");
        return answer;
    }
}
