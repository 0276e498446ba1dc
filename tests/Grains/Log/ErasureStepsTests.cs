using System.Text;
using Sophia.Knowledge;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Log;

// Goal: wherever an erasure is cut off, it goes on and ends as if it had not been, and what it takes is what was confirmed. Method: the real stores; the process "dies" after the effect
// of a step and before its state is kept, or within a step, at every step in turn.
public sealed class ErasureStepsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TenantId Acme = FeedWorld.Acme;

    [Fact]
    public async Task An_erasure_takes_what_its_plan_found_and_leaves_the_rest()
    {
        await using var world = new FeedWorld();
        await Fill(world);
        var done = await ToTheEnd(world, await Planned(world, new ErasureSelection(Value: " ANN@Example.org", Field: "contact.email")));
        Assert.Equal((2, 5, 2), (done.Erased, done.Versions, done.ErasedItems));
        await IsErased(world);
    }

    [Fact]
    public async Task A_plan_says_what_it_found_and_what_it_does_not_reach()
    {
        await using var world = new FeedWorld();
        await Fill(world);
        var plan = await Planned(world, new ErasureSelection(Value: "ann@example.org"));
        Assert.Equal([new RecordKey("deals", "ann-1"), new RecordKey("deals", "old"), new RecordKey("people", "noted")], plan.Records);
        Assert.Equal([new ErasedStream("deals", 2, 3), new ErasedStream("people", 1, 1)], plan.Streams);
        Assert.Equal((1, 1, 2), (plan.ChatMessages, plan.Conversations.Count, plan.Items.Count));
        Assert.Contains(ErasureRules.Untouched(plan), line => line.StartsWith("1 messages of conversations", StringComparison.Ordinal));
        Assert.Equal(ErasurePhase.Planned, plan.Phase);
        Assert.Empty(await world.Erasures.Blocked(Acme, null, 10, default));
        var narrow = await Planned(world, new ErasureSelection(Value: "ann@example.org", Streams: ["people"]));
        Assert.Equal([new RecordKey("people", "noted")], narrow.Records);
        Assert.Empty((await Planned(world, new ErasureSelection(Value: "nobody@example.org"))).Records);
    }

    [Fact]
    public async Task Cut_off_after_any_step_it_ends_the_same()
    {
        int steps;
        await using (var world = new FeedWorld())
        {
            await Fill(world);
            var plan = Begun(await Planned(world, new ErasureSelection(Value: "ann@example.org", Field: "contact.email")));
            for (steps = 0; plan.Phase != ErasurePhase.Done; steps++)
                plan = await Steps(world).Step(plan, default);
        }
        Assert.True(steps >= 8);
        for (var cut = 0; cut < steps; cut++)
        {
            await using var world = new FeedWorld();
            await Fill(world);
            var job = Begun(await Planned(world, new ErasureSelection(Value: "ann@example.org", Field: "contact.email")));
            for (var step = 0; job.Phase != ErasurePhase.Done; step++)
            {
                var after = await Steps(world).Step(job, default);
                job = step == cut ? job : after; // What it did is done; that it did is lost.
            }
            Assert.Equal((2, 5, 2), (job.Erased, job.Versions, job.ErasedItems));
            await IsErased(world);
        }
    }

    [Fact]
    public async Task Cut_off_within_any_step_it_ends_the_same()
    {
        for (var cut = 1; ; cut++)
        {
            await using var world = new FeedWorld();
            await Fill(world);
            var job = Begun(await Planned(world, new ErasureSelection(Value: "ann@example.org", Field: "contact.email")));
            var power = new Power { Left = cut };
            while (job.Phase != ErasurePhase.Done)
                try
                {
                    job = await Steps(world, power).Step(job, default);
                }
                catch (PowerLost)
                {
                    power.IsSpent = true;
                }
            Assert.Equal((2, 5, 2), (job.Erased, job.Versions, job.ErasedItems));
            await IsErased(world);
            if (!power.IsSpent)
            {
                Assert.True(cut > 9);
                return;
            }
        }
    }

    [Theory]
    [InlineData((int)LogFault.UnknownDone, 1)]
    [InlineData((int)LogFault.UnknownNotDone, 1)]
    [InlineData((int)LogFault.Fenced, 1)]
    [InlineData((int)LogFault.UnknownDone, 2)]
    [InlineData((int)LogFault.UnknownNotDone, 2)]
    public async Task An_append_of_unknown_outcome_is_not_done_twice(int fault, int at)
    {
        await using var world = new FeedWorld();
        await Fill(world);
        var job = Begun(await Planned(world, new ErasureSelection(Value: "ann@example.org", Field: "contact.email")));
        var log = new FaultyLog(world.Log) { Owners = "erasure", Fault = (LogFault)fault, FaultAt = at };
        var failed = 0;
        while (job.Phase != ErasurePhase.Done)
            try
            {
                job = await Steps(world, log: log).Step(job, default);
            }
            catch (Exception wrong) when (wrong is StorageException or RefusedException && failed++ == 0)
            {
                // Once more.
            }
        Assert.True(log.Happened);
        Assert.Equal((2, 5, 2), (job.Erased, job.Versions, job.ErasedItems));
        await IsErased(world);
    }

    [Fact]
    public async Task While_the_index_is_behind_nothing_leaves_the_log()
    {
        await using var world = new FeedWorld();
        await Fill(world);
        var job = Begun(await Planned(world, new ErasureSelection([new RecordKey("deals", "ann-1")])));
        var steps = new ErasureSteps(Acme, world.Log, world.Erasures, world.Index, world.Marks, new ErasureLook(Acme, world.Log, world.Quarantine, world.Erasures), new Neighbours(world, null) { IsBehind = true }, TimeProvider.System);
        while (job.Phase != ErasurePhase.Withdrawing)
            job = await steps.Step(job, default);
        await Assert.ThrowsAsync<RefusedException>(() => steps.Step(job, default));
        Assert.Equal(3, (await world.Log.History(Acme, "deals", "ann-1", null, 10, default)).Count);
        Assert.Equal(1, (await Append(world, [Record("deals", "ann-1", "{}")], [])).Blocked);
    }

    [Fact]
    public async Task A_record_that_is_stored_anew_between_plan_and_apply_is_erased_with_it()
    {
        await using var world = new FeedWorld();
        await Fill(world);
        var job = await Planned(world, new ErasureSelection([new RecordKey("deals", "ann-1"), new RecordKey("deals", "never")]));
        await Append(world, [Record("deals", "ann-1", "{\"late\":1}"), Record("deals", "never", "{\"late\":1}")], []);
        var done = await ToTheEnd(world, job);
        Assert.Equal((2, 6), (done.Erased, done.Versions));
        Assert.Empty(await world.Log.History(Acme, "deals", "never", null, 10, default));
    }

    [Fact]
    public async Task A_value_that_too_many_records_have_is_refused_and_nothing_found_is_kept()
    {
        await using var world = new FeedWorld();
        await Append(world, [.. Enumerable.Range(0, ErasureRules.MaxRecords + 1).Select(i => Record("many", $"{i}", "{\"kind\":\"x\"}"))], []);
        var plan = await Planned(world, new ErasureSelection(Value: "X", Field: "kind"));
        Assert.Equal((ErasurePhase.Refused, 0, null), (plan.Phase, plan.Records.Count, plan.Selection.Value));
        Assert.Contains("erase in parts", ErasureRules.View(plan, null).WaitsFor);
        Assert.Throws<RefusedException>(() => Begun(plan));
    }

    [Fact]
    public void A_plan_is_applied_by_its_token_alone_and_only_once()
    {
        var plan = new ErasureJob { Id = "erasure-1", Phase = ErasurePhase.Planned, At = Noon, Records = [new("a", "b")], Items = [3] };
        var state = new ErasureState { Current = plan };
        foreach (var other in new[] { plan with { Id = "erasure-2" }, plan with { Items = [] }, plan with { Records = [new("a", "b"), new("a", "c")] }, plan with { Records = [new("ab", "")] } })
            Assert.Throws<RefusedException>(() => ErasureRules.Apply(state, ErasureRules.Token(other), null, "ann", Noon));
        Assert.Throws<RefusedException>(() => ErasureRules.Apply(state, ErasureRules.Token(plan), null, "ann", Noon + ErasureRules.PlanKeptFor));
        var applied = ErasureRules.Apply(state, ErasureRules.Token(plan), " T-7 ", "ann", Noon);
        Assert.Equal((ErasurePhase.Blocking, "T-7"), (applied.Current!.Phase, applied.Current.Reference));
        Assert.Same(applied, ErasureRules.Apply(applied, ErasureRules.Token(plan), null, "ann", Noon));
        Assert.Throws<RefusedException>(() => ErasureRules.Apply(applied, ErasureRules.Token(plan), null, "bob", Noon));
        Assert.Throws<RefusedException>(() => ErasureRules.Plan(applied, new ErasureSelection([new("c", "d")]), "bob", 9, Noon));
        Assert.Throws<RefusedException>(() => ErasureRules.Drop(applied));
        foreach (var wrong in new[] { new ErasureSelection(), new ErasureSelection(Value: " "), new ErasureSelection([new("a", "b")], "c"), new ErasureSelection([new("audit", "b")]), new ErasureSelection([new("", "b")]), new ErasureSelection([new("a", "b")], Streams: ["a"]) })
            Assert.Throws<RefusedException>(() => ErasureRules.Checked(wrong));
    }

    [Theory]
    [InlineData("{\"email\":\" A@b.c \"}", "email", true)]
    [InlineData("{\"mail\":\"a@b.c\"}", "email", false)]
    [InlineData("{\"mail\":\"a@b.c\"}", null, true)]
    [InlineData("{\"to\":[{\"email\":\"x\"},{\"email\":\"a@b.c\"}]}", "to.email", true)]
    [InlineData("{\"to\":[{\"email\":\"a@b.c\"}]}", "email", false)]
    [InlineData("{\"emails\":[\"a@b.c\"]}", "emails", true)]
    [InlineData("{\"email\":\"a\\u0040b.c\"}", "email", true)]
    [InlineData("{\"email\":\"not a@b.c\"}", "email", false)]
    [InlineData("{\"e.f\":\"a@b.c\"}", "e.f", true)]
    [InlineData("no JSON of a@b.c", "email", true)]
    [InlineData("", null, false)]
    [InlineData("{\"x\":\"\\ud800\",\"email\":\"a@b.c\"}", "email", true)]
    [InlineData("{\"x\":\"\\ud800\",\"email\":\"a\\u0040b.c\"}", null, true)]
    [InlineData("{\"\\ud800\":{\"email\":\"a@b.c\"}}", "email", false)]
    [InlineData("{\"\\ud800\":{\"email\":\"a@b.c\"}}", null, true)]
    [InlineData("{\"email\":\"A@b.c \\ud800\"}", "email", true)]
    [InlineData("{\"mail\":\"a@b.c \\ud800\"}", "email", false)]
    [InlineData("[\"\\ud800\"]", null, false)]
    public void A_value_is_found_in_its_field_whatever_its_case_and_blanks(string json, string? field, bool found) => Assert.Equal(found, new ErasureMatch("a@b.c", field).Is(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Bytes_that_are_no_text_hide_no_value()
    {
        byte[] json = [.. "{\"x\":\""u8, 0xff, .. "\",\"n\":[\"a@b.c "u8, 0xc0, .. "\"]}"u8];
        Assert.True(new ErasureMatch("A@B.c", null).Is(json));
        Assert.True(new ErasureMatch("A@B.c", "n").Is(json));
        Assert.False(new ErasureMatch("A@B.c", "x").Is(json));
    }

    [Fact]
    public async Task Half_a_character_that_was_held_back_or_said_stops_no_erasure()
    {
        await using var world = new FeedWorld();
        await Fill(world);
        var half = Encoding.UTF8.GetBytes("{\"\\ud800\":\"\\udc00\",\"contact\":{\"email\":\"ann@example.org\"}}");
        NewEntry[] said = [.. new[] { EntryType.Chat, EntryType.Audit }.Select(type => new NewEntry(type, type == EntryType.Chat ? OwnStreams.ChatOf("half") : OwnStreams.Audit + "/half", "1", RecordOperation.Upsert,
            Encoding.UTF8.GetBytes("{\"\\ud800\":1,\"text\":\"\\ud800 ann@example.org\",\"stream\":\"\\ud800\",\"key\":\"1\"}"), default))];
        await Append(world, said, [new NewQuarantine("crm", "deals", null, half, [new CellReason("id", "key", null, "a value", null)], new Origin("delivery 1"), 1)]);
        var plan = await Planned(world, new ErasureSelection(Value: "ann@example.org", Field: "contact.email"));
        Assert.Equal((ErasurePhase.Planned, 2, 3, 2, 1), (plan.Phase, plan.Records.Count, plan.Items.Count, plan.ChatMessages, plan.AuditEntries));
        var done = await ToTheEnd(world, plan);
        Assert.Equal((2, 5, 3), (done.Erased, done.Versions, done.ErasedItems));
    }

    [Fact]
    public async Task Several_pages_are_taken_one_by_one()
    {
        await using var world = new FeedWorld();
        RecordKey[] keys = [.. Enumerable.Range(0, (ErasureSteps.Page * 2) + 3).Select(i => new RecordKey("many", $"{i}"))];
        await Append(world, [.. keys.Select(key => Record("many", key.Key, "{}"))], []);
        var done = await ToTheEnd(world, await Planned(world, new ErasureSelection(keys)));
        Assert.Equal((keys.Length, keys.Length * 2), (done.Erased, done.Versions));
        Assert.Empty(await world.Log.Heads(Acme, "many", null, null, 10, default));
        var audits = (await world.Log.Read(Acme, 0, 10_000, int.MaxValue, default)).Where(row => row.Type == EntryType.Audit).Select(row => Encoding.UTF8.GetString(row.Payload.Span)).ToList();
        Assert.Equal(4, audits.Count);
        Assert.All(audits, audit => Assert.Contains("\"by\":\"ann (k1)\",\"reference\":\"T-7\"", audit, StringComparison.Ordinal));
    }

    private static async Task Fill(FeedWorld world)
    {
        await Append(world, [Record("deals", "ann-1", Contact("ann@example.org")), Record("deals", "old", Contact("Ann@example.org")), Record("deals", "bob", Contact("bob@example.org"))], []);
        await Append(world, [Record("deals", "ann-1", "{\"contact\":{\"email\":\"ann@example.org\"},\"v\":2}"), Record("people", "noted", "{\"other\":\"ann@example.org\"}"), Record("people", "long", "{\"text\":\"Ask ann@example.org\"}")],
            [new NewQuarantine("crm", "deals", "old", Encoding.UTF8.GetBytes(Contact("ann@example.org")), [new CellReason("v", "type", "x", "a number", null)], new Origin("a.csv"), 1),
             new NewQuarantine("crm", "deals", null, Encoding.UTF8.GetBytes(Contact("ann@example.org")), [new CellReason("id", "key", null, "a value", null)], new Origin("a.csv"), 1)]);
        var chat = Encoding.UTF8.GetBytes("{\"format\":1,\"kind\":\"answer\",\"text\":\"See the deal.\",\"sources\":[{\"mark\":1,\"citation\":{\"stream\":\"deals\",\"key\":\"ann-1\",\"version\":1}}]}");
        await Append(world, [new NewEntry(EntryType.Chat, OwnStreams.ChatOf("talk"), "events", RecordOperation.Upsert, chat, EntryHash.Of(RecordOperation.Upsert, chat))], []);
        await world.Follow();
    }

    private static async Task IsErased(FeedWorld world)
    {
        var rows = (await world.Log.Read(Acme, 0, 1_000, int.MaxValue, default)).Where(row => row.Type != EntryType.Chat).Select(row => $"{row.Stream}/{row.Key} {Encoding.UTF8.GetString(row.Payload.Span)}").ToList();
        Assert.DoesNotContain(rows, row => row.Contains("ann-1", StringComparison.Ordinal) || row.Contains("deals/old", StringComparison.Ordinal));
        Assert.Equal(["bob"], (await world.Log.Heads(Acme, "deals", null, null, 10, default)).Select(head => head.Key));
        Assert.Equal(["long", "noted"], (await world.Log.Heads(Acme, "people", null, null, 10, default)).Select(head => head.Key));
        Assert.Equal(2, (await world.Erasures.Blocked(Acme, null, 10, default)).Count);
        Assert.All((await world.Quarantine.List(Acme, new QuarantineQuery(State: null), default)).Items, item => Assert.Equal((null, null), (item.Key, item.PayloadJson)));
        foreach (var key in new[] { "ann-1", "old" })
            Assert.Null(await world.Index.StateOf(Acme, "deals", key, default));
        Assert.NotNull(await world.Index.StateOf(Acme, "deals", "bob", default));
        Assert.Single(rows, row => row.Contains("\"what\":\"erase\"", StringComparison.Ordinal));
        Assert.Single(rows, row => row.Contains("\"what\":\"erased\"", StringComparison.Ordinal));
        Assert.DoesNotContain(rows, row => row.Contains("audit", StringComparison.Ordinal) && row.Contains("ann@", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<ErasureJob> Planned(FeedWorld world, ErasureSelection selection)
    {
        var state = ErasureRules.Plan(new ErasureState(), ErasureRules.Checked(selection), "ann (k1)", await world.Log.Head(Acme, default), Noon);
        var steps = Steps(world);
        while (ErasureRules.Goes(state.Current))
            state = state with { Current = await steps.Step(state.Current!, default) };
        return state.Current!;
    }

    private static ErasureJob Begun(ErasureJob plan) => ErasureRules.Apply(new ErasureState { Current = plan }, ErasureRules.Token(plan), "T-7", "ann (k1)", Noon).Current!;

    private static async Task<ErasureJob> ToTheEnd(FeedWorld world, ErasureJob job)
    {
        var steps = Steps(world);
        for (job = Begun(job); job.Phase != ErasurePhase.Done;)
            job = await steps.Step(job, default);
        return job;
    }

    private static ErasureSteps Steps(FeedWorld world, Power? power = null, ILogStore? log = null)
    {
        IErasureStore erasures = power is null ? world.Erasures : new PoweredErasures(world.Erasures, power);
        return new ErasureSteps(Acme, log ?? world.Log, erasures, world.Index, world.Marks, new ErasureLook(Acme, world.Log, world.Quarantine, world.Erasures), new Neighbours(world, power), TimeProvider.System);
    }

    private static string Contact(string email) => $"{{\"contact\":{{\"email\":\"{email}\"}}}}";

    private static NewEntry Record(string stream, string key, string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        return new NewEntry(EntryType.Record, stream, key, RecordOperation.Upsert, bytes, EntryHash.Of(RecordOperation.Upsert, bytes));
    }

    private static async Task<AppendOutcome.Committed> Append(FeedWorld world, NewEntry[] entries, NewQuarantine[] held) => Assert.IsType<AppendOutcome.Committed>(
        await world.Log.Append(Acme, new AppendBatch { Fence = await world.Log.Acquire(Acme, "test", default), At = Noon, Entries = entries, Quarantined = held }, default));

    private sealed class Neighbours(FeedWorld world, Power? power) : IErasureNeighbours
    {
        public bool IsBehind { get; init; }

        public async Task Indexed(long position, CancellationToken cancellation)
        {
            power?.Spend();
            if (IsBehind)
                throw new RefusedException(RefusalCode.Busy, "The index is behind.");
            Assert.True((await world.Follow()).Position >= position);
            power?.Spend();
        }

        public Task Forget(IReadOnlyList<RecordKey> records)
        {
            power?.Spend();
            return Task.CompletedTask;
        }

        public async Task ForgetCopies(CancellationToken cancellation)
        {
            power?.Spend();
            Assert.Empty(await world.Log.History(Acme, "deals", "ann-1", null, 10, cancellation)); // Or it could be remembered anew.
            Assert.Null(await world.Index.StateOf(Acme, "deals", "ann-1", cancellation));
            power?.Spend();
        }
    }

    private sealed class PowerLost : Exception;

    /// <summary>Goes off once, before or after something took place.</summary>
    private sealed class Power
    {
        public int Left { get; set; }

        public bool IsSpent { get; set; }

        public void Spend()
        {
            if (--Left == 0)
                throw new PowerLost();
        }
    }

    private sealed class PoweredErasures(IErasureStore inner, Power power) : IErasureStore
    {
        public async Task Remove(TenantId tenant, string erasure, IReadOnlyList<RecordKey> records, IReadOnlyList<long> items, DateTimeOffset at, CancellationToken cancellation)
        {
            power.Spend();
            await inner.Remove(tenant, erasure, records, items, at, cancellation);
            power.Spend();
        }

        public async Task Scrub(TenantId tenant, CancellationToken cancellation)
        {
            power.Spend();
            await inner.Scrub(tenant, cancellation);
            power.Spend();
        }

        public Task<long> RemoveChat(TenantId tenant, string session, CancellationToken cancellation) => inner.RemoveChat(tenant, session, cancellation);

        public Task<ErasedCounts> Counts(TenantId tenant, string erasure, CancellationToken cancellation) => inner.Counts(tenant, erasure, cancellation);

        public Task<IReadOnlyList<long>> ItemsOf(TenantId tenant, IReadOnlyList<RecordKey> records, CancellationToken cancellation) => inner.ItemsOf(tenant, records, cancellation);

        public Task<IReadOnlyList<BlockedMark>> Blocked(TenantId tenant, BlockedMark? after, int limit, CancellationToken cancellation) => inner.Blocked(tenant, after, limit, cancellation);

        public Task<int> Allow(TenantId tenant, IReadOnlyList<UInt128> marks, CancellationToken cancellation) => inner.Allow(tenant, marks, cancellation);
    }
}
