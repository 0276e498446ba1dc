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
        await world.Grains.GetGrain<IProjectionGrain>("acme/index").WaitFor((await records.Current("deals", "1"))!.Position, TimeSpan.FromMinutes(2), default);
        Assert.Equal(("deleted", "left the index"), await records.Why("deals/1") is var gone ? (gone.Stage, gone.Steps[^1].Detail) : default);
        Assert.Equal(("searchable", null), await records.Why("deals/2") is var found ? (found.Stage, found.WaitingFor) : default);
        Assert.Equal("unknown", (await records.Why("deals/77")).Stage);
        await Assert.ThrowsAsync<RefusedException>(() => records.Versions("deals", "1", 0));
    }

    [Fact]
    public async Task A_transformed_record_tells_by_which_definition_and_what_its_source_said()
    {
        await using var world = await PipelineHost.Start();
        string Text(string step) => $"{PipelineWorld.Definition[..^3]}, transforms: [{step}]}}}}\n";
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        await world.As(pipeline => pipeline.Define(Text("{cast: {amount: text}}"), "crm.yaml"));
        world.Files.Write("a.jsonl", FakeFiles.Deal(1), FakeFiles.Deal(2, amount: -1));
        var ended = await world.Ended((await world.As(pipeline => pipeline.Start(new StartRun()))).RunId);
        Assert.Equal("cast amount: text", Assert.Single(Assert.Single(ended.Transforms!).Steps!).Step);
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        var records = world.Grains.GetGrain<IRecordsGrain>("acme");
        var record = (await records.Current("deals", "1"))!;
        Assert.Equal((2, FakeFiles.Deal(1), """{"id":"1","amount":"1"}"""), (record.DefinitionVersion, record.SourceJson, record.PayloadJson));
        Assert.Equal(2, Assert.Single(await records.Scan("deals", null, 10), one => one.Key == "1").DefinitionVersion);
        var stored = (await records.Why("deals/1")).Steps.First(step => step.Stage == "stored");
        Assert.Contains("transformed by definition version 2", stored.Detail);
        Assert.Equal(FakeFiles.Deal(1), stored.SourceJson);

        await world.As(pipeline => pipeline.Define(Text("{mask: {amount: redact}}"), "crm.yaml"));
        await world.Ended((await world.As(pipeline => pipeline.Start(new StartRun()))).RunId);
        stored = (await records.Why("deals/1")).Steps.Last(step => step.Stage == "stored");
        Assert.Contains("transformed by definition version 3; what the source said is not kept, because the stream masks", stored.Detail);
        Assert.Null(stored.SourceJson);
    }

    [Fact]
    public async Task What_transforms_did_stays_with_the_newest_runs_over_a_restart()
    {
        await using var world = await PipelineHost.Start();
        await world.As(pipeline => pipeline.Define($"{PipelineWorld.Definition[..^3]}, transforms: [{{filter: amount > 1}}]}}}}\n", "crm.yaml"));
        var ids = new List<string>();
        for (var run = 0; run <= PipelineState.TransformsKept; run++)
        {
            world.Files.Write("a.jsonl", FakeFiles.Deal(1), FakeFiles.Deal(2, amount: 2 + run));
            ids.Add((await world.Ended((await world.As(pipeline => pipeline.Start(new StartRun()))).RunId)).RunId);
        }
        await world.Down();
        await world.Up();
        var history = await world.As(pipeline => pipeline.Runs(20));
        Assert.Equal(ids.AsEnumerable().Reverse(), history.Select(run => run.RunId));
        Assert.All(history.Take(PipelineState.TransformsKept), run => Assert.Equal(new TransformStepView(1, "filter amount > 1", 2, 1, 0, 0), Assert.Single(Assert.Single(run.Transforms!).Steps!)));
        Assert.Null(history[^1].Transforms);
        Assert.Equal(history[0].Transforms!.Single().Counts, (await world.As(pipeline => pipeline.Run(ids[^1])))!.Transforms!.Single().Counts);
    }
}
