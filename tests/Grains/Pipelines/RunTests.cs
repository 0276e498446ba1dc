using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Whole runs over files in memory and the embedded store: what is stored, what is skipped, what vanishes.</summary>
public sealed class RunTests
{
    [Fact]
    public async Task A_run_stores_what_it_reads_and_counts_it()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4, 5);
        world.Files.Write("b.jsonl", FakeFiles.Deal(6), FakeFiles.Deal(7, -1), "not json", """{"amount":3}""");
        var row = await world.Run();
        Assert.Equal((RunState.Succeeded, null), (row.State, row.Error));
        Assert.Equal(new RunCounts(In: 9, Valid: 6, Quarantined: 3, Stored: 6, Bytes: row.Counts.Bytes), row.Counts);
        Assert.Equal((2, 2), (row.PartitionsTotal, row.PartitionsDone));
        Assert.Equal("1 2 3 4 5 6", await world.Keys());
        var held = await world.Quarantine.List(PipelineWorld.Tenant, new QuarantineQuery(), default);
        Assert.Equal(["json", "key", "range:amount"], held.Items.Select(item => item.Reasons[0].Rule).Order());
        Assert.Equal(row.Counts, world.Keeper.View()!.Counts);
    }

    /// <summary>PostgreSQL indexes 2,704 bytes and no more: one record would have kept its whole file out.</summary>
    [Fact]
    public async Task A_record_whose_key_is_longer_than_any_index_takes_is_held_back_and_the_others_are_stored()
    {
        await using var world = new PipelineWorld();
        world.Files.Write("a.jsonl", FakeFiles.Deal(1), $$"""{"id":"{{new string('文', 900)}}","amount":3}""", $$"""{"id":"{{new string('文', 800)}}","amount":3}""", FakeFiles.Deal(2));
        var row = await world.Run();
        Assert.Equal((4, 3, 1), (row.Counts.In, row.Counts.Stored, row.Counts.Quarantined));
        var item = Assert.Single((await world.Quarantine.List(PipelineWorld.Tenant, new QuarantineQuery(), default)).Items);
        Assert.Equal(("key", "a key of at most 1000 characters and 2500 bytes of UTF-8"), (item.Reasons[0].Rule, item.Reasons[0].Expected));
    }

    /// <summary>Stored, they would shut Sophia out of a stream of her own.</summary>
    [Theory]
    [InlineData("audit")]
    [InlineData("chat/s1")]
    public async Task Records_for_a_stream_of_Sophias_own_are_held_back(string stream)
    {
        await using var world = new PipelineWorld();
        world.Files.Stream = stream;
        world.Files.WriteDeals("a.jsonl", 1, 2);
        var row = await world.Run();
        Assert.Equal((2, 0, 2, 0), (row.Counts.In, row.Counts.Valid, row.Counts.Quarantined, row.Counts.Stored));
        Assert.Equal(0, await world.Log.Head(PipelineWorld.Tenant, default));
        var held = await world.Quarantine.List(PipelineWorld.Tenant, new QuarantineQuery(), default);
        Assert.All(held.Items, item => Assert.Equal((stream, "stream"), (item.Stream, Assert.Single(item.Reasons).Rule)));
    }

    [Fact]
    public async Task An_unchanged_file_is_not_read_again_and_a_changed_one_stores_only_what_changed()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2);
        world.Files.WriteDeals("b.jsonl", 3, 4);
        await world.Run();
        world.Files.Write("b.jsonl", FakeFiles.Deal(3), FakeFiles.Deal(4, 9));
        world.Files.LinesRead = 0;
        var row = await world.Run();
        Assert.Equal(2, world.Files.LinesRead);
        Assert.Equal((2, 1, 1, 2), (row.Counts.In, row.Counts.Stored, row.Counts.Duplicate, row.PartitionsDone));
        Assert.Equal(2, (await world.Heads())["4"].Version);
    }

    [Fact]
    public async Task Another_definition_of_keys_reads_everything_again()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2);
        await world.Run();
        world.Text = PipelineWorld.Definition.Replace("key: id", "key: [id, amount]");
        var row = await world.Run();
        Assert.Equal((2, 2, 2), (row.Counts.In, row.Counts.Stored, row.Counts.Deleted));
        Assert.Equal("1/1 2/1", await world.Keys());
    }

    [Fact]
    public async Task A_key_that_vanished_from_a_file_becomes_a_tombstone()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4, 5);
        await world.Run();
        world.Files.WriteDeals("a.jsonl", 1, 2, 4, 5);
        var row = await world.Run();
        Assert.Equal((1, 0, 4), (row.Counts.Deleted, row.Counts.Stored, row.Counts.Duplicate));
        Assert.Equal("1 2 4 5", await world.Keys());
        Assert.Equal(RecordOperation.Delete, (await world.Heads(alive: false))["3"].Operation);
    }

    [Fact]
    public async Task A_key_that_comes_back_lives_again()
    {
        await using var world = new PipelineWorld();
        foreach (var ids in new int[][] { [1, 2, 3], [1, 2], [1, 2, 3] })
        {
            world.Files.WriteDeals("a.jsonl", ids);
            await world.Run();
        }
        Assert.Equal("1 2 3", await world.Keys());
        Assert.Equal(3, (await world.Heads())["3"].Version);
    }

    [Fact]
    public async Task All_records_of_a_deleted_file_become_tombstones_and_its_checkpoint_goes()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        world.Files.WriteDeals("b.jsonl", 4, 5);
        await world.Run();
        world.Files.Delete("b.jsonl");
        var row = await world.Run();
        Assert.Equal((RunState.Succeeded, 2L), (row.State, row.Counts.Deleted));
        Assert.Equal("1 2 3", await world.Keys());
        Assert.Null(await world.Log.Checkpoint(PipelineWorld.Tenant, "crm", "files/b.jsonl", default));
    }

    [Fact]
    public async Task A_renamed_file_deletes_nothing()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        await world.Run();
        world.Files.Delete("a.jsonl");
        world.Files.WriteDeals("b.jsonl", 1, 2, 3);
        var row = await world.Run();
        Assert.Equal((0L, 3L), (row.Counts.Deleted, row.Counts.Duplicate));
        Assert.Equal("1 2 3", await world.Keys());
    }

    [Fact]
    public async Task A_record_that_moved_to_another_file_is_not_deleted()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        world.Files.WriteDeals("b.jsonl", 4, 5);
        await world.Run();
        world.Files.WriteDeals("a.jsonl", 1, 2);
        world.Files.WriteDeals("b.jsonl", 3, 4, 5);
        Assert.Equal(0, (await world.Run()).Counts.Deleted);
        Assert.Equal("1 2 3 4 5", await world.Keys());
    }

    [Fact]
    public async Task Nothing_vanishes_from_a_file_in_which_a_piece_cannot_be_read()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        await world.Run();
        world.Files.Write("a.jsonl", FakeFiles.Deal(1), FakeFiles.Deal(2), "{ broken".TrimStart('{'));
        Assert.Equal(0, (await world.Run()).Counts.Deleted);
        Assert.Equal("1 2 3", await world.Keys());
    }

    [Fact]
    public async Task A_record_that_the_gate_holds_back_has_not_vanished()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2);
        await world.Run();
        world.Files.Write("a.jsonl", FakeFiles.Deal(1), FakeFiles.Deal(2, -1));
        Assert.Equal((0, 1), ((await world.Run()).Counts.Deleted, (await world.Heads())["2"].Version));
    }

    [Fact]
    public async Task A_stream_in_append_mode_keeps_every_version_and_deletes_nothing()
    {
        await using var world = new PipelineWorld { Text = PipelineWorld.Definition.Replace("key: id", "key: id, mode: append") };
        world.Files.WriteDeals("a.jsonl", 1, 2);
        await world.Run();
        world.Files.WriteDeals("a.jsonl", 1);
        var row = await world.Run();
        Assert.Equal((1, 0), (row.Counts.Stored, row.Counts.Deleted));
        Assert.Equal("1 2", await world.Keys());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    public async Task A_source_that_is_suddenly_empty_or_far_smaller_fails_the_run_and_deletes_nothing(string left)
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        world.Files.WriteDeals("b.jsonl", 4, 5);
        await world.Run();
        world.Files.Delete("b.jsonl");
        world.Files.WriteDeals("a.jsonl", [.. left.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)]);
        var row = await world.Run();
        Assert.Equal(RunState.Failed, row.State);
        Assert.Contains("Nothing was deleted", row.Error);
        Assert.Equal("1 2 3 4 5", await world.Keys());

        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        Assert.Equal((RunState.Succeeded, "1 2 3"), ((await world.Run()).State, await world.Keys()));
    }

    [Fact]
    public async Task What_vanished_before_a_failed_run_is_found_by_the_next_one()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        world.Files.WriteDeals("b.jsonl", 4, 5, 6, 7);
        await world.Run();
        world.Files.WriteDeals("a.jsonl", 1, 2);
        world.Files.Delete("b.jsonl");
        Assert.Equal(RunState.Failed, (await world.Run()).State);
        world.Files.WriteDeals("b.jsonl", 4, 5, 6, 7);
        Assert.Equal((RunState.Succeeded, "1 2 4 5 6 7"), ((await world.Run()).State, await world.Keys()));
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_named_and_the_rest_goes_on()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1);
        world.Files.WriteDeals("b.jsonl", 2);
        world.Files.WriteDeals("c.bin", 3);
        world.Files["b.jsonl"].Broken = "Access denied.";
        world.Files["c.bin"].Unreadable = "Nothing here reads .bin files.";
        var row = await world.Run();
        Assert.Equal((RunState.Succeeded, 2L, 3, 3), (row.State, row.Counts.Unreadable, row.PartitionsDone, row.PartitionsTotal));
        var named = await world.Runs.Unreadable(PipelineWorld.Tenant, row.RunId, 10, default);
        Assert.Equal([("b.jsonl", "Access denied."), ("c.bin", "Nothing here reads .bin files.")], named.Select(view => (view.Path, view.Reason)));
    }

    [Fact]
    public async Task A_file_that_can_no_longer_be_read_keeps_its_records()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1);
        world.Files.WriteDeals("b.jsonl", 2);
        await world.Run();
        world.Files.WriteDeals("b.jsonl", 9);
        world.Files["b.jsonl"].Broken = "Access denied.";
        Assert.Equal((RunState.Succeeded, "1 2"), ((await world.Run()).State, await world.Keys()));
    }

    [Fact]
    public async Task What_lies_in_a_folder_that_cannot_be_read_has_not_vanished()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 4, 5, 6);
        world.Files.WriteDeals("closed/b/c.jsonl", 2);
        world.Files.WriteDeals("closedness.jsonl", 3);
        await world.Run();
        world.Files.Delete("closed/b/c.jsonl");
        world.Files.Delete("closedness.jsonl");
        world.Files.Write("closed");
        world.Files["closed"].Unreadable = "A folder that may not be read.";
        var row = await world.Run();
        Assert.Equal((RunState.Succeeded, 1L, 1L, "1 2 4 5 6"), (row.State, row.Counts.Unreadable, row.Counts.Deleted, await world.Keys()));
    }

    [Fact]
    public async Task A_file_that_is_still_being_written_excuses_no_deletions()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4);
        await world.Run();
        world.Files.Delete("a.jsonl");
        world.Files.WriteDeals("b.jsonl", 9);
        world.Files["b.jsonl"].Settling = true;
        var row = await world.Run();
        Assert.Equal((RunState.Succeeded, 0L, "1 2 3 4"), (row.State, row.Counts.Deleted, await world.Keys()));
        Assert.Equal([4L], world.Usual);
        world.Files["b.jsonl"].Settling = false;
        Assert.Equal((RunState.Failed, "1 2 3 4 9"), ((await world.Run()).State, await world.Keys()));
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    public async Task A_busy_file_is_tried_three_times_more(int failures, int unreadable)
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1);
        world.Files.WriteDeals("b.jsonl", 2);
        world.Files["b.jsonl"].FailingOpens = failures;
        Assert.Equal(unreadable, (await world.Run()).Counts.Unreadable);
    }

    [Fact]
    public async Task A_file_that_is_still_being_written_is_left_until_it_settles()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1);
        world.Files["a.jsonl"].Settling = true;
        Assert.Equal((RunState.Succeeded, 0L), ((await world.Run()).State, await world.Log.Head(PipelineWorld.Tenant, default)));
        world.Files["a.jsonl"].Settling = false;
        Assert.Equal(1, (await world.Run()).Counts.Stored);
    }

    [Fact]
    public async Task A_source_that_cannot_be_listed_fails_the_run_and_deletes_nothing()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1);
        await world.Run();
        world.Files.Unlistable = "The share is gone.";
        var row = await world.Run();
        Assert.Equal((RunState.Failed, "1"), (row.State, await world.Keys()));
        Assert.Contains("The share is gone.", row.Error);
    }

    [Fact]
    public async Task A_full_refresh_reads_everything_again_and_stores_nothing_twice()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        await world.Run();
        var row = await world.Run(fullRefresh: true);
        Assert.Equal((3, 0, 3, 0), (row.Counts.In, row.Counts.Stored, row.Counts.Duplicate, row.Counts.Deleted));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_happen_and_changes_nothing()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        world.Files.WriteDeals("b.jsonl", 4);
        await world.Run();
        world.Files.Write("a.jsonl", FakeFiles.Deal(1), FakeFiles.Deal(2, 5), FakeFiles.Deal(8), FakeFiles.Deal(9, -1));
        world.Files.Delete("b.jsonl");
        var before = await Everything(world);
        var row = await world.Run(dryRun: true);
        Assert.Equal((RunState.Succeeded, null), (row.State, row.Error));
        Assert.Equal((4, 3, 1, 1, 2, 2), (row.Counts.In, row.Counts.Valid, row.Counts.Quarantined, row.Counts.Duplicate, row.Counts.Stored, row.Counts.Deleted));
        Assert.Equal("9", Assert.Single(world.Keeper.View()!.Samples!).Key);
        Assert.Equal(before, await Everything(world));
    }

    private static async Task<string> Everything(PipelineWorld world)
    {
        var checkpoints = await world.Log.Checkpoints(PipelineWorld.Tenant, "crm", null, 100, default);
        var held = await world.Quarantine.List(PipelineWorld.Tenant, new QuarantineQuery(), default);
        return $"{await world.Log.Head(PipelineWorld.Tenant, default)} {held.Held} {string.Join(' ', checkpoints)} {string.Join(' ', (await world.Heads(alive: false)).Values)}";
    }
}
