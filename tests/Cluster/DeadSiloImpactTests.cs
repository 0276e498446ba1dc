using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Cluster;

/// <summary>A silo dies, and people are told whom that hits.</summary>
[Collection("cluster")]
public sealed class DeadSiloImpactTests(ClusterFixture fixture)
{
    [ClusterFact]
    public async Task A_dead_silo_is_a_failing_domain_that_hits_everybody_partly_and_is_well_when_it_is_back()
    {
        await fixture.Whole();
        using var owner = new HttpClient { BaseAddress = new Uri(fixture.Cluster.Url!) };
        owner.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HomeFolder.CliKey(fixture.Cluster.FrontendFolder));
        await Eventually.Get(View, view => Silos(view).Count == 3 && view.GetProperty("failing").GetArrayLength() == 0 && view.GetProperty("nodes").EnumerateArray().Any(node => node.GetProperty("kind").GetString() == "frontEnd"), "three silos and a front end, all well");
        await fixture.Cluster.Kill(2, default);
        var failing = await Eventually.Get(View, view => view.GetProperty("failing").EnumerateArray().Any(failure => failure.GetProperty("node").GetString()!.StartsWith("silo/", StringComparison.Ordinal)), "the dead silo");
        var dead = failing.GetProperty("failing").EnumerateArray().Select(failure => failure.GetProperty("node").GetString()!).First(node => node.StartsWith("silo/", StringComparison.Ordinal));
        var impact = await owner.Read($"/api/domains/impact?node={Uri.EscapeDataString(dead)}");
        Assert.True(impact.GetProperty("isFailing").GetBoolean());
        var tenant = impact.GetProperty("hits").EnumerateArray().First(hit => hit.GetProperty("node").GetString() == "tenant/default");
        Assert.Equal("partly", tenant.GetProperty("hit").GetString());
        Assert.EndsWith($"which needs one of 3: {dead}", tenant.GetProperty("because").GetString());
        Assert.DoesNotContain(impact.GetProperty("hits").EnumerateArray(), hit => hit.GetProperty("hit").GetString() == "fully");
        await fixture.Whole();
        await Eventually.Get(View, view => view.GetProperty("failing").GetArrayLength() == 0 && Silos(view).Count == 3, "all well again");

        // While silos change places an answer may be late.
        async Task<JsonElement> View()
        {
            using var answer = await owner.GetAsync("/api/domains");
            return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonElement>() : JsonDocument.Parse("""{"nodes":[],"failing":[]}""").RootElement;
        }
    }

    private static List<string> Silos(JsonElement view) => [.. view.GetProperty("nodes").EnumerateArray().Where(node => node.GetProperty("kind").GetString() == "silo").Select(node => node.GetProperty("name").GetString()!)];
}
