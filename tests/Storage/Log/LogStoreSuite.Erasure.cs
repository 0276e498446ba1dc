using System.Text;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Log;

// Goal: what is erased is gone and stays gone, and nobody else's rows are touched. Method: the steps of an erasure one by one, done twice, beside a copy of everything that must not change.
public abstract partial class LogStoreSuite
{
    [EngineFact]
    public async Task An_erased_record_leaves_no_row_and_its_neighbours_keep_theirs()
    {
        await Append([Record("1", "a"), Record("2", "b"), Record("3", "c")]);
        await Append([Record("1", "a2"), Record("3", "c2")]);
        var before = await Kept("1");
        await Erase("erasure-1", Of("1"));
        Assert.Empty(await Log.History(Acme, "contacts", "1", null, 10, default));
        Assert.Equal(["2", "3"], (await Log.Heads(Acme, "contacts", null, null, 10, default)).Select(head => head.Key));
        Assert.Equal(before, await Kept("1"));
        Assert.Equal(new StreamCount("contacts", EntryType.Record, 2, 0), (await Log.Streams(Acme, default)).Single(stream => stream.Stream == "contacts"));
        Assert.Equal(new ErasedCounts(1, 3, 0), await Erasures.Counts(Acme, "erasure-1", default));
    }

    [EngineFact]
    public async Task Erasing_twice_changes_nothing_more()
    {
        await Append([Record("1", "a"), Record("2", "b")], batch => batch with { Quarantined = [Held("1", "email")] });
        await Erase("erasure-1", Of("1"));
        var (rows, page) = (await Rows(), await Quarantine.List(Acme, new QuarantineQuery(State: null), default));
        await Erasures.Remove(Acme, "erasure-1", Of("1"), [1], Noon.AddDays(1), default);
        Assert.Equal(rows, await Rows());
        Assert.Equivalent(page, await Quarantine.List(Acme, new QuarantineQuery(State: null), default));
        Assert.Equal(new ErasedCounts(1, 2, 1), await Erasures.Counts(Acme, "erasure-1", default));
    }

    [EngineFact]
    public async Task An_erased_record_is_left_out_and_counted_whoever_brings_it()
    {
        await Append([Record("1", "a")]);
        await Erase("erasure-1", Of("1"));
        await Append([], batch => batch with { Run = "run-1", RunRow = Row("run-1") });
        var done = await Append([Record("1", "a"), Record("1", "b"), Tombstone("1"), Record("2", "b")], batch => batch with
        {
            Run = "run-1", Quarantined = [Held("1", "email"), Held("2", "email"), Held(null, "email")], RunDelta = new RunDelta("run-1", new RunCounts(In: 7, Valid: 4, Quarantined: 3)),
        });
        Assert.Equal((1, 0, 3, 1), (done.Stored, done.Deleted, done.Blocked, done.BlockedItems));
        Assert.Equal([EntryDisposition.Blocked, EntryDisposition.Blocked, EntryDisposition.Blocked, EntryDisposition.Stored], done.Dispositions);
        Assert.Null(await Log.Newest(Acme, "contacts", "1", default));
        Assert.Equal([null, "2"], (await Quarantine.List(Acme, new QuarantineQuery(), default)).Items.Select(item => item.Key));
        var counts = (await Runs.Find(Acme, "run-1", default))!.Counts;
        Assert.Equal((7, 4, 2, 1, 0, 4), (counts.In, counts.Valid, counts.Quarantined, counts.Stored, counts.Deleted, counts.Blocked));
        Assert.Equal(counts, (await Runs.Recent(Acme, null, 1, default)).Single().Counts);
    }

