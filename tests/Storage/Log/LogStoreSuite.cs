using System.Text;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>What every engine's log store must do. An engine derives, and gives fresh stores.</summary>
public abstract partial class LogStoreSuite : IAsyncLifetime
{
    protected static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    protected static readonly TenantId Acme = TenantId.Parse("acme");

    protected abstract ILogStore Log { get; }

    protected abstract IRunStore Runs { get; }

    protected abstract IQuarantineStore Quarantine { get; }

    protected abstract IErasureStore Erasures { get; }

    protected abstract Queues.IQueueStore Queue { get; }

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public abstract Task DisposeAsync();

    [EngineFact]
    public async Task A_tenant_without_a_log_reads_as_empty()
    {
        Assert.Equal(0, await Log.Head(Acme, default));
        Assert.Empty(await Log.Read(Acme, 0, 10, 1000, default));
        Assert.Null(await Log.Newest(Acme, "contacts", "1", default));
        Assert.Empty(await Log.Heads(Acme, "contacts", null, null, 10, default));
        Assert.Empty(await Log.Streams(Acme, default));
        Assert.Null(await Log.Checkpoint(Acme, "crm", "a.csv", default));
        Assert.Empty(await Runs.Recent(Acme, null, 10, default));
        Assert.Empty((await Quarantine.List(Acme, new QuarantineQuery(), default)).Items);
    }

    [EngineFact]
    public async Task What_is_appended_is_read_back_whole()
    {
        var done = await Append([Record("1", "{\"a\":1}"), Record("2", "{\"ü\":\"🙂\"}")], batch => batch with { Run = "run-1" });
        var rows = await Log.Read(Acme, 0, 10, int.MaxValue, default);
        Assert.Equal((1L, 2L, 2, 0), (done.FirstPosition, done.LastPosition, done.Stored, done.Duplicates));
        Assert.Equal(["{\"a\":1}", "{\"ü\":\"🙂\"}"], rows.Select(row => Encoding.UTF8.GetString(row.Payload.Span)));
        Assert.All(rows, row => Assert.Equal((EntryType.Record, "contacts", 1L, RecordOperation.Upsert, Noon, "run-1", 0L), (row.Type, row.Stream, row.Version, row.Operation, row.At, row.Run, row.Previous)));
        Assert.Equal(EntryHash.Of(RecordOperation.Upsert, rows[0].Payload.Span), rows[0].Hash);
        Assert.Equal(2, await Log.Head(Acme, default));
    }

    [EngineFact]
    public async Task An_unchanged_record_is_a_duplicate_and_a_changed_one_a_version()
    {
        await Append([Record("1", "a")]);
        var done = await Append([Record("1", "a"), Record("1", "b"), Record("1", "b"), Record("1", "a")]);
        Assert.Equal([EntryDisposition.Duplicate, EntryDisposition.Stored, EntryDisposition.Duplicate, EntryDisposition.Stored], done.Dispositions);
        var history = await Log.History(Acme, "contacts", "1", null, 10, default);
        Assert.Equal([3L, 2L, 1L], history.Select(row => row.Version));
        Assert.Equal(history.Skip(1).Select(row => row.Position).Append(0), history.Select(row => row.Previous));
        Assert.Equal([1L], (await Log.History(Acme, "contacts", "1", 2, 10, default)).Select(row => row.Version));
        Assert.Equal(3, (await Log.Newest(Acme, "contacts", "1", default))!.Version);
    }

    [EngineFact]
    public async Task A_record_that_must_be_kept_is_stored_though_unchanged()
    {
        await Append([Record("1", "a")]);
        Assert.Equal(1, (await Append([Record("1", "a") with { OnlyIfChanged = false }])).Stored);
    }

