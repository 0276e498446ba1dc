namespace Sophia.Log;

/// <summary>Owners, once-keys and checkpoints.</summary>
public abstract partial class LogStoreSuite
{
    [EngineFact]
    public async Task Each_append_moves_the_owners_position_and_the_next_fence_is_accepted()
    {
        var fence = await Log.Acquire(Acme, "lane-0", default);
        Assert.Equal(new Fence("lane-0", 1, 0), fence);
        for (var i = 1; i <= 3; i++)
        {
            fence = Assert.IsType<AppendOutcome.Committed>(await Log.Append(Acme, new AppendBatch { Fence = fence, At = Noon }, default)).Next;
            Assert.Equal(i, fence.Position);
        }
        Assert.Equal(new Fence("lane-0", 2, 3), await Log.Acquire(Acme, "lane-0", default));
    }

    [EngineFact]
    public async Task An_older_epoch_is_fenced_and_changes_nothing()
    {
        var old = await Log.Acquire(Acme, "lane-0", default);
        await Log.Acquire(Acme, "lane-0", default);
        var refused = await Log.Append(Acme, new AppendBatch { Fence = old, At = Noon, Entries = [Record("1", "a")], OnceKey = "k", Checkpoints = [new("crm", "a", "{}")] }, default);
        Assert.Equal(new AppendOutcome.Fenced(2), refused);
        Assert.Equal(0, await Log.Head(Acme, default));
        Assert.Null(await Log.Checkpoint(Acme, "crm", "a", default));
    }

    [EngineFact]
    public async Task Whoever_never_acquired_is_fenced() =>
        Assert.Equal(new AppendOutcome.Fenced(0), await Log.Append(Acme, new AppendBatch { Fence = new Fence("nobody", 1, 0), At = Noon, Entries = [Record("1", "a")] }, default));

    [EngineFact]
    public async Task A_position_that_was_passed_is_misplaced_and_told_where_to_go_on()
    {
        var fence = await Log.Acquire(Acme, "lane-0", default);
        await Log.Append(Acme, new AppendBatch { Fence = fence, At = Noon, Entries = [Record("1", "a")] }, default);
        var repeated = await Log.Append(Acme, new AppendBatch { Fence = fence, At = Noon, Entries = [Record("2", "b")] }, default);
        Assert.Equal(new AppendOutcome.Misplaced(new Fence("lane-0", 1, 1)), repeated);
        Assert.Equal(1, await Log.Head(Acme, default));
    }

    [EngineFact]
    public async Task A_once_key_works_once_whoever_uses_it()
    {
        var first = await Append([Record("1", "a")], batch => batch with { OnceKey = "delivery-7" });
        Assert.Equal(new AppendOutcome.AlreadyDone("delivery-7", first.LastPosition), await Try([Record("2", "b")], batch => batch with { OnceKey = "delivery-7" }));
        Assert.Equal(1, await Log.Head(Acme, default));
        Assert.IsType<AppendOutcome.Committed>(await Try([Record("2", "b")], batch => batch with { OnceKey = "delivery-8" }));
    }

    [EngineFact]
    public async Task The_repetition_of_an_append_that_took_place_is_recognised_by_its_once_key()
    {
        var batch = new AppendBatch { Fence = await Log.Acquire(Acme, "lane-0", default), At = Noon, Entries = [Record("1", "a")], OnceKey = "k" };
        await Log.Append(Acme, batch, default);
        Assert.Equal(new AppendOutcome.AlreadyDone("k", 1), await Log.Append(Acme, batch, default));
    }

    [EngineFact]
    public async Task Checkpoints_are_replaced_removed_and_listed_in_order()
    {
        await Append([], batch => batch with { Run = "r1", Checkpoints = [new("crm", "b", "1"), new("crm", "a", "2"), new("web", "a", "3")] });
        await Append([], batch => batch with { Run = "r2", Checkpoints = [new("crm", "b", "4"), new("web", "a", null)] });
        Assert.Equal(new Checkpoint("crm", "b", "4", "r2", Noon), await Log.Checkpoint(Acme, "crm", "b", default));
        Assert.Equal(["a", "b"], (await Log.Checkpoints(Acme, "crm", null, 10, default)).Select(c => c.Partition));
        Assert.Equal(["b"], (await Log.Checkpoints(Acme, "crm", "a", 10, default)).Select(c => c.Partition));
        Assert.Null(await Log.Checkpoint(Acme, "web", "a", default));
    }

    [EngineFact]
    public async Task Appends_of_many_owners_at_once_all_take_place()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async owner =>
        {
            var fence = await Log.Acquire(Acme, $"owner-{owner}", default);
            for (var i = 0; i < 10; i++)
                fence = Assert.IsType<AppendOutcome.Committed>(await Log.Append(Acme, new AppendBatch { Fence = fence, At = Noon, Entries = [Record($"{owner}-{i}", "x"), Record("shared", $"{owner}-{i}")] }, default)).Next;
        }));
        Assert.Equal([new StreamCount("contacts", EntryType.Record, 201, 0)], await Log.Streams(Acme, default));
        Assert.Equal(Enumerable.Range(1, 200).Reverse().Select(v => (long)v), (await Log.History(Acme, "contacts", "shared", null, 1_000, default)).Select(row => row.Version));
        Assert.Equal(400, await Log.Head(Acme, default));
    }

    [EngineFact]
    public async Task A_surprise_in_one_append_does_not_touch_the_others_of_its_group()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 30).Select(async i =>
        {
            var fence = await Log.Acquire(Acme, $"owner-{i}", default);
            var batch = new AppendBatch { Fence = fence, At = Noon, Entries = [Record($"{i}", "x") with { Type = i % 10 == 9 ? EntryType.Audit : EntryType.Record }] };
            return await Xunit.Record.ExceptionAsync(() => Log.Append(Acme, batch, default));
        }));
        Assert.Equal(3, outcomes.Count(failure => failure is ArgumentException));
        Assert.Equal(27, await Log.Head(Acme, default));
    }
}