    [EngineFact]
    public async Task A_removed_conversation_leaves_no_event_and_no_operation_and_its_neighbours_keep_theirs()
    {
        await Append([Record("1", "a")]);
        foreach (var session in new[] { "s-1", "s-10", "s" })
        {
            Assert.Equal(3, (await Append([Said(session, "q"), Said(session, "a"), Said(session, "done")], batch => batch with { OnceKey = $"chat/{session}/op" })).Stored);
            await Append([Said(session, "opinion")]);
        }
        await Append([Record("1", "a2")]);
        var others = await Others();
        Assert.Equal(4, await Erasures.RemoveChat(Acme, "s-1", default));
        Assert.Empty(await Log.History(Acme, "chat/s-1", OwnStreams.ChatKey, null, 10, default));
        Assert.Null(await Log.Newest(Acme, "chat/s-1", OwnStreams.ChatKey, default));
        Assert.Equal(others, await Others());
        Assert.Equal(0, await Erasures.RemoveChat(Acme, "s-1", default));
        Assert.Equal(0, await Erasures.RemoveChat(Acme, "never-asked", default));
        var fence = await Log.Acquire(Acme, "chat/s-1", default);
        Assert.IsType<AppendOutcome.Committed>(await Log.Append(Acme, new AppendBatch { Fence = fence, At = Noon, Entries = [Said("s-1", "anew") with { OnlyIfVersion = 0 }], OnceKey = "chat/s-1/op" }, default));
        Assert.Equal(1, (await Log.Newest(Acme, "chat/s-1", OwnStreams.ChatKey, default))!.Version);
        Assert.IsType<AppendOutcome.AlreadyDone>(await Log.Append(Acme, new AppendBatch { Fence = await Log.Acquire(Acme, "chat/s-10", default), At = Noon, OnceKey = "chat/s-10/op" }, default));

        async Task<IReadOnlyList<string>> Others() => [.. (await Log.Read(Acme, 0, 10_000, int.MaxValue, default)).Where(row => row.Stream != "chat/s-1").Select(Line)];
        NewEntry Said(string session, string text) => Record(OwnStreams.ChatKey, text) with { Type = EntryType.Chat, Stream = $"chat/{session}", OnlyIfChanged = false };
    }

    /// <summary>The log counts on from its last row, whoever's it is.</summary>
    [EngineFact]
    public async Task A_conversation_whose_event_is_the_logs_last_row_goes_and_the_log_goes_on()
    {
        await Append([Record(OwnStreams.ChatKey, "secret") with { Type = EntryType.Chat, Stream = "chat/last", OnlyIfChanged = false }]);
        var head = await Log.Head(Acme, default);
        Assert.Equal(1, await Erasures.RemoveChat(Acme, "last", default));
        Assert.DoesNotContain("secret", string.Join(' ', (await Log.Read(Acme, 0, 100, int.MaxValue, default)).Select(row => Encoding.UTF8.GetString(row.Payload.Span))), StringComparison.Ordinal);
        Assert.True((await Append([Record("1", "a")])).LastPosition > head);
    }

    [EngineFact]
    public async Task A_record_is_blocked_from_the_append_of_its_tombstone_on()
    {
        await Append([Record("1", "a")]);
        Assert.Equal(1, (await Append([Tombstone("1")], batch => batch with { Erases = Of("1"), Erasure = "erasure-1" })).Deleted);
        Assert.Equal(1, (await Append([Record("1", "b")])).Blocked);
        Assert.Equal([2L, 1L], (await Log.History(Acme, "contacts", "1", null, 10, default)).Select(row => row.Version));
        Assert.Equal(0, (await Append([Record("1", "b") with { Stream = "elsewhere" }])).Blocked);
    }

    [EngineFact]
    public async Task A_record_that_is_allowed_again_begins_anew()
    {
        await Append([Record("1", "a"), Record("2", "b")]);
        await Erase("erasure-1", Of("1", "2"));
        var blocked = await Erasures.Blocked(Acme, null, 10, default);
        Assert.Equal([("contacts", "erasure-1", Noon), ("contacts", "erasure-1", Noon)], blocked.Select(one => (one.Stream, one.Erasure, one.At)));
        Assert.Equal(blocked.Select(one => one.Mark).Order(), blocked.Select(one => one.Mark));
        Assert.Equal(blocked.Skip(1), await Erasures.Blocked(Acme, blocked[0], 10, default));
        Assert.Equal(1, await Erasures.Allow(Acme, [new TestMarks().Of(Acme, "contacts", "1"u8), 7], default));
        var done = await Append([Record("1", "a"), Record("2", "b")]);
        Assert.Equal([EntryDisposition.Stored, EntryDisposition.Blocked], done.Dispositions);
        Assert.Equal(1, (await Log.Newest(Acme, "contacts", "1", default))!.Version);
        Assert.Equal(0, await Erasures.Allow(Acme, [new TestMarks().Of(Acme, "contacts", "1"u8)], default));
    }