    [EngineFact]
    public async Task An_entry_for_another_version_is_a_conflict_and_leaves_its_neighbours_alone()
    {
        await Append([Record("1", "a")]);
        var done = await Append([Record("1", "b") with { OnlyIfVersion = 0 }, Record("2", "c") with { OnlyIfVersion = 0 }, Record("1", "d") with { OnlyIfVersion = 1 }]);
        Assert.Equal([EntryDisposition.Conflict, EntryDisposition.Stored, EntryDisposition.Stored], done.Dispositions);
        Assert.Equal(1, done.Conflicts);
    }

    [EngineFact]
    public async Task A_tombstone_is_a_version_and_counts_as_deleted()
    {
        await Append([Record("1", "a"), Record("2", "b")]);
        var done = await Append([Tombstone("1")]);
        Assert.Equal((0, 1), (done.Stored, done.Deleted));
        Assert.Equal(RecordOperation.Delete, (await Log.Newest(Acme, "contacts", "1", default))!.Operation);
        Assert.Equal([new StreamCount("contacts", EntryType.Record, 1, 1)], await Log.Streams(Acme, default));
        Assert.Equal(1, (await Append([Tombstone("1")])).Duplicates);
        await Append([Record("1", "a")]);
        Assert.Equal([new StreamCount("contacts", EntryType.Record, 2, 0)], await Log.Streams(Acme, default));
    }

    [EngineFact]
    public async Task Heads_come_in_key_order_page_by_page_and_by_partition()
    {
        await Append([Record("b", "1", "x.csv"), Record("", "2", "y.csv"), Record("ü", "3", "x.csv"), Record("a", "4")]);
        var first = await Log.Heads(Acme, "contacts", null, null, 3, default);
        Assert.Equal(["", "a", "b"], first.Select(head => head.Key));
        Assert.Equal(["ü"], (await Log.Heads(Acme, "contacts", "b", null, 3, default)).Select(head => head.Key));
        Assert.Equal(["b", "ü"], (await Log.Heads(Acme, "contacts", null, "x.csv", 3, default)).Select(head => head.Key));
        Assert.Equal(["y.csv", null, "x.csv"], first.Select(head => head.Partition));
        Assert.Empty(await Log.Heads(Acme, "contacts", null, "never.csv", 3, default));
        Assert.Empty(await Log.Heads(Acme, "deals", null, null, 3, default));
    }

    [EngineFact]
    public async Task Newest_rows_come_in_key_order_page_by_page_tombstones_too()
    {
        Assert.Empty(await Log.Current(Acme, "contacts", null, 10, default));
        await Append([Record("ü", "1"), Record("b", "1"), Record("a", "1"), Record("Z", "1")]);
        await Append([Record("b", "2"), Tombstone("a")]);
        var first = await Log.Current(Acme, "contacts", null, 3, default);
        Assert.Equal([("Z", 1L, RecordOperation.Upsert), ("a", 2L, RecordOperation.Delete), ("b", 2L, RecordOperation.Upsert)], first.Select(row => (row.Key, row.Version, row.Operation)));
        foreach (var row in first)
            Assert.Equal(await Log.Newest(Acme, "contacts", row.Key, default) is { } newest ? newest with { Payload = default } : null, row with { Payload = default });
        Assert.Equal(["ü"], (await Log.Current(Acme, "contacts", "b", 3, default)).Select(row => row.Key));
        Assert.Empty(await Log.Current(Acme, "others", null, 3, default));
    }

    [EngineFact]
    public async Task A_duplicate_moves_its_head_to_the_partition_that_it_is_seen_in()
    {
        await Append([Record("1", "a", "old.csv")]);
        Assert.Equal(1, (await Append([Record("1", "a", "new.csv")])).Duplicates);
        Assert.Empty(await Log.Heads(Acme, "contacts", null, "old.csv", 10, default));
        Assert.Equal(1, (await Log.Heads(Acme, "contacts", null, "new.csv", 10, default)).Single().Version);
    }

