using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sophia.Bench;

/// <summary>A tenant's calls over real HTTP.</summary>
internal sealed class Calls(BenchTenant tenant) : IDisposable
{
    private readonly HttpClient http = BenchTenant.Client(tenant.Url, tenant.Key);
    private readonly string own = Guid.NewGuid().ToString("n");
    private long deliveries;

    public Task<HttpResponseMessage> Call(string kind, Random random) => kind switch
    {
        "search" => http.GetAsync($"/api/search?q={Uri.EscapeDataString(BenchTenant.Words(random, 3))}"),
        "chat" => http.PostAsJsonAsync("/api/ask", new { text = BenchTenant.Words(random, 4) }),
        _ => Deliver(random),
    };

    /// <summary>Completes when everything that was stored can be found, and has its vector.</summary>
    public async Task IsSearchable()
    {
        for (var behind = true; behind; await Task.Delay(100))
        {
            var health = await http.GetFromJsonAsync<JsonElement>("/health");
            var view = await http.GetFromJsonAsync<JsonElement>("/api/search?q=wabado");
            behind = view.GetProperty("indexedTo").GetInt64() < view.GetProperty("head").GetInt64() || health.GetProperty("state").GetString() != "healthy";
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> Deliver(Random random)
    {
        var body = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { zen = BenchTenant.Words(random, 40) }));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/hooks/{tenant.Name}/hook") { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };
        request.Headers.Add("X-GitHub-Event", "ping");
        request.Headers.Add("X-GitHub-Delivery", $"{own}-{Interlocked.Increment(ref deliveries)}");
        request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(tenant.Secret), body))}");
        return await http.SendAsync(request);
    }
}
