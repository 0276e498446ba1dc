using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Queues;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Quality;

// Goal: a decision on many items that was taken goes on to its end, each item decided on and audited once, whoever goes away and whatever dies. Method: real grains, workers and stores; one append goes wrong at each place in turn, the process ends between an append and what is remembered of it.
public sealed class BulkDecisionsTests
{
    private const string Definition = """
        name: crm
        source: {type: files, path: x}
        streams:
          deals:
            key: id
            rules: [{type: {amount: number}}]
        """;

    private static readonly BulkDecision Release = new(BulkKind.Release, "crm", null, "type:amount", null, null, null, []);

    public static TheoryData<BulkKind, int, int> Faults()
    {
        var data = new TheoryData<BulkKind, int, int>();
        foreach (var kind in Enum.GetValues<BulkKind>())
            foreach (var fault in Enum.GetValues<LogFault>())
                foreach (var at in kind == BulkKind.Edit ? (int[])[1, 3, 51, 60] : [1, 2])
                    data.Add(kind, (int)fault, at);
        return data;
    }

    [Theory, MemberData(nameof(Faults))]
    public async Task Every_item_is_decided_on_and_counted_once_whichever_append_goes_wrong(BulkKind kind, int fault, int at)
    {
        await using var world = await World.Start();
        var ids = await world.Hold(60, n => n % 3 == 0 ? "few" : "many");
        (world.Log.Owners, world.Log.Fault, world.Log.FaultAt) = ("quarantine", (LogFault)fault, at);
        var order = await world.Ask(grain => grain.Begin(kind switch
        {
            BulkKind.Edit => Release with { Kind = kind, Field = "amount", Replacements = [new ValueReplacement("many", "12"), new ValueReplacement("few", "\"still\"")] },
            BulkKind.Discard => Release with { Kind = kind, Reason = "junk" },
            _ => Release,
        }, "ann"));
        var done = await world.Ended(order.Id);
        Assert.True(world.Log.Happened);
        Assert.Equal(kind switch { BulkKind.Edit => (40, 0, 20), BulkKind.Discard => (0, 60, 0), _ => (60L, 0L, 0L) }, (done.Released, done.Discarded, done.StillHeld));
        Assert.Equal(ids.Select(id => $"quarantine/{id}").Append($"quarantine/decision/{order.Id}").Order(), (await world.Audited()).Order());
        Assert.Equal(kind == BulkKind.Discard ? 0 : kind == BulkKind.Edit ? 40 : 60, await world.Records());
        await Eventually.Comes(async () => await world.Counts() is { Done: 1, Accepted: 1 }, "the end of its item");
    }

    [Theory, InlineData(BulkKind.Release), InlineData(BulkKind.Edit), InlineData(BulkKind.Discard)]
    public async Task A_process_that_ends_in_the_middle_of_a_step_leaves_the_rest_to_the_next_one(BulkKind kind)
    {
        await using var world = await World.Start();
        var ids = await world.Hold(130, _ => "many");
        var answers = new TaskCompletionSource();
        (world.Log.Owners, world.Log.Fault, world.Log.FaultAt, world.Log.Answers) = ("quarantine", LogFault.UnknownDone, kind == BulkKind.Edit ? 70 : 2, answers.Task);
        var order = await world.Ask(grain => grain.Begin(Release with { Kind = kind, Reason = "junk", Field = kind == BulkKind.Edit ? "amount" : null, ValueJson = kind == BulkKind.Edit ? "\"still wrong\"" : null }, "ann"));
        Assert.Equal((BulkPhase.Waiting, 130L), (order.Phase, order.AtMost));
        await Eventually.Comes(() => world.Log.Happened, "the second step's append");
        var down = world.Host.Down();
        answers.SetResult();
        await down;
        await world.Host.Up();
        var done = await world.Ended(order.Id);
        Assert.Equal((BulkPhase.Done, kind switch { BulkKind.Edit => (0, 0, 130), BulkKind.Discard => (0, 130, 0), _ => (130L, 0L, 0L) }), (done.Phase, (done.Released, done.Discarded, done.StillHeld)));
        Assert.Equal(ids.Select(id => $"quarantine/{id}").Append($"quarantine/decision/{order.Id}").Order(), (await world.Audited()).Order());
    }

