using Sophia.Pipelines;
using Sophia.Quality;

namespace Sophia.Log;

/// <summary>Run history, as appends write it.</summary>
public abstract partial class LogStoreSuite
{
    private static readonly RunRow Started = new("run-1", "crm", 3, false, RunState.Running, "asked", Noon, Noon, null, TimeSpan.Zero, new RunCounts(), 2, 0, null, null, 0);

    [EngineFact]
    public async Task A_run_is_read_back_as_it_was_written()
    {
        var row = Started with
        {
            State = RunState.Failed, EndedAt = Noon.AddMinutes(5), UpdatedAt = Noon.AddTicks(12_340), PausedFor = TimeSpan.FromSeconds(1.5),
            Counts = new RunCounts(1, 2, 3, 4, 5, 6, 7, 8, 9), PartitionsDone = 1, QualityScore = 0.75, Error = "disk gone", DryRun = true,
        };
        await Append([], batch => batch with { RunRow = row });
        Assert.Equal(row, await Runs.Find(Acme, "run-1", default));
        Assert.Null(await Runs.Find(Acme, "run-2", default));
    }

    /// <summary>A connector's last words may be anything, and a path may be longer than an index takes: the run is told of all the same.</summary>
    [EngineFact]
    public async Task Words_with_a_zero_and_paths_longer_than_an_index_takes_are_kept_for_people()
    {
        var random = new Random(7);
        var deep = string.Join('/', Enumerable.Range(0, 14).Select(_ => string.Concat(Enumerable.Range(0, 200).Select(_ => (char)random.Next('a', 'z')))));
        UnreadableView[] unread = [new($"{deep}/x.csv", "oh\0no", 1), new($"{deep}/y.csv", "why", 2), new($"😀{string.Concat(Enumerable.Repeat("文😀", 900))}", "why", 3), new("short.csv", "why", 4)];
        await Append([], batch => batch with { RunRow = Started with { Reason = "be\0cause", Error = "di\0ed" }, Run = "run-1", RunDelta = new RunDelta("run-1", new RunCounts(Unreadable: 4), Unreadable: unread) });
        await Append([], batch => batch with { Run = "run-1", RunDelta = new RunDelta("run-1", new RunCounts(), Unreadable: unread) });
        var run = (await Runs.Find(Acme, "run-1", default))!;
        Assert.Equal(("be\uFFFDcause", "di\uFFFDed"), (run.Reason, run.Error));
        var told = await Runs.Unreadable(Acme, "run-1", 10, default);
        Assert.Equal([1L, 2, 3, 4], told.Select(view => view.Bytes).Order());
        Assert.Equal("oh\uFFFDno", told.Single(view => view.Bytes == 1).Reason);
        Assert.StartsWith(deep[..300], told.Single(view => view.Bytes == 1).Path, StringComparison.Ordinal);
        Assert.EndsWith("/y.csv", told.Single(view => view.Bytes == 2).Path, StringComparison.Ordinal);
        Assert.Equal("short.csv", told.Single(view => view.Bytes == 4).Path);
    }

    /// <summary>What is taken as a key is taken by every store, whatever its characters.</summary>
    [EngineFact]
    public async Task The_longest_key_that_fits_is_stored_and_found()
    {
        var random = new Random(3);
        var key = string.Concat(Enumerable.Range(0, KeyFields.MaxBytes / 3).Select(_ => (char)random.Next(0x4e00, 0x9fff)));
        Assert.True(KeyFields.Fits(key) && !KeyFields.Fits(key + "文"));
        await Append([Record(key, "a"), Record("b", "b")]);
        Assert.Equal(1, (await Log.Newest(Acme, Record(key, "a").Stream, key, default))!.Version);
        await Append([], batch => batch with { Quarantined = [Held(key, "email")] });
        Assert.Equal(key, Assert.Single((await Quarantine.List(Acme, new QuarantineQuery(), default)).Items).Key);
    }

