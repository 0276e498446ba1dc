using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Sophia.Cluster;

/// <summary>Silo 1 has a GPU (its label says so), silos 2 and 3 have none, and what wants one waits.</summary>
[Collection("cluster")]
public sealed class GpuPlacementTests(ClusterFixture fixture)
{
    private const string Policy = "SOPHIA_GPU_PLACEMENT", Reason = "It waits for a silo labelled gpu=gh200; none of the 2 silos that could take it is one.";
    private static readonly string[] Pinned = ["Sophia.Knowledge.ChunkingGrain", "Sophia.Knowledge.EmbeddingGrain"];

    [ClusterFact]
    public async Task Chunking_and_embedding_live_on_the_silo_with_the_GPU_wait_for_it_with_the_reason_when_it_dies_and_go_on_when_it_is_back()
    {
        await fixture.Whole();
        await Restarted("wait");
        try
        {
            await using var load = await ClusterLoad.On(fixture.Cluster, "gpu", 1);
            await Drop(load.Http, "backup.md", "# Backup\nThe nightly backup runs at two.");
            await load.Http.Read("/api/search?q=backup", answer => answer.GetProperty("matched").GetInt64() == 1);
            await load.Http.Read("/dashboard/DashboardCounters?exclude=none", counters => Homes(counters).SequenceEqual(Pinned.Select(grain => (grain, "silo-1"))));

            await fixture.Cluster.Kill(1, default);
            await Drop(load.Http, "restore.md", "# Restore\nA restore takes an hour.");
            await load.Http.Read("/api/why?id=inbox/documents/restore.md", why => why.GetProperty("explanation").GetString()!.Contains(Reason, StringComparison.Ordinal));
            Assert.Equal(0, (await load.Http.Read("/api/search?q=restore")).GetProperty("matched").GetInt64());
            await load.Http.Read("/dashboard/DashboardCounters?exclude=none", counters => !Homes(counters).Any());

            await fixture.Whole();
            await load.Http.Read("/api/search?q=restore", answer => answer.GetProperty("matched").GetInt64() == 1);
            await load.Http.Read("/dashboard/DashboardCounters?exclude=none", counters => Homes(counters).SequenceEqual(Pinned.Select(grain => (grain, "silo-1"))));
        }
        finally
        {
            await Restarted(null);
        }
    }

    private async Task Restarted(string? policy)
    {
        Environment.SetEnvironmentVariable(Policy, policy);
        await fixture.Whole();
        await fixture.Cluster.Roll(_ => { }, default);
    }

    // A killed silo may have held what takes the file, until it is known to be dead.
    private static Task Drop(HttpClient http, string path, string text) => Eventually.Get(async () =>
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("text/markdown") } };
        using var answer = await http.PostAsync($"/api/inbox?path={path}", content);
        return (answer.IsSuccessStatusCode, Text: await answer.Content.ReadAsStringAsync());
    }, static seen => seen.IsSuccessStatusCode, $"{path} is taken");

    /// <summary>The pinned grains that are active, each with its silo's name.</summary>
    private static IEnumerable<(string, string)> Homes(JsonElement counters)
    {
        var names = counters.GetProperty("hosts").EnumerateArray().Where(host => host.GetProperty("status").GetString() == "Active")
            .ToDictionary(host => host.GetProperty("siloAddress").GetString()!, host => host.GetProperty("siloName").GetString()!);
        return counters.GetProperty("simpleGrainStats").EnumerateArray().Where(grain => Pinned.Contains(grain.GetProperty("grainType").GetString()) && names.ContainsKey(grain.GetProperty("siloAddress").GetString()!))
            .Select(grain => (grain.GetProperty("grainType").GetString()!, names[grain.GetProperty("siloAddress").GetString()!])).Order();
    }
}