    [Fact]
    public async Task Errors_that_pass_do_not_make_an_order_stuck_however_many_follow_each_other()
    {
        await using var world = await World.Start();
        await world.Hold(3, _ => "many");
        (world.Log.Owners, world.Log.Fault, world.Log.FaultAt, world.Log.FaultTimes) = ("quarantine", LogFault.Full, 1, 5);
        var done = await world.Ended((await world.Ask(grain => grain.Begin(Release, "ann"))).Id);
        Assert.Equal((BulkPhase.Done, 3L, 6), (done.Phase, done.Released, world.Log.LaneAppends));
    }

    [Theory, InlineData(BulkKind.Release), InlineData(BulkKind.Edit), InlineData(BulkKind.Discard)]
    public async Task Of_two_orders_of_one_person_over_the_same_items_each_counts_those_that_it_decided_on(BulkKind kind)
    {
        await using var world = await World.Start();
        await world.Hold(60, _ => "many");
        await world.Hold(WorkLimits.OwnQueue);
        var decision = Release with { Kind = kind, Reason = "junk", Field = kind == BulkKind.Edit ? "amount" : null, ValueJson = kind == BulkKind.Edit ? "12" : null };
        var (first, second) = (await world.Ask(grain => grain.Begin(decision, "ann")), await world.Ask(grain => grain.Begin(decision with { Rule = null }, "ann")));
        await world.LetGo(WorkLimits.OwnQueue);
        var (one, other) = (await world.Ended(first.Id), await world.Ended(second.Id));
        Assert.Equal((kind == BulkKind.Discard ? (0L, 60L) : (60L, 0L), 0L), ((one.Released + other.Released, one.Discarded + other.Discarded), one.StillHeld + other.StillHeld));
        Assert.Equal(62, (await world.Audited()).Count);
    }

    [Fact]
    public async Task The_item_of_an_order_that_was_never_kept_does_nothing_to_the_one_that_got_its_number()
    {
        await using var world = await World.Start(places: 0);
        await world.Hold(3, _ => "many");
        (world.Log.Owners, world.Log.Fault, world.Log.FaultAt) = ("decisions/audit", LogFault.Full, 1);
        await Assert.ThrowsAnyAsync<Exception>(() => world.Ask(grain => grain.Begin(Release with { Kind = BulkKind.Discard, Reason = "junk" }, "ann")));
        var order = await world.Ask(grain => grain.Begin(Release, "bob"));
        Assert.Equal((1L, 2L), (order.Id, order.Item));
        var handler = world.Host.Services.GetServices<IWorkHandler>().Single(one => one.Kind == BulkHandler.OwnKind);
        var items = (await world.Leased(10)).Items;
        Assert.Equal([1, 2], items.Select(item => item.Token.Id));
        Assert.Equal(WorkVerdict.Done, await Do(items[0]));
        Assert.Equal((BulkPhase.Waiting, 0L), await world.Ask(grain => grain.Get(order.Id)) is { } before ? (before.Phase, before.Released) : default);
        Assert.Equal(WorkVerdict.Done, await Do(items[1]));
        Assert.Equal((BulkPhase.Done, 3L), await world.Ask(grain => grain.Get(order.Id)) is { } after ? (after.Phase, after.Released) : default);

        async Task<WorkVerdict> Do(Work work)
        {
            using var _ = CallerContext.For(PipelineWorld.Tenant);
            return await handler.Do(PipelineWorld.Tenant, work, default);
        }
    }

    [Fact]
    public async Task A_record_that_came_while_the_others_were_looked_at_is_not_counted_as_stored()
    {
        await using var world = await World.Start();
        await world.Hold(5, _ => "many");
        var came = 0;
        world.Log.Looked = async key =>
        {
            if (key == "3" && Interlocked.Exchange(ref came, 1) == 0)
                await world.Store("3");
        };
        var done = await world.Ended((await world.Ask(grain => grain.Begin(Release, "ann"))).Id);
        Assert.Equal((1, 4, 1), (came, done.Released, done.StillHeld));
        Assert.Equal("3", Assert.Single((await world.Held(held => held.List(new QuarantineQuery()))).Items).Key);
    }

