using Orleans.Runtime;

namespace Sophia.Pipelines;

/// <summary>One append of a run goes wrong, at every place and in every way; afterwards every record is there once and every count is right.</summary>
public sealed class LaneFaultTests
{
    private const int Records = 11;

    [Theory]
    [InlineData("Full")]
    [InlineData("UnknownNotDone")]
    [InlineData("UnknownDone")]
    [InlineData("Fenced")]
    public async Task Nothing_is_lost_and_nothing_stored_twice(string fault)
    {
        for (var at = 1; ; at++)
        {
            await using var world = TwoFiles();
            (world.Log.FaultAt, world.Log.Fault) = (at, Enum.Parse<LogFault>(fault));
            var row = await world.Run();
            if (!world.Log.Happened)
            {
                Assert.True(at > 6, $"only {at - 1} appends were tried");
                return;
            }
            if (fault == "Full")
            {
                Assert.Equal(RunState.Failed, row.State);
                Assert.Contains("disk is full", row.Error);
                Assert.DoesNotContain("10.0.0.1", row.Error, StringComparison.Ordinal); // Where the store is concerns nobody who reads runs.
                row = await world.GoOn();
            }
            await HasAll(world, row, $"{fault} at append {at}");
        }
    }

    [Fact]
    public async Task A_run_whose_lanes_are_lost_as_it_releases_them_ends_as_it_went()
    {
        foreach (var lost in (Exception[])[new SiloUnavailableException("It died."), new TimeoutException()])
        {
            await using var world = TwoFiles();
            world.Unreleased = lost;
            await HasAll(world, await world.Run(), lost.GetType().Name);
            Assert.Equal(RunState.Succeeded, (await world.Run()).State);
        }
    }

    [Fact]
    public async Task A_run_that_is_killed_after_any_step_goes_on_from_its_checkpoints()
    {
        for (var steps = 1; ; steps++)
        {
            await using var world = TwoFiles();
            world.StopAfterSteps = steps;
            var row = await world.Run();
            if (row.State == RunState.Succeeded)
            {
                Assert.True(steps > 5, $"only {steps - 1} steps");
                return;
            }
            Assert.Equal(RunState.Running, row.State);
            await HasAll(world, await world.GoOn(), $"killed after step {steps}");
        }
    }

    [Fact]
    public async Task A_second_reading_that_is_killed_after_any_step_still_finds_what_vanished()
    {
        for (var steps = 1; ; steps++)
        {
            await using var world = TwoFiles();
            await world.Run();
            world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4, 6);
            world.StopAfterSteps = steps;
            var row = await world.Run();
            var done = row.State == RunState.Succeeded;
            if (!done)
                row = await world.GoOn();
            Assert.Equal((RunState.Succeeded, 1L), (row.State, row.Counts.Deleted));
            Assert.False((await world.Heads()).ContainsKey("5"), $"killed after step {steps}");
            if (done)
                return;
        }
    }

    private static PipelineWorld TwoFiles()
    {
        var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4, 5);
        world.Files.WriteDeals("b.jsonl", 6, 7, 8, 9, 10, 11);
        return world;
    }

    private static async Task HasAll(PipelineWorld world, RunRow row, string when)
    {
        Assert.True(row.State == RunState.Succeeded, $"{when}: {row.Error}");
        var heads = await world.Heads();
        Assert.True(heads.Count == Records && heads.Values.All(head => head.Version == 1), $"{when}: {string.Join(' ', heads.Values.Select(head => $"{head.Key}v{head.Version}"))}");
        Assert.True(row.Counts is { In: Records, Valid: Records, Stored: Records, Duplicate: 0 }, $"{when}: {row.Counts}");
        Assert.True(row.PartitionsDone == 2, $"{when}: {row.PartitionsDone} partitions");
    }
}