    /// <summary>What grows with use and is no record ends with its age; records and what is still open do not.</summary>
    [EngineFact]
    public async Task What_is_long_over_is_forgotten_and_the_newest_run_of_a_pipeline_stays()
    {
        await Append([Record("1", "a")], batch => batch with { RunRow = Ended("crm-1", "crm"), OnceKey = "delivery-1" });
        await Append([], batch => batch with { RunRow = Ended("crm-2", "crm"), Run = "crm-2", RunDelta = new RunDelta("crm-2", new RunCounts(Unreadable: 1), Unreadable: [new UnreadableView("x", "why", 1)]) });
        await Append([], batch => batch with { RunRow = Ended("web-1", "web") });
        await Append([], batch => batch with { RunRow = Started with { RunId = "run-9", Pipeline = "slow" } });
        await Append([], batch => batch with { RunRow = Ended("slow-2", "slow") });
        await Append([], batch => batch with { Quarantined = [Held("1", "email"), Held("2", "email")] });
        var items = (await Quarantine.List(Acme, new QuarantineQuery(), default)).Items;
        await Append([], batch => batch with { Decisions = [new(items[0].Id, QuarantineState.Discarded, "ann", "old")] });

        await Append([Record("2", "b")], batch => batch with { At = Noon.AddDays(29), RunRow = Ended("crm-3", "crm") });
        Assert.Equal(6, (await Runs.Recent(Acme, null, 10, default)).Count);
        Assert.IsType<AppendOutcome.AlreadyDone>(await TryAppend("delivery-1", Noon.AddDays(29)));

        await Append([Record("3", "c")], batch => batch with { At = Noon.AddDays(91) });
        Assert.Equal(["crm-3", "run-9", "slow-2", "web-1"], (await Runs.Recent(Acme, null, 10, default)).Select(run => run.RunId).Order());
        Assert.Empty(await Runs.Unreadable(Acme, "crm-2", 10, default));
        Assert.Equal([items[1].Id], (await Quarantine.List(Acme, new QuarantineQuery(State: null), default)).Items.Select(item => item.Id));
        Assert.IsType<AppendOutcome.Committed>(await TryAppend("delivery-1", Noon.AddDays(91)));
        Assert.Equal(3, await Log.Head(Acme, default));

        RunRow Ended(string id, string pipeline) => Started with { RunId = id, Pipeline = pipeline, State = RunState.Succeeded, EndedAt = Noon.AddMinutes(1) };
        async Task<AppendOutcome> TryAppend(string once, DateTimeOffset at) =>
            await Log.Append(Acme, new AppendBatch { Fence = await Log.Acquire(Acme, "once", default), At = at, OnceKey = once }, default);
    }

    [EngineFact]
    public async Task Deltas_add_to_the_run_and_the_store_counts_what_it_did()
    {
        await Append([], batch => batch with { RunRow = Started });
        await Append([Record("1", "a"), Record("2", "b")], Delta(new RunCounts(In: 3, Valid: 2, Quarantined: 1, Bytes: 100), quality: 3 * 0.9));
        await Append([Record("1", "a"), Record("3", "c"), Tombstone("2")], Delta(new RunCounts(In: 1, Valid: 2, Bytes: 50), quality: 1 * 0.5, partitions: 1));
        var run = (await Runs.Find(Acme, "run-1", default))!;
        Assert.Equal(new RunCounts(In: 4, Valid: 4, Quarantined: 1, Duplicate: 1, Stored: 3, Deleted: 1, Bytes: 150), run.Counts);
        Assert.Equal((1, 4L, Noon), (run.PartitionsDone, run.LastPosition, run.UpdatedAt));
        Assert.Equal(0.8, run.QualityScore!.Value, 9);
    }

    [EngineFact]
    public async Task A_run_says_by_stream_what_it_stored_deleted_and_held_back_and_nothing_of_another_run()
    {
        await Append([], batch => batch with { RunRow = Started });
        await Append([Record("1", "a"), Record("2", "b"), Record("x", "c") with { Stream = "deals" }], Delta(new RunCounts(In: 3), quality: 3));
        await Append([Record("9", "other")], batch => batch with { RunRow = Started with { RunId = "run-2" }, Run = "run-2", RunDelta = new RunDelta("run-2", new RunCounts(In: 1)) });
        await Append([Tombstone("2")], batch => Delta(new RunCounts(In: 1, Quarantined: 2), quality: 1)(batch) with { Quarantined = [Held("3", "email"), Held("4", "email")] });
        var of = Record("1", "a").Stream;
        Assert.Equal([new RunStreamView(of, 2, 1, 2), new RunStreamView("deals", 1, 0, 0)], (await Runs.Streams(Acme, (await Runs.Find(Acme, "run-1", default))!, default)).OrderByDescending(stream => stream.Stored));
        Assert.Equal([new RunStreamView(of, 1, 0, 0)], await Runs.Streams(Acme, (await Runs.Find(Acme, "run-2", default))!, default));
    }

    /// <summary>Who keeps the run read its row before a batch was added, and writes it after: only what it decided is new.</summary>
    [EngineFact]
    public async Task A_row_written_from_an_older_reading_takes_no_count_away()
    {
        await Append([], batch => batch with { RunRow = Started with { PartitionsTotal = 0 } });
        await Append([Record("1", "a")], Delta(new RunCounts(In: 1, Valid: 1, Bytes: 10), quality: 0.5));
        var read = (await Runs.Find(Acme, "run-1", default))!;
        await Append([Record("2", "b"), Record("3", "c")], Delta(new RunCounts(In: 3, Valid: 2, Quarantined: 1, Bytes: 20, Unreadable: 1), quality: 3 * 0.9, partitions: 1));
        await Append([], batch => batch with { RunRow = read with { PartitionsTotal = 5, UpdatedAt = Noon.AddMinutes(1) } });
        await Append([Tombstone("1")], Delta(new RunCounts(In: 1, Bytes: 5), quality: 0.8, partitions: 1));
        await Append([], batch => batch with { RunRow = read with { State = RunState.Failed, EndedAt = Noon.AddMinutes(2), UpdatedAt = Noon.AddMinutes(2), PausedFor = TimeSpan.FromSeconds(3), PartitionsTotal = 5, Error = "cut" } });
        var run = (await Runs.Find(Acme, "run-1", default))!;
        Assert.Equal(new RunCounts(In: 5, Valid: 3, Quarantined: 1, Stored: 3, Deleted: 1, Bytes: 35, Unreadable: 1), run.Counts);
        Assert.Equal((RunState.Failed, Noon.AddMinutes(2), TimeSpan.FromSeconds(3), "cut"), (run.State, run.EndedAt, run.PausedFor, run.Error));
        Assert.Equal((5, 2, 4L), (run.PartitionsTotal, run.PartitionsDone, run.LastPosition));
        Assert.Equal((0.5 + 2.7 + 0.8) / 5, run.QualityScore!.Value, 9);
    }

