using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Security;

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

    [Fact]
    public async Task Of_several_who_create_a_tenant_at_once_one_gets_the_key()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => app.Owner.PostAsJsonAsync("/api/tenants", new { tenant = "at-once", displayName = "x" })));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    /// <summary>Whatever was interrupted between the tenant and its first key: nobody has a key, so nobody loses anything by another beginning.</summary>
    [Fact]
    public async Task A_creation_that_was_interrupted_before_the_key_was_issued_is_done_again()
    {
        using (CallerContext.ForSystem("test"))
            await app.Services.GetRequiredService<IGrainFactory>().GetGrain<ITenantGrain>("half-made").Create("Half");
        var answer = await app.Owner.PostAsJsonAsync("/api/tenants", new { tenant = "half-made", displayName = "Half" });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("[]", await app.With((await answer.Json()).GetProperty("secret").GetString()).GetStringAsync("/api/streams"));
        await (await app.Owner.PostAsJsonAsync("/api/tenants", new { tenant = "half-made", displayName = "Half" })).Problem(409, "conflict");
    }

    private async Task<JsonElement> Line(string name) =>
        (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/tenants?details=true&after={name[..^1]}")).EnumerateArray().Single(line => line.GetProperty("tenant").GetString() == name);
}
