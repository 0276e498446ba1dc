namespace Sophia.Log;

// Goal: what a stream need not keep goes, what was promised to be readable stays exact, and the log stays whole. Method: a model that keeps every version, beside the store after each compaction.
public abstract partial class LogStoreSuite
{
    private static readonly DateTimeOffset Day0 = Noon;

    [EngineFact]
    public async Task A_stream_is_read_as_it_stood_page_by_page()
    {
        await At(0, Record("1", "a"), Record("2", "b"), Record("3", "c"));
        await At(1, Record("2", "b2"), Tombstone("3"));
        await At(2, Record("4", "d"), Record("3", "c2"));
        Assert.Equal(["1=a", "2=b", "3=c"], await Standing(0.5));
        Assert.Equal(["1=a", "2=b2"], await Standing(1));
        Assert.Equal(["1=a", "2=b2", "3=c2", "4=d"], await Standing(3));
        Assert.Empty(await Standing(-1));
    }

    [EngineFact]
    public async Task Versions_older_than_the_days_go_and_the_one_that_was_current_stays()
    {
        await At(0, Record("1", "a"), Record("2", "b"));
        await At(1, Record("1", "a1"));
        await At(5, Record("1", "a5"));
        await At(9, Record("1", "a9"), Record("2", "b"));
        var page = await Compact(before: 5);
        Assert.Equal((2L, 0L, false), (page.Versions, page.Keys, page.More));
        Assert.Equal([4L, 3L], (await Log.History(Acme, "contacts", "1", null, 10, default)).Select(row => row.Version));
        Assert.Equal(["1=a5", "2=b"], await Standing(5));
        Assert.Equal(["1=a5", "2=b"], await Standing(8));
        var refused = await Log.AsOf(Acme, "contacts", Day0.AddDays(4.9), null, 10, default);
        Assert.Equal((0, Day0.AddDays(5)), (refused.Rows.Count, refused.Horizon));
        Assert.Equal(Day0.AddDays(5), (await Log.Streams(Acme, default)).Single(stream => stream.Stream == "contacts").Horizon);
        Assert.Equal(0, (await Compact(before: 5)).Versions);
        await At(10, Record("1", "a10"));
        Assert.Equal([5L, 4L, 3L], (await Log.History(Acme, "contacts", "1", null, 10, default)).Select(row => row.Version));
    }

    [EngineFact]
    public async Task A_number_of_versions_stays_and_with_days_the_longer_of_both()
    {
        for (var day = 0; day < 6; day++)
            await At(day, Record("1", $"v{day}"));
        Assert.Equal(2, (await Compact(before: 2, versions: 3)).Versions);
        Assert.Equal(1, (await Compact(before: 4, versions: 3)).Versions);
        Assert.Equal([6L, 5L, 4L], (await Log.History(Acme, "contacts", "1", null, 10, default)).Select(row => row.Version));
        Assert.Equal(2, (await Compact(before: null, versions: 1)).Versions);
        Assert.Equal(["1=v5"], await Standing(5));
    }

    [EngineFact]
    public async Task Tombstones_go_once_they_are_old_and_projected_and_the_key_may_come_again()
    {
        await At(0, Record("1", "a"), Record("2", "b"), Record("3", "c"));
        await At(1, Tombstone("1"), Tombstone("2"));
        await At(2, Record("9", "z"));
        Assert.Equal(0, (await Compact(before: 0.5)).Keys);
        Assert.Equal((3L, 1L), Of(await Compact(before: 3, projected: 4)));
        Assert.Equal((1L, 1L), Of(await Compact(before: 3, projected: 5)));
        Assert.Equal(new StreamCount("contacts", EntryType.Record, 2, 0, Day0.AddDays(1)), (await Log.Streams(Acme, default)).Single());
        Assert.Null(await Log.Newest(Acme, "contacts", "1", default));
        await At(3, Record("1", "again"));
        Assert.Equal(1, (await Log.Newest(Acme, "contacts", "1", default))!.Version);
        Assert.Equal(new StreamCount("contacts", EntryType.Record, 3, 0, Day0.AddDays(1)), (await Log.Streams(Acme, default)).Single());
    }

