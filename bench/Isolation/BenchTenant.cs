using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Bench;

/// <summary>One tenant with 2,000 passages to search and a webhook; what its callers have to know.</summary>
internal sealed record BenchTenant(string Url, string Name, string Key, string Secret)
{
    public static readonly string[] Kinds = ["search", "chat", "ingest"];

    private const int Files = 50, SectionsOfFile = 40, WordsOfSection = 60, Vocabulary = 3_000;

    public static async Task<BenchTenant> Make(RunningSophia sophia, string name)
    {
        using var owner = Client(sophia.Url, sophia.OwnerKey);
        using var made = await owner.PostAsJsonAsync("/api/tenants", new { tenant = name, displayName = name });
        made.EnsureSuccessStatusCode();
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!;
        using var http = Client(sophia.Url, key);
        await Fill(http);
        using var defined = await http.PutAsync("/api/pipelines/hook", new StringContent("name: hook\nsources:\n  - type: github-webhook\n    secret: generated\n"));
        defined.EnsureSuccessStatusCode();
        return new BenchTenant(sophia.Url, name, key, (await http.GetFromJsonAsync<JsonElement>("/api/pipelines/hook/webhook-secret")).GetProperty("secret").GetString()!);
    }

    public static HttpClient Client(string url, string key) =>
        new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(url), Timeout = TimeSpan.FromMinutes(5), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };

    public static string Words(Random random, int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ => Word(random.Next(Vocabulary))));

    private static async Task Fill(HttpClient http)
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