    /// <summary>A file of numbered rows that loses one of its first says the erased one's words under the next number.</summary>
    [EngineFact]
    public async Task What_an_erased_record_ever_said_does_not_come_back_under_another_key()
    {
        await Append([Record("1", "ann"), Record("2", "bob")]);
        await Append([Record("1", "ann moved"), Record("3", "ann moved"), Record("4", "cem")]);
        await Erase("erasure-1", Of("1"));
        await Append([], batch => batch with { Run = "run-1", RunRow = Row("run-1") });
        var done = await Append([Record("2", "ann"), Record("3", "ann moved"), Record("4", "ann moved"), Record("5", "ann"), Record("6", "cem"), Tombstone("6"), Record("x", "ann") with { Stream = "elsewhere" }],
            batch => batch with { Run = "run-1", RunDelta = new RunDelta("run-1", new RunCounts(In: 7)) });
        var counts = (await Runs.Find(Acme, "run-1", default))!.Counts;
        Assert.Equal((7, 2, 1, 3, 3), (counts.In, counts.Stored, counts.Duplicate, counts.Deleted, counts.Blocked));
        Assert.Equal([EntryDisposition.Withdrawn, EntryDisposition.Duplicate, EntryDisposition.Withdrawn, EntryDisposition.Blocked, EntryDisposition.Stored, EntryDisposition.Stored, EntryDisposition.Stored], done.Dispositions);
        Assert.Equal((2, 3, 1, 3), (done.Stored, done.Deleted, done.Duplicates, done.Blocked));
        // Their source says something else of them than they did, and what it says may not be: they are there no more.
        Assert.Equal([RecordOperation.Delete, RecordOperation.Upsert, RecordOperation.Delete, RecordOperation.Delete], (await Log.Heads(Acme, "contacts", null, null, 10, default)).Select(head => head.Operation));
        var streams = await Log.Streams(Acme, default);
        Assert.Equal((1, 3), (streams.Single(stream => stream.Stream == "contacts").Records, streams.Single(stream => stream.Stream == "contacts").Deleted));
    }

    /// <summary>A spreadsheet that is saved anew spells numbers otherwise; another program writes the same rows with other white space, in another order, as JSON in place of CSV.</summary>
    [EngineFact]
    public async Task What_an_erased_record_said_does_not_come_back_in_another_spelling()
    {
        await Append([Record("f#1", """{"name":"Ann Ü","age":"20.0","of":{"a":1,"b":[1,2]}}"""), Record("f#2", "{}")], batch => batch with { Quarantined = [Held("f#1", "age") with { Payload = """{"name":"Anna","age":"x"}"""u8.ToArray() }] });
        var (ann, made) = ("""{ "age": 20, "name": "Ann \u00DC", "of": {"b":[1.0, 2e0],"a":"1"}, "mail": null, "fax": "" }""", new EntrySource(1, 0, """{"n":1,"m":2}"""u8.ToArray()));
        await Append([Record("f#3", """{"c":"FI"}""") with { Source = made }]);
        await Erase("erasure-1", Of("f#1", "f#2", "f#3"));
        NewEntry[] again =
        [
            Record("g#1", ann), Record("g#2", ann.Replace("20", "21", StringComparison.Ordinal)), Record("g#3", """{"name":"Ann Ü","age":"20.0"}"""), Record("g#4", """{"a":null}"""),
            Record("g#5", """{ "c":"FI"}""") with { Source = made with { Payload = """{"m":2.0,"n":1}"""u8.ToArray() } }, Record("g#6", """{"c":"FI"}""") with { Source = made with { Payload = """{"m":1,"n":2}"""u8.ToArray() } },
        ];
        var done = await Append(again, batch => batch with { Quarantined = [Held("g#7", "age") with { Payload = """{"age":"x", "name":"Anna"}"""u8.ToArray() }] });
        Assert.Equal([EntryDisposition.Blocked, EntryDisposition.Stored, EntryDisposition.Stored, EntryDisposition.Stored, EntryDisposition.Blocked, EntryDisposition.Stored], done.Dispositions);
        Assert.Equal(1, done.BlockedItems);
    }