    [EngineFact]
    public async Task The_logs_last_row_stays_so_that_no_position_comes_twice()
    {
        await At(0, Record("1", "a"));
        await At(1, Tombstone("1"));
        Assert.Equal((1L, 0L), Of(await Compact(before: 9, projected: 9)));
        Assert.Equal(2, await Log.Head(Acme, default));
        await At(2, Record("2", "b"));
        Assert.Equal(3, await Log.Head(Acme, default));
        Assert.Equal((1L, 1L), Of(await Compact(before: 9, projected: 9)));
    }

    [EngineFact]
    public async Task Compaction_goes_on_where_it_stopped_and_removes_no_more_than_it_may()
    {
        for (var day = 0; day < 8; day++)
            await At(day, [.. Enumerable.Range(0, 10).Select(key => Record($"k{key}", $"v{day}"))]);
        string? after = null;
        long removed = 0;
        for (var steps = 0; ; steps++)
        {
            var page = await Log.Compact(Acme, new CompactionOrder("contacts", after, 3, 5, Day0.AddDays(99), null, 0), default);
            Assert.InRange(page.Versions, 0, 5 + 4);
            removed += page.Versions;
            after = page.After;
            if (!page.More)
                break;
            Assert.InRange(steps, 0, 40);
        }
        Assert.Equal(70, removed);
        Assert.Equal(10, (await Standing(99)).Count);
    }

    [EngineFact]
    public async Task Whatever_is_compacted_every_moment_from_the_horizon_on_reads_as_before()
    {
        var random = new Random(20261121);
        var model = new List<(string Key, double Day, string? Value)>();
        for (var step = 0; step < 120; step++)
        {
            var (key, day) = ($"k{random.Next(12)}", step / 4.0);
            var value = random.Next(5) == 0 ? null : $"{step}";
            if (value is null && (model.Count == 0 || model.LastOrDefault(entry => entry.Key == key).Value is null))
                continue;
            await At(day, value is null ? Tombstone(key) : Record(key, value));
            model.Add((key, day, value));
            if (step % 15 != 14)
                continue;
            await Compact(before: random.NextDouble() * day, versions: random.Next(3) == 0 ? random.Next(1, 4) : null, projected: long.MaxValue);
            var horizon = (await Log.Streams(Acme, default)).Single().Horizon is { } at ? (at - Day0).TotalDays : -1;
            foreach (var moment in model.Select(entry => entry.Day).Distinct().Where(known => known >= horizon))
                Assert.Equal(model.Where(entry => entry.Day <= moment).GroupBy(entry => entry.Key).Select(group => group.Last()).Where(entry => entry.Value is not null)
                    .OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={entry.Value}"), await Standing(moment));
        }
        Assert.Equal((await Log.Read(Acme, 0, 1_000, int.MaxValue, default)).Select(row => row.Position).Order(), (await Log.Read(Acme, 0, 1_000, int.MaxValue, default)).Select(row => row.Position));
    }

    private static (long Versions, long Keys) Of(CompactedPage page) => (page.Versions, page.Keys);

    private Task<AppendOutcome.Committed> At(double day, params NewEntry[] entries) => Append(entries, batch => batch with { At = Day0.AddDays(day) });

    private Task<CompactedPage> Compact(double? before, int? versions = null, long projected = 0) =>
        Log.Compact(Acme, new CompactionOrder("contacts", null, 1_000, 1_000, before is { } day ? Day0.AddDays(day) : null, versions, projected), default);

    private async Task<List<string>> Standing(double day)
    {
        var found = new List<string>();
        string? after = null;
        do
        {
            var page = await Log.AsOf(Acme, "contacts", Day0.AddDays(day), after, 2, default);
            Assert.True(!(page.Horizon > Day0.AddDays(day)), $"{page.Horizon} is after day {day}");
            found.AddRange(page.Rows.Select(row => $"{row.Key}={System.Text.Encoding.UTF8.GetString(row.Payload.Span)}"));
            after = page.Next;
        }
        while (after is not null);
        return found;
    }
}
