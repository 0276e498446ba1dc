using System.Diagnostics;
using System.Text.Json;

namespace Sophia.Cluster;

/// <summary>Silos die and leave while callers work. The callers call once; what is repeated, the front end repeats.</summary>
[Collection("cluster")]
public sealed class FailoverTests(ClusterFixture fixture)
{
    private const int Callers = 6;

    [ClusterFact]
    public async Task What_was_acknowledged_is_there_after_silos_were_killed_under_load()
    {
        await fixture.Whole();
        await using var load = await ClusterLoad.On(fixture.Cluster, "killed", Callers);
        load.Begin();
        foreach (var number in (int[])[2, 1, 3])
        {
            await load.Acknowledges(10);
            await fixture.Cluster.Kill(number, default);
            await load.Acknowledges(10);
            await fixture.Whole();
        }
        await load.End();
        Assert.Empty(await load.Lost());
        load.NothingFailed();
    }

    [ClusterFact]
    public async Task A_run_goes_on_by_itself_when_its_silo_dies()
    {
        await fixture.Whole();
        await using var load = await ClusterLoad.On(fixture.Cluster, "runs", 1);
        var source = Path.Combine(fixture.Folder, "people");
        Directory.CreateDirectory(source);
        const int Files = 40, RowsPerFile = 500;
        for (var file = 0; file < Files; file++)
            await File.WriteAllLinesAsync(Path.Combine(source, $"{file}.csv"), ["id,name", .. Enumerable.Range(0, RowsPerFile).Select(row => $"{file}-{row},Person {row} of {file}")]);
        using var defined = await load.Http.PutAsync("/api/pipelines/people", new StringContent($"name: people\nsources:\n  - type: files\n    path: {source}\n    key: id\n    stream: people\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        using var started = await load.Http.PostAsync("/api/pipelines/people/runs", null);
        var run = JsonDocument.Parse(await started.Content.ReadAsStringAsync()).RootElement.GetProperty("runId").GetString();
        foreach (var number in (int[])[1, 2])
        {
            await fixture.Cluster.Kill(number, default);
            await fixture.Whole();
        }
        var ended = await load.Http.Read($"/api/pipelines/people/runs/{run}", static run => run.GetProperty("state").GetString() != "running");
        Assert.Equal("succeeded", ended.GetProperty("state").GetString());
        var streams = await load.Http.Read("/api/streams");
        Assert.Equal(Files * RowsPerFile, streams.EnumerateArray().Where(stream => stream.GetProperty("stream").GetString()!.StartsWith("people", StringComparison.Ordinal)).Sum(stream => stream.GetProperty("records").GetInt64()));
    }

    /// <summary>Whatever a silo was at when it was held still. That two activations come of it for sure, and the older is refused, HeldSiloTests shows.</summary>
    [ClusterFact]
    public async Task What_was_acknowledged_is_there_once_after_a_silo_was_held_still_and_went_on()
    {
        await fixture.Whole();
        await using var load = await ClusterLoad.On(fixture.Cluster, "twice", Callers);
        load.Begin();
        await load.Acknowledges(10);
        var held = fixture.Cluster.File.Silos[1].Process;
        held.Signal("STOP");
        await load.Acknowledges(10);
        held.Signal("CONT");
        await load.Acknowledges(10);
        await load.End();
        Assert.Empty(await load.Lost());
    }

    [ClusterFact]
    public async Task A_silo_that_is_asked_to_end_is_gone_within_its_bound()
    {
        await fixture.Whole();
        await using var load = await ClusterLoad.On(fixture.Cluster, "asked", Callers);
        load.Begin();
        await load.Acknowledges(10);
        var since = Stopwatch.StartNew();
        await fixture.Cluster.Scale(2, default);
        Assert.InRange(since.Elapsed, TimeSpan.Zero, LocalCluster.EndsWithin);
        await load.Acknowledges(10);
        await load.End();
        load.NothingFailed();
    }

    [ClusterFact]
    public async Task A_rolling_restart_under_load_fails_no_call()
    {
        await fixture.Whole();
        await using var load = await ClusterLoad.On(fixture.Cluster, "rolled", Callers);
        load.Begin();
        await load.Acknowledges(10);
        await fixture.Cluster.Roll(_ => { }, default);
        await load.Acknowledges(10);
        await load.End();
        load.NothingFailed();
        Assert.Empty(await load.Lost());
    }
}