    /// <summary>Versions of a place in a file are of whoever stood there.</summary>
    [EngineFact]
    public async Task Who_stood_before_at_the_place_of_an_erased_row_is_not_erased()
    {
        await Append([Record("f.csv#1", "ann"), Record("f.csv#2", "bob")]);
        await Append([Record("f.csv#1", "bob"), Record("f.csv#2", "cem")]);
        await Erase("erasure-1", Of("f.csv#2"));
        Assert.Equal([EntryDisposition.Duplicate, EntryDisposition.Stored, EntryDisposition.Blocked, EntryDisposition.Blocked], (await Append([Record("f.csv#1", "bob"), Record("f.csv#3", "bob"), Record("f.csv#4", "cem"), Record("f.csv#2", "dora")])).Dispositions);
    }

    [EngineFact]
    public async Task What_was_held_back_of_an_erased_record_is_held_back_under_no_other_key()
    {
        var held = (string key, string name) => Held(key, "email") with { Payload = Encoding.UTF8.GetBytes(name) };
        await Append([Record("7", "ann")], batch => batch with { Quarantined = [held("7", "ann!")] });
        await Erase("erasure-1", Of("7"));
        var done = await Append([], batch => batch with { Quarantined = [held("6", "ann"), held("6", "ann!"), held("6", "bob")] });
        Assert.Equal(2, done.BlockedItems);
        Assert.Equal("6", Assert.Single((await Quarantine.List(Acme, new QuarantineQuery(), default)).Items).Key);
    }

    [EngineFact]
    public async Task Who_allows_a_record_allows_what_it_said()
    {
        await Append([Record("1", "ann"), Record("2", "bob")]);
        await Erase("erasure-1", Of("1", "2"));
        await Erasures.Allow(Acme, [new TestMarks().Of(Acme, "contacts", "1"u8)], default);
        Assert.Equal([EntryDisposition.Stored, EntryDisposition.Blocked], (await Append([Record("3", "ann"), Record("4", "bob")])).Dispositions);
        Assert.Equal(1, await Erasures.Allow(Acme, [new TestMarks().Of(Acme, "contacts", "2"u8)], default));
        Assert.Equal(1, (await Append([Record("4", "bob")])).Stored);
    }

    /// <summary>What transforms leave of two people may be the same words.</summary>
    [EngineFact]
    public async Task What_was_made_of_other_words_is_another_record()
    {
        var made = (string key, string from) => Record(key, "FI") with { Source = new EntrySource(1, 0, Encoding.UTF8.GetBytes(from)) };
        await Append([made("1", "ann"), made("2", "bob"), made("9", "")]);
        await Erase("erasure-1", Of("1", "9"));
        Assert.Equal([EntryDisposition.Blocked, EntryDisposition.Stored, EntryDisposition.Stored, EntryDisposition.Stored], (await Append([made("3", "ann"), made("4", "cem"), Record("5", "FI"), made("6", "")])).Dispositions);
    }

    [EngineFact]
    public async Task An_item_of_an_erased_record_keeps_its_rules_and_nothing_else()
    {
        await Append([Record("1", "a")], batch => batch with { Run = "run-1", Quarantined = [Held("1", "email"), Held("1", "amount"), Held("2", "email"), Held(null, "email")] });
        await Append([], batch => batch with { Decisions = [new(2, QuarantineState.Discarded, "ann", "test data of 1")] });
        Assert.Equal([1L, 2L], await Erasures.ItemsOf(Acme, Of("1"), default));
        await Erase("erasure-1", Of("1"), 4);
        foreach (var (id, by, field) in new[] { (1, "erasure", "email"), (2, "ann", "amount"), (4, "erasure", "email") })
        {
            var item = (await Quarantine.Find(Acme, id, default))!;
            Assert.Equal((null, null, new Origin(""), QuarantineState.Discarded, by, "run-1"), (item.Key, item.PayloadJson, item.Origin, item.State, item.DecidedBy, item.Run));
            Assert.Equal([new CellReason(field, "format", null, "", null)], item.Reasons);
        }
        Assert.Equal("2", (await Quarantine.Find(Acme, 3, default))!.Key);
        var page = await Quarantine.List(Acme, new QuarantineQuery(), default);
        Assert.Equal((1, 1), (page.Held, page.Reasons.Single().Count));
        Assert.Equal(new ErasedCounts(1, 2, 3), await Erasures.Counts(Acme, "erasure-1", default));
    }

