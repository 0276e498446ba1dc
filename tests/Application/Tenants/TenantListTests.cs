using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Tenants;

/// <summary>The list of tenants with what each keeps.</summary>
public sealed class TenantListTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task Details_say_keys_records_and_room_of_each_tenant()
    {
        var (name, _, client) = await app.NewTenant();
        (await client.PostAsync("/api/inbox?path=note.txt", new StringContent("The pumps stand in Turku."))).EnsureSuccessStatusCode();
        var line = await Eventually.Get(() => Line(name), found => found.GetProperty("usage").GetProperty("records").GetInt64() == 1, "the record");
        Assert.Equal((name, 1, 1), (line.GetProperty("displayName").GetString(), line.GetProperty("keys").GetInt32(), line.GetProperty("usage").GetProperty("streams").GetInt32()));
        Assert.True(line.GetProperty("usage").GetProperty("bytes").GetInt64() > 10_000);
        Assert.False(line.GetProperty("usage").GetProperty("isEstimate").GetBoolean());
        Assert.False((await app.Owner.GetFromJsonAsync<JsonElement>("/api/tenants")).EnumerateArray().First().TryGetProperty("usage", out _));
    }

    [Fact]
    public async Task Pages_follow_each_other_by_name_without_a_gap_or_a_repetition()
    {
        for (var n = 0; n < TenantLines.Most + 3; n++)
            await app.NewTenant($"many-{n:00}");
        var all = new List<string>();
        for (var page = await Page(""); page.Count > 0; page = await Page($"&after={all[^1]}"))
            all.AddRange(page);
        Assert.Equal((await app.Owner.GetFromJsonAsync<JsonElement>("/api/tenants")).EnumerateArray().Select(line => line.GetProperty("tenant").GetString()!).Order(StringComparer.Ordinal), all);

        async Task<List<string>> Page(string after) => [.. (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/tenants?details=true{after}")).EnumerateArray().Select(line => line.GetProperty("tenant").GetString()!)];
    }

    private async Task<JsonElement> Line(string name) =>
        (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/tenants?details=true&after={name[..^1]}")).EnumerateArray().Single(line => line.GetProperty("tenant").GetString() == name);
}