    [Fact]
    public async Task Large_records_are_stored_by_several_appends()
    {
        await using var world = await World.Start();
        await world.Hold(3, _ => new string('m', 10 + BulkRules.MostTogetherBytes / 3));
        world.Log.Owners = "quarantine";
        var done = await world.Ended((await world.Ask(grain => grain.Begin(Release, "ann"))).Id);
        Assert.Equal((3, 2), (done.Released, world.Log.LaneAppends));
    }

    [Fact]
    public async Task What_nobody_can_decide_becomes_a_dead_letter_and_goes_on_where_it_was_once_that_is_brought_back()
    {
        await using var world = await World.Start(defined: false);
        await world.Hold(3, _ => "many");
        var order = await world.Ask(grain => grain.Begin(Release with { Kind = BulkKind.Edit, Field = "amount", ValueJson = "12" }, "ann"));
        var stuck = (await Eventually.Get(() => world.Ask(grain => grain.Get(order.Id)), view => view!.Phase == BulkPhase.Stuck, "that it is stuck"))!;
        Assert.Contains("Pipeline crm is not defined any more", stuck.Says);
        var letter = Assert.Single((await world.Dead(dead => dead.List(new WorkQuery()))).Items);
        Assert.Equal((stuck.Item, "decide", WorkCause.Rejected, $"quarantine decision {order.Id}"), (letter.Id, letter.Kind, letter.Cause, letter.Origin));
        await world.Define();
        await world.Dead(dead => dead.Revive([letter.Id], "it is mended", "ada"));
        var done = await world.Ended(order.Id);
        Assert.Equal((3, 0), (done.Released, done.StillHeld));
    }

    [Fact]
    public async Task One_that_waits_says_why_and_can_be_stopped_before_it_decides_anything()
    {
        await using var world = await World.Start();
        await world.Hold(3, _ => "many");
        await world.Queue(async queue => { await queue.Hold(WorkLimits.OwnQueue, "repairs", "ada"); return 0; });
        var order = await world.Ask(grain => grain.Begin(Release, "ann"));
        Assert.Equal((BulkPhase.Waiting, "the queue is held: repairs"), await world.Ask(grain => grain.Get(order.Id)) is { } view ? (view.Phase, view.Says) : default);
        var stopped = await world.Ask(grain => grain.Stop(order.Id, "bob"));
        Assert.Equal((BulkPhase.Stopped, "stopped by bob"), (stopped!.Phase, stopped.Says));
        await world.Queue(async queue => { await queue.LetGo(WorkLimits.OwnQueue, "repaired", "ada"); return 0; });
        await Eventually.Comes(async () => await world.Counts() is { Done: 1 }, "the end of its item");
        Assert.Equal(0, await world.Records());
        Assert.Null(await world.Ask(grain => grain.Stop(99, "bob")));
        Assert.Equal(order.Id, Assert.Single(await world.Ask(grain => grain.List())).Id);
    }

    [Fact]
    public async Task An_order_whose_item_was_lost_asks_for_another_and_a_purged_dead_letter_ends_it()
    {
        await using var world = await World.Start(places: 0);
        await world.Hold(2, _ => "many");
        var store = world.Host.Services.GetRequiredService<IQueueStore>();
        var order = await world.Ask(grain => grain.Begin(Release, "ann"));
        await End(new ItemEnd.Done());
        Assert.Equal((order.Item, "its item 1 of the queue was lost, and is put in again"), await world.Ask(grain => grain.Get(order.Id)) is { } lost ? (lost.Item, lost.Says) : default);
        await world.Remind();
        var again = (await world.Ask(grain => grain.Get(order.Id)))!;
        Assert.True(again.Item > order.Item);
        await End(new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Failed, "no"));
        Assert.Equal(BulkPhase.Stuck, (await world.Ask(grain => grain.Get(order.Id)))!.Phase);
        await world.Dead(dead => dead.Purge([again.Item], "not wanted", "ada"));
        var over = (await world.Ask(grain => grain.Get(order.Id)))!;
        Assert.Equal((BulkPhase.Stopped, 0L), (over.Phase, over.Released));
        await world.Remind();
        Assert.Equal((over.Phase, over.Says), await world.Ask(grain => grain.Get(order.Id)) is { } kept ? (kept.Phase, kept.Says) : default);