    [EngineFact]
    public async Task Work_on_an_erased_record_names_it_by_its_mark()
    {
        await Append([Record("1", "a"), Record("2", "b")]);
        NewWork[] work = [.. new[] { "1", "2", "12" }.Select(key => new NewWork(WorkLimits.OwnQueue, "reindex", $"{{\"projection\":\"index\",\"position\":1,\"stream\":\"contacts\",\"key\":\"{key}\"}}"))];
        await Queue.Enqueue(Acme, [.. work, new NewWork("mine", "reindex", work[0].Payload)], new QueueBounds(100, 100), Noon, default);
        await Erase("erasure-1", Of("1"));
        var mark = RecordMark.Text(new TestMarks().Of(Acme, "contacts", "1"u8));
        Assert.Equal([work[0].Payload.Replace("\"1\"", $"\"erased:{mark}\"", StringComparison.Ordinal), work[1].Payload, work[2].Payload, work[0].Payload],
            (await Queue.List(Acme, new WorkQuery(State: WorkState.Pending), withPayload: true, default)).Items.OrderBy(item => item.Id).Select(item => item.Payload));
    }

    [EngineFact]
    public async Task Work_whose_payload_is_no_text_or_no_work_holds_up_no_erasure()
    {
        await Append([Record("1", "a"), Record("2", "b")]);
        string[] strange = ["{\"stream\":\"\\ud800\",\"key\":\"1\"}", "{\"stream\":\"contacts\",\"key\":\"\\udc00\"}", "[\"\\ud800\"]", "{\"stream\":7,\"key\":{}}", "{\"stream\":\"elsewhere\",\"stream\":\"x\",\"key\":\"1\"}"];
        const string More = "{\"\\ud800\":\"secret\",\"projection\":\"\\ud800\",\"position\":1e99,\"stream\":\"contacts\",\"key\":\"2\",\"key\":\"1\",\"note\":\"secret\"}";
        await Queue.Enqueue(Acme, [.. strange.Append(More).Select(payload => new NewWork(WorkLimits.OwnQueue, "reindex", payload))], new QueueBounds(100, 100), Noon, default);
        await Erase("erasure-1", Of("1"));
        var mark = RecordMark.Text(new TestMarks().Of(Acme, "contacts", "1"u8));
        Assert.Equal([.. strange, $"{{\"projection\":null,\"stream\":\"contacts\",\"key\":\"erased:{mark}\"}}"],
            (await Queue.List(Acme, new WorkQuery(State: WorkState.Pending), withPayload: true, default)).Items.OrderBy(item => item.Id).Select(item => item.Payload));
    }

    [EngineFact]
    public async Task The_logs_last_row_stays_as_a_tombstone_of_nobody()
    {
        await Append([Record("1", "a"), Record("1", "secret")], batch => batch with { Erases = Of("1"), Erasure = "erasure-1" });
        var head = await Log.Head(Acme, default);
        await Erasures.Remove(Acme, "erasure-1", Of("1"), [], Noon, default);
        Assert.DoesNotContain(await Rows(), row => row.Contains("secret", StringComparison.Ordinal));
        Assert.Equal(head, await Log.Head(Acme, default));
        Assert.Equal(head + 1, (await Append([Record("2", "b")])).FirstPosition);
    }

