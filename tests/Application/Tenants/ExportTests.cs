using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Tenants;

// Goal: an export holds everything of its tenant and nothing of another, and says so in checksums. Method: a tenant with every kind of memory, exported while it is suspended.
public sealed class ExportTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task Everything_of_a_tenant_is_in_the_file_and_nothing_of_another()
    {
        var (name, _, client) = await app.NewTenant();
        (await app.Owner.PostAsync("/api/inbox?path=other.txt", new StringContent("The hinterland of another tenant."))).EnsureSuccessStatusCode();
        await client.PostAsync("/api/inbox?path=first.txt", new StringContent("The pumps stand in Turku."));
        await Found(client, "Turku");
        await client.PostAsync("/api/inbox?path=first.txt", new StringContent("The pumps stand in Vaasa now."));
        await Found(client, "Vaasa");
        (await client.PostAsJsonAsync("/api/ask", new { text = "Where do the pumps stand?", session = "talk" })).EnsureSuccessStatusCode();
        (await app.Owner.PostAsJsonAsync($"/api/tenants/{name}/suspend", new { reason = "it leaves" })).EnsureSuccessStatusCode();

        using var answer = await app.Owner.GetAsync($"/api/tenants/{name}/export");
        Assert.Equal((HttpStatusCode.OK, "application/zip"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        using var zip = new ZipArchive(await answer.Content.ReadAsStreamAsync());
        var manifest = JsonDocument.Parse(await Text(zip, "manifest.json")).RootElement;
        Assert.Equal(name, manifest.GetProperty("tenant").GetString());
        foreach (var file in manifest.GetProperty("files").EnumerateArray())
        {
            var text = await Text(zip, file.GetProperty("name").GetString()!);
            Assert.Equal(file.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
            Assert.Equal(file.GetProperty("lines").GetInt64(), text.Count(letter => letter == '\n'));
            Assert.DoesNotContain("hinterland", text);
            Assert.All(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => JsonDocument.Parse(line));
        }
        var records = await Text(zip, "records.jsonl");
        Assert.Contains("Turku", records);
        Assert.Contains("Vaasa", records);
        Assert.Contains("Where do the pumps stand?", await Text(zip, "conversations.jsonl"));
        Assert.Contains("inbox", await Text(zip, "definitions.jsonl"));
        Assert.Contains("it leaves", await Text(zip, "audit.jsonl"));
        Assert.Contains("export", await Text(zip, "audit.jsonl"));
    }

    [Fact]
    public async Task Nobody_else_exports()
    {
        var (name, _, client) = await app.NewTenant();
        await (await client.GetAsync($"/api/tenants/{name}/export")).Problem(403, "forbidden");
        await (await app.Owner.GetAsync("/api/tenants/no-such-tenant/export")).Problem(404, "not-found");
    }

    private static Task Found(HttpClient client, string word) =>
        Eventually.Get(() => client.GetFromJsonAsync<JsonElement>("/api/search?q=pumps"), answer => answer.ToString().Contains(word, StringComparison.Ordinal), word);

    private static async Task<string> Text(ZipArchive zip, string name)
    {
        using var reader = new StreamReader(await zip.GetEntry(name)!.OpenAsync(), Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }
}