    [EngineFact]
    public async Task A_read_ends_at_the_limit_of_rows_or_of_bytes_but_gives_at_least_one_row()
    {
        await Append([.. Enumerable.Range(0, 10).Select(i => Record($"{i}", new string('x', 100) + i))]);
        Assert.Equal(3, (await Log.Read(Acme, 0, 3, int.MaxValue, default)).Count);
        Assert.Equal(2, (await Log.Read(Acme, 0, 10, 150, default)).Count);
        Assert.Equal(4, (await Log.Read(Acme, 3, 10, 1, default)).Single().Position);
    }

    [EngineFact]
    public async Task A_stream_holds_one_type_of_entry()
    {
        await Append([Record("1", "a")]);
        await Assert.ThrowsAsync<ArgumentException>(() => Append([Record("2", "a") with { Type = EntryType.Audit }]));
        Assert.Equal(1, await Log.Head(Acme, default));
    }

    /// <summary>One record there would shut Sophia out for ever, since a stream holds one type.</summary>
    [EngineTheory]
    [InlineData("audit", EntryType.Record, false)]
    [InlineData("audit/x", EntryType.Record, false)]
    [InlineData("chat", EntryType.Record, false)]
    [InlineData("chat/s1", EntryType.Record, false)]
    [InlineData("chat/s1", EntryType.Audit, false)]
    [InlineData("contacts", EntryType.Audit, false)]
    [InlineData("contacts", EntryType.Chat, false)]
    [InlineData("audit", EntryType.Audit, true)]
    [InlineData("chat/s1", EntryType.Chat, true)]
    [InlineData("audits", EntryType.Record, true)]
    [InlineData("files/chat/s1", EntryType.Record, true)]
    public async Task Sophias_own_streams_take_her_entries_alone(string stream, EntryType type, bool taken)
    {
        var failure = await Xunit.Record.ExceptionAsync(() => Append([Record("0", "a"), Record("1", "a") with { Stream = stream, Type = type }]));
        Assert.Equal(taken, failure is null);
        Assert.True(taken || failure is ArgumentException);
        Assert.Equal(taken ? 2 : 0, await Log.Head(Acme, default));
    }

    [EngineFact]
    public async Task Keys_may_hold_anything_that_is_text()
    {
        string[] keys = ["a\0b", "a", "x/y", "'; DROP TABLE log; --", "🙂", new string('k', 3_000)];
        await Append([.. keys.Select(key => Record(key, key))]);
        foreach (var key in keys)
            Assert.Equal(key, Encoding.UTF8.GetString((await Log.Newest(Acme, "contacts", key, default))!.Payload.Span));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Append([Record("\ud800", "lone surrogate")]));
    }

    [EngineFact]
    public async Task Tenants_do_not_see_each_other()
    {
        await Append([Record("1", "a")]);
        Assert.Equal(0, await Log.Head(TenantId.Parse("other"), default));
    }

    protected static NewEntry Record(string key, string payload, string? partition = null)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        return new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, bytes, EntryHash.Of(RecordOperation.Upsert, bytes), partition);
    }

    protected static NewEntry Tombstone(string key) =>
        new(EntryType.Record, "contacts", key, RecordOperation.Delete, default, EntryHash.Of(RecordOperation.Delete, []));

    /// <summary>Appends under a fresh fence and expects that it is committed.</summary>
    protected async Task<AppendOutcome.Committed> Append(IReadOnlyList<NewEntry> entries, Func<AppendBatch, AppendBatch>? with = null) =>
        Assert.IsType<AppendOutcome.Committed>(await Try(entries, with));

    protected async Task<AppendOutcome> Try(IReadOnlyList<NewEntry> entries, Func<AppendBatch, AppendBatch>? with = null)
    {
        var fence = await Log.Acquire(Acme, "tests", default);
        var batch = new AppendBatch { Fence = fence, At = Noon, Entries = entries };
        return await Log.Append(Acme, with?.Invoke(batch) ?? batch, default);
    }
}
