using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Pipelines;

/// <summary>What the log says of records, asked through its grain.</summary>
public sealed class RecordsGrainTests
{
    [Fact]
    public async Task A_records_versions_are_read_now_and_as_they_were()
    {
        await using var world = await PipelineHost.Start();
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        foreach (var lines in new string[][] { [FakeFiles.Deal(1), FakeFiles.Deal(2)], [FakeFiles.Deal(1, 5), FakeFiles.Deal(2)], [FakeFiles.Deal(2)] })
        {
            world.Files.Write("a.jsonl", lines);
            Assert.Equal(RunState.Succeeded, (await world.Ended((await world.As(pipeline => pipeline.Start(new StartRun()))).RunId)).State);
        }
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        var records = world.Grains.GetGrain<IRecordsGrain>("acme");
        var versions = await records.Versions("deals", "1", 10);
        Assert.Equal([(3L, RecordOperation.Delete), (2L, RecordOperation.Upsert), (1L, RecordOperation.Upsert)], versions.Select(version => (version.Version, version.Operation)));
        Assert.Equal(versions[0], await records.Current("deals", "1"));
        Assert.Equal(versions[1], await records.Version("deals", "1", 2));
        Assert.Equal(versions[1], await records.AsOf("deals", "1", versions[0].At.AddTicks(-10)));
        Assert.Null(await records.AsOf("deals", "1", versions[2].At.AddDays(-1)));
        Assert.Null(await records.Version("deals", "1", 4));
        Assert.Equal(FakeFiles.Deal(1, 5), versions[1].PayloadJson);
        Assert.Equal(["1", "2"], (await records.Scan("deals", null, 10)).Select(record => record.Key));
        Assert.Equal(new StreamView("deals", 1, 1), Assert.Single(await records.Streams()));
        await world.Grains.GetGrain<IProjectionGrain>("acme/index").WaitFor((await records.Current("deals", "1"))!.Position, TimeSpan.FromSeconds(30), default);
        Assert.Equal(("deleted", "left the index"), await records.Why("deals/1") is var gone ? (gone.Stage, gone.Steps[^1].Detail) : default);
        Assert.Equal(("searchable", null), await records.Why("deals/2") is var found ? (found.Stage, found.WaitingFor) : default);
        Assert.Equal("unknown", (await records.Why("deals/77")).Stage);
        await Assert.ThrowsAsync<RefusedException>(() => records.Versions("deals", "1", 0));
    }
}