        async Task End(ItemEnd end)
        {
            var work = Assert.Single((await world.Leased(1)).Items);
            await store.End(PipelineWorld.Tenant, [new EndOrder(work.Token, _ => end)], DateTimeOffset.UtcNow, default);
        }
    }

    [Fact]
    public async Task Of_two_held_versions_of_a_record_one_is_released_and_what_is_held_later_is_not_taken()
    {
        await using var world = await World.Start();
        await world.Queue(async queue => { await queue.Hold(WorkLimits.OwnQueue, "not yet", "ada"); return 0; });
        await world.Hold(2, _ => "many", key: "same");
        var order = await world.Ask(grain => grain.Begin(Release, "ann"));
        var late = await world.Hold(1, _ => "many");
        await world.Queue(async queue => { await queue.LetGo(WorkLimits.OwnQueue, "now", "ada"); return 0; });
        var done = await world.Ended(order.Id);
        Assert.Equal((1, 1, 2), (done.Released, done.StillHeld, done.AtMost));
        Assert.Equal(QuarantineState.Held, (await world.Held(held => held.Get(late[0])))!.State);
    }

    [Fact]
    public async Task What_nothing_matches_is_over_at_once_and_what_cannot_be_meant_is_refused()
    {
        await using var world = await World.Start();
        var none = await world.Ask(grain => grain.Begin(Release with { Rule = "unique:id" }, "ann"));
        Assert.Equal((BulkPhase.Done, 0L), (none.Phase, none.Item));
        Assert.Equal(["quarantine/decision/1"], await world.Audited());
        foreach (var wrong in (BulkDecision[])[Release with { DryRun = true }, Release with { Pipeline = null, Rule = null }, Release with { Kind = BulkKind.Discard }, Release with { Kind = BulkKind.Edit, Field = "amount" }])
            Assert.Equal(RefusalCode.Invalid, (await Assert.ThrowsAsync<RefusedException>(() => world.Ask(grain => grain.Begin(wrong, "ann")))).Code);
        Assert.Equal(RefusalCode.TooLarge, (await Assert.ThrowsAsync<RefusedException>(() => world.Ask(grain => grain.Begin(Release with { Kind = BulkKind.Edit, Field = "a", ValueJson = $"\"{new string('a', 70_000)}\"" }, "ann")))).Code);
    }

    [Fact]
    public void Orders_that_ended_are_forgotten_oldest_first_and_keep_no_values()
    {
        var ended = BulkRules.Ended(new BulkOrder { Decision = Release with { ValueJson = "\"secret\"", Replacements = [new ValueReplacement("a", "1")] }, Next = [1] }, DateTimeOffset.UnixEpoch, null);
        Assert.Equal((null, 0, 0), (ended.Decision.ValueJson, ended.Decision.Replacements.Count, ended.Next.Count));
        var orders = Enumerable.Range(1, BulkRules.MostEnded + 5).Select(id => (id == 2 ? new BulkOrder { Decision = Release } : ended) with { Id = id }).ToArray();
        Assert.Equal(orders.Select(order => order.Id).Where(id => id == 2 || id > 5), BulkRules.Kept(orders).Select(order => order.Id));
    }

    private sealed class World : IAsyncDisposable
    {
        public required PipelineHost Host { get; init; }

        public FaultyLog Log => (FaultyLog)Host.Log;

        public static async Task<World> Start(bool defined = true, int places = 4)
        {
            var host = await PipelineHost.Start(services =>
            {
                var store = services.Last(service => service.ServiceType == typeof(ILogStore));
                services.AddSingleton<ILogStore>(provider => new FaultyLog((ILogStore)(store.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, store.ImplementationType!))));
                services.AddSingleton(new Random(1)).AddSophiaQueues(queue => (queue.RetryAfter, queue.OfferEvery, queue.Places) = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50), places));
            });
            var world = new World { Host = host };
            if (defined)
                await world.Define();
            return world;
        }

        public Task Define() => Host.As(pipeline => pipeline.Define(Definition, "crm.yaml"));

        public Task<T> Ask<T>(Func<IBulkDecisionsGrain, Task<T>> ask) => As(ask);

        public Task<T> Held<T>(Func<IQuarantineGrain, Task<T>> ask) => As(ask);

        public Task<T> Dead<T>(Func<IDeadLetterGrain, Task<T>> ask) => As(ask);

        public Task<T> Queue<T>(Func<IWorkQueueGrain, Task<T>> ask) => As(ask);

        public Task Hold(string queue) => Queue(async grain => { await grain.Hold(queue, "not yet", "ada"); return 0; });

        public Task LetGo(string queue) => Queue(async grain => { await grain.LetGo(queue, "now", "ada"); return 0; });

        public Task<LeasedRows> Leased(int items) =>
            Host.Services.GetRequiredService<IQueueStore>().Lease(PipelineWorld.Tenant, new LeaseOrder(WorkLimits.OwnQueue, items, 100, 10, "me", DateTimeOffset.UtcNow.AddMinutes(1), DateTimeOffset.UtcNow), default);

        public Task Remind() => Ask(async grain => { await grain.AsReference<IRemindable>().ReceiveReminder("decisions", default); return 0; });

        /// <summary>A record comes by another way.</summary>
        public async Task Store(string key)
        {
            var payload = Encoding.UTF8.GetBytes($$"""{"id":"{{key}}","amount":1}""");
            Assert.IsType<AppendOutcome.Committed>(await Host.Log.Append(PipelineWorld.Tenant, new AppendBatch
            {
                Fence = await Host.Log.Acquire(PipelineWorld.Tenant, "test", default), At = DateTimeOffset.UnixEpoch,
                Entries = [new NewEntry(EntryType.Record, "deals", key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload))],
            }, default));
        }

        public async Task<BulkOrderView> Ended(long id) => (await Eventually.Get(() => Ask(grain => grain.Get(id)), view => view!.EndedAt is not null, "the end of the decision"))!;

        public async Task<QueueView?> Counts() => (await Queue(queue => queue.View())).FirstOrDefault(view => view.Queue == WorkLimits.OwnQueue);

        public async Task<IReadOnlyList<long>> Hold(int count, Func<int, string> amount, string? key = null)
        {
            var fence = await Host.Log.Acquire(PipelineWorld.Tenant, "test", default);
            Assert.IsType<AppendOutcome.Committed>(await Host.Log.Append(PipelineWorld.Tenant, new AppendBatch
            {
                Fence = fence, At = DateTimeOffset.UnixEpoch,
                Quarantined = [.. Enumerable.Range(0, count).Select(n => (Key: key ?? n.ToString(CultureInfo.InvariantCulture), Amount: amount(n))).Select(one => new NewQuarantine("crm", "deals", one.Key, Encoding.UTF8.GetBytes($$"""{"id":"{{one.Key}}","amount":"{{one.Amount}}"}"""),
                    [new CellReason("amount", "type:amount", one.Amount, "a number", null)], new Origin("deals.csv", 10, 20, 2), 1))],
            }, default));
            return [.. (await Held(held => held.List(new QuarantineQuery(Limit: count)))).Items.Select(item => item.Id)];
        }

        /// <summary>The keys of the audit's entries on the quarantine.</summary>
        public async Task<IReadOnlyList<string>> Audited() => [.. (await Host.Log.Read(PipelineWorld.Tenant, 0, 10_000, 1 << 24, default)).Where(entry => entry.Type == EntryType.Audit && entry.Key.StartsWith("quarantine/", StringComparison.Ordinal)).Select(entry => entry.Key)];

        public async Task<int> Records() => (await Host.Log.Read(PipelineWorld.Tenant, 0, 10_000, 1 << 24, default)).Count(entry => entry.Type == EntryType.Record);

        public ValueTask DisposeAsync() => Host.DisposeAsync();

        private async Task<T> As<TGrain, T>(Func<TGrain, Task<T>> ask) where TGrain : IGrainWithStringKey
        {
            using var _ = CallerContext.For(PipelineWorld.Tenant);
            return await ask(Host.Grains.GetGrain<TGrain>(TenantKey.Of(PipelineWorld.Tenant)));
        }
    }
}