    [EngineFact]
    public async Task Another_tenants_records_of_the_same_name_are_not_touched()
    {
        var other = TenantId.Parse("other");
        var fence = await Log.Acquire(other, "tests", default);
        await Append([Record("1", "a")]);
        fence = Assert.IsType<AppendOutcome.Committed>(await Log.Append(other, new AppendBatch { Fence = fence, At = Noon, Entries = [Record("1", "a")] }, default)).Next;
        await Erase("erasure-1", Of("1"));
        Assert.Single(await Log.History(other, "contacts", "1", null, 10, default));
        Assert.Empty(await Erasures.Blocked(other, null, 10, default));
        Assert.Equal(0, await Erasures.Allow(other, [new TestMarks().Of(Acme, "contacts", "1"u8)], default));
        Assert.Equal(1, Assert.IsType<AppendOutcome.Committed>(await Log.Append(other, new AppendBatch { Fence = fence, At = Noon, Entries = [Record("1", "b")] }, default)).Stored);
        Assert.Equal(1, (await Append([Record("1", "b")])).Blocked);
    }

    [EngineFact]
    public async Task A_tenant_without_a_log_has_nothing_erased()
    {
        Assert.Empty(await Erasures.Blocked(Acme, null, 10, default));
        Assert.Equal(0, await Erasures.Allow(Acme, [1], default));
        Assert.Equal(new ErasedCounts(0, 0, 0), await Erasures.Counts(Acme, "erasure-1", default));
        Assert.Empty(await Erasures.ItemsOf(Acme, Of("1"), default));
        await Erasures.Scrub(Acme, default);
    }

    [EngineTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_is_erased_all_other_rows_heads_and_counts_stay(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 12; round++)
        {
            await Append([.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(5) == 0 ? Tombstone($"{random.Next(15)}") : Record($"{random.Next(15)}", $"{random.Next(4)}"))]);
            if (round % 3 != 2)
                continue;
            string[] keys = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{random.Next(15)}").Distinct()];
            var (head, before) = (await Log.Head(Acme, default), await Kept(keys));
            await Erase($"erasure-{round}", Of(keys));
            Assert.True(await Log.Head(Acme, default) > head);
            Assert.Equal(before, await Kept(keys));
            foreach (var key in keys)
                Assert.Empty(await Log.History(Acme, "contacts", key, null, 100, default));
            var heads = await Log.Heads(Acme, "contacts", null, null, 100, default);
            var counts = (await Log.Streams(Acme, default)).Single(stream => stream.Stream == "contacts");
            Assert.Equal((heads.Count(one => one.Operation == RecordOperation.Upsert), heads.Count(one => one.Operation == RecordOperation.Delete)), ((int)counts.Records, (int)counts.Deleted));
        }
    }

    private static RecordKey[] Of(params string[] keys) => [.. keys.Select(key => new RecordKey("contacts", key))];

    private async Task Erase(string erasure, IReadOnlyList<RecordKey> records, params long[] items)
    {
        var audit = Encoding.UTF8.GetBytes($"{{\"what\":\"{erasure}\"}}");
        await Append([.. records.Select(record => Tombstone(record.Key)), new NewEntry(EntryType.Audit, OwnStreams.Audit, erasure, RecordOperation.Upsert, audit, EntryHash.Of(RecordOperation.Upsert, audit))],
            batch => batch with { Erases = records, Erasure = erasure });
        await Erasures.Remove(Acme, erasure, records, items, Noon, default);
    }

    /// <summary>Every row and head of a record whose key is none of these.</summary>
    private async Task<IReadOnlyList<string>> Kept(params string[] keys) =>
    [
        .. (await Log.Read(Acme, 0, 10_000, int.MaxValue, default)).Where(row => row.Type == EntryType.Record && !keys.Contains(row.Key)).Select(Line),
        .. (await Log.Heads(Acme, "contacts", null, null, 10_000, default)).Where(head => !keys.Contains(head.Key)).Select(head => head.ToString()),
    ];

    private async Task<IReadOnlyList<string>> Rows() => [.. (await Log.Read(Acme, 0, 10_000, int.MaxValue, default)).Select(Line)];

    private static string Line(LogEntry row) => $"{row.Position} {row.Key} {row.Version} {row.Operation} {row.Previous} {row.Hash} {Encoding.UTF8.GetString(row.Payload.Span)}";

    private static RunRow Row(string run) => new(run, "crm", 1, false, RunState.Running, "asked", Noon, Noon, null, TimeSpan.Zero, new RunCounts(), 1, 0, null, null, 0);
}
