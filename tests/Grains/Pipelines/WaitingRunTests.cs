namespace Sophia.Pipelines;

/// <summary>A run that may not write (no room on the disk, a suspended tenant) waits before each step, says so, loses nothing, and can be stopped.</summary>
public sealed class WaitingRunTests
{
    [Fact]
    public async Task A_run_waits_at_any_step_and_goes_on_with_everything()
    {
        for (var at = 0; at < 12; at++)
        {
            await using var world = new PipelineWorld();
            world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4, 5);
            world.Files.WriteDeals("b.jsonl", 6, 7);
            var (asked, waited, began) = (0, new List<string?>(), at);
            world.Obstacle = () =>
            {
                if (++asked <= began || asked > began + 9)
                    return null;
                waited.Add(world.Keeper.View()!.Error);
                return "no room.";
            };
            var row = await world.Run();
            Assert.Equal((RunState.Succeeded, null), (row.State, row.Error));
            Assert.Equal("1 2 3 4 5 6 7", await world.Keys());
            Assert.Equal(7, row.Counts.Stored);
            Assert.Null(world.Keeper.View()!.Error);
            Assert.True(waited.Count == 0 || waited.Contains("Waiting: no room"), $"told nobody after {at} questions");
        }
    }

    [Fact]
    public async Task A_log_that_refuses_for_want_of_room_in_the_middle_of_a_step_fails_no_run()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4, 5);
        (world.Log.FaultAt, world.Log.Fault) = (2, LogFault.Full);
        var refusals = 0;
        world.Obstacle = () => world.Log.Happened && ++refusals <= 3 ? "no room." : null;
        var row = await world.Run();
        Assert.Equal((RunState.Succeeded, 5), (row.State, (int)row.Counts.Stored));
    }
}