    /// <summary>Many batches and many rewritings at once, each from whatever was read last.</summary>
    [EngineFact]
    public async Task Batches_and_rewritings_of_a_row_that_meet_lose_nothing()
    {
        const int Batches = 40;
        await Append([], batch => batch with { RunRow = Started });
        var (lane, keeper) = (await Log.Acquire(Acme, "lane", default), await Log.Acquire(Acme, "keeper", default));
        await Task.WhenAll(Lane(), Keeper());
        var run = (await Runs.Find(Acme, "run-1", default))!;
        Assert.Equal((Batches, Batches, Batches), (run.Counts.In, run.Counts.Stored, run.PartitionsDone));

        async Task Lane()
        {
            for (var number = 0; number < Batches; number++)
                lane = Assert.IsType<AppendOutcome.Committed>(await Log.Append(Acme, Delta(new RunCounts(In: 1), partitions: 1)(new AppendBatch { Fence = lane, At = Noon, Entries = [Record($"{number}", "x")] }), default)).Next;
        }

        async Task Keeper()
        {
            for (var number = 0; number < Batches; number++)
                keeper = Assert.IsType<AppendOutcome.Committed>(await Log.Append(Acme, new AppendBatch { Fence = keeper, At = Noon, RunRow = (await Runs.Find(Acme, "run-1", default))! with { Error = $"{number}" } }, default)).Next;
        }
    }

    [EngineFact]
    public async Task A_dry_run_s_counts_are_what_its_row_says()
    {
        var dry = Started with { DryRun = true };
        await Append([], batch => batch with { RunRow = dry });
        var ended = dry with { State = RunState.Succeeded, EndedAt = Noon.AddMinutes(1), Counts = new RunCounts(1, 2, 3, 4, 5, 6, 7, 8, 9), PartitionsDone = 2, QualityScore = 0.75 };
        await Append([], batch => batch with { RunRow = ended });
        Assert.Equal(ended, await Runs.Find(Acme, "run-1", default));
    }

    [EngineFact]
    public async Task Entries_that_are_no_records_are_not_counted_as_the_runs()
    {
        await Append([], batch => batch with { RunRow = Started });
        await Append([Record("a1", "x") with { Stream = "audit", Type = EntryType.Audit }], Delta(new RunCounts()));
        Assert.Equal(0, (await Runs.Find(Acme, "run-1", default))!.Counts.Stored);
    }

    [EngineFact]
    public async Task A_delta_without_a_run_is_a_mistake_that_changes_nothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Append([Record("1", "a")], Delta(new RunCounts(In: 1))));
        Assert.Equal(0, await Log.Head(Acme, default));
    }

    [EngineFact]
    public async Task Runs_come_newest_first_of_one_pipeline_or_of_all()
    {
        for (var i = 0; i < 4; i++)
        {
            var row = Started with { RunId = $"run-{i}", Pipeline = i % 2 == 0 ? "crm" : "web", StartedAt = Noon.AddMinutes(i) };
            await Append([], batch => batch with { RunRow = row });
        }
        Assert.Equal(["run-3", "run-2", "run-1"], (await Runs.Recent(Acme, null, 3, default)).Select(run => run.RunId));
        Assert.Equal(["run-2", "run-0"], (await Runs.Recent(Acme, "crm", 3, default)).Select(run => run.RunId));
    }

    [EngineFact]
    public async Task Files_that_could_not_be_read_are_listed_once_each()
    {
        await Append([], batch => batch with { RunRow = Started });
        await Append([], batch => batch with { RunDelta = new RunDelta("run-1", new RunCounts(Unreadable: 2), Unreadable: [new("b.exe", "unknown type", 10), new("a.bin", "unknown type", 20)]) });
        await Append([], batch => batch with { RunDelta = new RunDelta("run-1", new RunCounts(), Unreadable: [new("b.exe", "still unknown", 11)]) });
        Assert.Equal([new("a.bin", "unknown type", 20), new UnreadableView("b.exe", "still unknown", 11)], await Runs.Unreadable(Acme, "run-1", 10, default));
    }

    private static Func<AppendBatch, AppendBatch> Delta(RunCounts counts, double quality = 0, int partitions = 0) =>
        batch => batch with { Run = "run-1", RunDelta = new RunDelta("run-1", counts, partitions, quality) };
}
