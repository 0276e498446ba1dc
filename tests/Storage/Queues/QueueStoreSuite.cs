using Sophia.Tenants;

namespace Sophia.Queues;

// Goal: an item is in exactly one state, whatever happens, and goes out in the order that was promised. Method: the same questions to every engine; counts are compared with rows after each.
public abstract partial class QueueStoreSuite : IAsyncLifetime
{
    protected static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    protected static readonly TenantId Acme = TenantId.Parse("acme");

    protected abstract IQueueStore Store { get; }

    public Task InitializeAsync() => Task.CompletedTask;

    public abstract Task DisposeAsync();

    private static readonly QueueBounds Wide = new(1_000, 1_000), Two = new(2, 1_000);

    protected static NewWork Job(string payload = "{}") => new("jobs", "sum", payload);

    protected async Task<long> Take(NewWork work, DateTimeOffset? at = null) => (await Store.Enqueue(Acme, [work], Wide, at ?? Noon, default))[0].Id;

    protected Task<LeasedRows> Lease(int items = 1, DateTimeOffset? at = null, int cost = int.MaxValue, int cap = 1_000, string queue = "jobs") =>
        Store.Lease(Acme, new LeaseOrder(queue, items, cost, cap, "me", (at ?? Noon).AddMinutes(1), at ?? Noon), default);

    protected async Task<EndedRow> End(LeaseToken token, ItemEnd end, DateTimeOffset? at = null) => (await Store.End(Acme, [new EndOrder(token, _ => end)], at ?? Noon, default))[0];

    protected async Task<QueueView> Counts(string queue = "jobs")
    {
        var view = (await Store.Queues(Acme, default)).Single(one => one.Queue == queue);
        Assert.Equal(view.Accepted, view.Pending + view.Leased + view.Done + view.Dead + view.Quarantined);
        foreach (var (state, count) in ((WorkState, long)[])[(WorkState.Pending, view.Pending), (WorkState.Leased, view.Leased), (WorkState.Dead, view.Dead), (WorkState.Quarantined, view.Quarantined)])
            Assert.Equal(count, (await Store.List(Acme, new WorkQuery(queue, State: state, Limit: 10_000), false, default)).Items.Count);
        return view;
    }

    [EngineFact]
    public async Task What_was_taken_is_handed_out_once_and_done_once()
    {
        var id = await Take(Job("""{"n":"Zürich"}"""));
        var work = Assert.Single((await Lease(10)).Items);
        Assert.Equal((id, "jobs", "sum", """{"n":"Zürich"}""", 1, 3), (work.Token.Id, work.Queue, work.Kind, work.Payload, work.Attempt, work.MaxAttempts));
        Assert.Empty((await Lease(10)).Items);
        Assert.Equal(1, (await Counts()).Leased);
        Assert.Equal(FinishAnswer.Done, (await End(work.Token, new ItemEnd.Done())).Answer);
        Assert.Equal(FinishAnswer.Late, (await End(work.Token, new ItemEnd.Done())).Answer);
        var view = await Counts();
        Assert.Equal((1, 0, 0, 1), (view.Accepted, view.Pending, view.Leased, view.Done));
        Assert.Null(await Store.Find(Acme, id, default));
    }

    [EngineFact]
    public async Task The_end_of_an_older_lease_changes_nothing()
    {
        await Take(Job());
        var first = (await Lease()).Items[0].Token;
        await End(first, new ItemEnd.Again(Noon, "slow"));
        var second = (await Lease()).Items[0];
        Assert.Equal((first.Id, 2), (second.Token.Id, second.Attempt));
        Assert.True(second.Token.Lease > first.Lease);
        Assert.Equal(FinishAnswer.Late, (await End(first, new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Failed, "late"))).Answer);
        Assert.Equal([false, true], await Store.Extend(Acme, "jobs", [first, second.Token], Noon.AddHours(1), default));
        Assert.Equal(1, (await Counts()).Leased);
        Assert.Equal(FinishAnswer.Done, (await End(second.Token, new ItemEnd.Done())).Answer);
    }

    [EngineFact]
    public async Task What_is_done_in_part_stands_behind_what_came_meanwhile_with_all_its_attempts_before_it()
    {
        var first = await Take(Job() with { Deadline = Noon.AddSeconds(1), OrderKey = "k" });
        await End((await Lease()).Items[0].Token, new ItemEnd.Again(Noon, "slow", Lapsed: true));
        var work = (await Lease()).Items[0];
        Assert.Equal((first, 2), (work.Token.Id, work.Attempt));
        var second = await Take(Job(), Noon.AddSeconds(1));
        Assert.Equal(new EndedRow(FinishAnswer.Again, "jobs", true), await End(work.Token, new ItemEnd.Again(Noon.AddSeconds(2), null, Anew: true), Noon.AddSeconds(2)));
        var left = (await Lease(10, Noon.AddSeconds(3))).Items;
        Assert.Equal([(second, 1), (first, 1)], left.Select(one => (one.Token.Id, one.Attempt)));
        var item = (await Store.Find(Acme, first, default))!;
        Assert.Equal((WorkState.Leased, 0, null, null), (item.State, item.Lapses, item.Deadline, item.Error));
        Assert.Equal(2, (await Counts()).Leased);
    }

    [EngineFact]
    public async Task A_number_is_never_given_twice_even_where_the_items_are_gone()
    {
        var first = await Take(Job());
        await End((await Lease()).Items[0].Token, new ItemEnd.Done());
        Assert.True(await Take(Job()) > first);
    }

    [EngineFact]
    public async Task A_known_dedup_key_is_answered_with_the_first_id_until_it_is_forgotten()
    {
        var first = await Take(Job() with { DedupKey = "d" });
        var both = await Store.Enqueue(Acme, [Job() with { DedupKey = "d" }, Job() with { DedupKey = "d", Queue = "others" }, Job() with { DedupKey = "e" }, Job() with { DedupKey = "e" }], Wide, Noon, default);
        Assert.Equal([EnqueueState.Known, EnqueueState.Accepted, EnqueueState.Accepted, EnqueueState.Known], both.Select(one => one.State));
        Assert.Equal((first, both[2].Id), (both[0].Id, both[3].Id));
        foreach (var work in (await Lease(10)).Items)
            await End(work.Token, new ItemEnd.Done());
        Assert.Equal(first, await Take(Job() with { DedupKey = "d" }));
        Assert.Equal(Noon, (await Store.Look(Acme, "jobs", default)).OldestDone);
        await Store.Ripen(Acme, Noon, Noon, 100, default);
        Assert.True(await Take(Job() with { DedupKey = "d" }) > first);
        Assert.Equal(3, (await Counts()).Accepted);
    }

    [EngineFact]
    public async Task Urgent_goes_first_and_waiting_outweighs_urgency_without_an_end()
    {
        var low = await Take(Job() with { Priority = 0 });
        var high = await Take(Job() with { Priority = 9 }, Noon.AddSeconds(1));
        Assert.Equal([high], (await Lease(1, Noon.AddMinutes(1))).Items.Select(work => work.Token.Id));
        // What is worth 9 steps of 30 s more, but came later than that, goes after it.
        var later = await Take(Job() with { Priority = 9 }, Noon.AddSeconds(271));
        Assert.Equal([low, later], (await Lease(2, Noon.AddHours(10))).Items.Select(work => work.Token.Id));
    }

    [EngineFact]
    public async Task A_retry_keeps_its_place_and_waits_for_its_time()
    {
        var first = await Take(Job());
        var second = await Take(Job(), Noon.AddSeconds(1));
        var work = (await Lease(1, Noon.AddSeconds(1))).Items[0];
        await End(work.Token, new ItemEnd.Again(Noon.AddSeconds(10), "not yet"));
        Assert.Equal(Noon.AddSeconds(10), (await Store.Look(Acme, "jobs", default)).NextDue);
        Assert.Equal([second], (await Lease(5, Noon.AddSeconds(9))).Items.Select(one => one.Token.Id));
        await Take(Job(), Noon.AddSeconds(10));
        Assert.Equal(first, (await Lease(5, Noon.AddSeconds(10))).Items[0].Token.Id);
    }

    [EngineFact]
    public async Task What_is_for_later_waits_and_is_said()
    {
        var later = await Take(Job() with { NotBefore = Noon.AddHours(1), Priority = 9 });
        var outlook = await Store.Look(Acme, "jobs", default);
        Assert.Equal((0, 0, Noon.AddHours(1)), (outlook.Ready, outlook.NextCost, outlook.NextDue));
        Assert.Empty((await Lease(1, Noon.AddMinutes(59))).Items);
        Assert.Equal(later, Assert.Single((await Lease(1, Noon.AddHours(1))).Items).Token.Id);
    }

    [EngineFact]
    public async Task What_is_past_its_deadline_is_dead_and_said_so()
    {
        var late = await Take(Job() with { Deadline = Noon.AddSeconds(5) });
        var good = await Take(Job() with { Deadline = Noon.AddSeconds(15) });
        Assert.Equal([good], (await Lease(1, Noon.AddSeconds(10))).Items.Select(work => work.Token.Id));
        var item = (await Store.Find(Acme, late, default))!;
        Assert.Equal((WorkState.Dead, WorkCause.Expired), (item.State, item.Cause));
        Assert.Equal(1, (await Counts()).Dead);
    }

    [EngineFact]
    public async Task Items_of_one_key_go_one_after_the_other_also_across_retries()
    {
        var ids = new List<long>();
        for (var i = 0; i < 3; i++)
            ids.Add(await Take(Job() with { OrderKey = "k" }));
        var free = await Take(Job());
        Assert.Equal([ids[0], free], (await Lease(10)).Items.Select(work => work.Token.Id).Order());
        var first = new LeaseToken(ids[0], 1);
        await End(first, new ItemEnd.Again(Noon.AddSeconds(5), "again"));
        Assert.Empty((await Lease(10)).Items);
        var again = (await Lease(10, Noon.AddSeconds(5))).Items.Single();
        Assert.Equal(ids[0], again.Token.Id);
        Assert.True((await End(again.Token, new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Failed, "no"))).Freed);
        var second = (await Lease(10)).Items.Single();
        Assert.Equal(ids[1], second.Token.Id);
        // What is brought back stands behind what is at work, and before what came later.
        await Store.Change(Acme, [ids[0]], new WorkDecision.Revive(), Noon, default);
        Assert.Empty((await Lease(10)).Items);
        await End(second.Token, new ItemEnd.Done());
        Assert.Equal(ids[0], (await Lease(10)).Items.Single().Token.Id);
        await Counts();
    }

    [EngineFact]
    public async Task A_quarantine_of_one_that_waits_lets_nobody_of_its_key_go_before_the_one_at_work()
    {
        var ids = new[] { await Take(Job() with { OrderKey = "k" }), await Take(Job() with { OrderKey = "k" }), await Take(Job() with { OrderKey = "k" }) };
        await End((await Lease()).Items[0].Token, new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Failed, "no"));
        var second = (await Lease()).Items.Single();
        await Store.Change(Acme, [ids[0]], new WorkDecision.Revive(), Noon, default);
        await Store.Change(Acme, [ids[2]], new WorkDecision.Quarantine("odd"), Noon, default);
        Assert.Empty((await Lease(10)).Items);
        await End(second.Token, new ItemEnd.Done());
        Assert.Equal(ids[0], (await Lease(10)).Items.Single().Token.Id);
    }

    [EngineFact]
    public async Task A_quarantine_of_several_of_a_key_at_once_lets_the_next_one_go()
    {
        foreach (var order in (int[][])[[0, 1, 2], [2, 1, 0]])
        {
            var ids = new List<long>();
            for (var i = 0; i < 4; i++)
                ids.Add(await Take(Job() with { OrderKey = $"k{order[0]}" }));
            await Store.Change(Acme, [.. order.Select(one => ids[one])], new WorkDecision.Quarantine("odd"), Noon, default);
            Assert.Equal(ids[3], (await Lease(10)).Items.Single().Token.Id);
        }
    }

    [EngineFact]
    public async Task A_lease_takes_no_more_than_its_cost_and_the_queue_s_cap_allow()
    {
        foreach (var cost in (int[])[2, 3, 4])
            await Take(Job() with { Cost = cost });
        var nothing = await Lease(10, cost: 1);
        Assert.Equal((0, 3, 2), (nothing.Items.Count, nothing.Left, nothing.NextCost));
        var two = await Lease(10, cost: 6);
        Assert.Equal((2, 1, 4, false), (two.Items.Count, two.Left, two.NextCost, two.Capped));
        var capped = await Lease(10, cap: 2);
        Assert.Equal((0, 0, true), (capped.Items.Count, capped.Left, capped.Capped));
        Assert.Single((await Lease(10, cap: 3)).Items);
    }

    [EngineFact]
    public async Task A_full_queue_takes_nothing_and_others_do()
    {
        var answers = await Store.Enqueue(Acme, [Job(), Job(), Job(), Job() with { Queue = "others" }], Two, Noon, default);
        Assert.Equal([EnqueueState.Accepted, EnqueueState.Accepted, EnqueueState.Full, EnqueueState.Accepted], answers.Select(answer => answer.State));
        Assert.Equal(new QueueFull(2, OfTenant: false, GivenUp: 0), answers[2].Full);
        var work = (await Lease(1)).Items[0];
        Assert.Equal(EnqueueState.Full, (await Store.Enqueue(Acme, [Job()], Two, Noon, default))[0].State);
        await End(work.Token, new ItemEnd.Done());
        Assert.Equal(EnqueueState.Accepted, (await Store.Enqueue(Acme, [Job()], Two, Noon, default))[0].State);
    }

    [EngineFact]
    public async Task A_full_queue_says_how_many_of_its_items_make_no_room_by_themselves()
    {
        await Take(Job());
        await Take(Job());
        await Take(Job() with { Queue = "others" });
        foreach (var (work, state) in (await Lease(2)).Items.Zip([WorkState.Dead, WorkState.Quarantined]))
            await End(work.Token, new ItemEnd.GivenUp(state, WorkCause.Failed, "no"));
        Assert.Equal(new QueueFull(2, OfTenant: false, GivenUp: 2), (await Store.Enqueue(Acme, [Job()], Two, Noon, default))[0].Full);
    }

    [EngineFact]
    public async Task All_queues_of_a_tenant_s_programs_together_have_a_bound_and_Sophia_s_own_are_not_among_them()
    {
        var bounds = new QueueBounds(1_000, 3);
        await Take(Job() with { Queue = WorkLimits.OwnQueue });
        await Take(Job() with { Queue = WorkLimits.RunsQueue });
        var answers = await Store.Enqueue(Acme, [Job(), Job() with { Queue = "others" }, Job() with { Queue = "third" }, Job() with { Queue = "fourth" }, Job(), Job() with { Queue = WorkLimits.OwnQueue }], bounds, Noon, default);
        Assert.Equal([EnqueueState.Accepted, EnqueueState.Accepted, EnqueueState.Accepted, EnqueueState.Full, EnqueueState.Full, EnqueueState.Accepted], answers.Select(answer => answer.State));
        Assert.Equal(new QueueFull(3, OfTenant: true, GivenUp: 0), answers[3].Full);
        await End((await Lease(1)).Items[0].Token, new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Failed, "no"));
        Assert.Equal(new QueueFull(3, OfTenant: true, GivenUp: 1), (await Store.Enqueue(Acme, [Job()], bounds, Noon, default))[0].Full);
        await End((await Lease(1, queue: "others")).Items[0].Token, new ItemEnd.Done());
        Assert.Equal([EnqueueState.Accepted, EnqueueState.Full], (await Store.Enqueue(Acme, [Job(), Job()], bounds, Noon, default)).Select(answer => answer.State));
        Assert.Equal(EnqueueState.Accepted, (await Store.Enqueue(TenantId.Parse("beside"), [Job()], bounds, Noon, default))[0].State);
    }

    [EngineFact]
    public async Task Leases_that_end_without_a_word_are_found()
    {
        await Take(Job());
        var token = (await Lease()).Items[0].Token;
        Assert.Empty(await Store.Lapsed(Acme, Noon.AddSeconds(59), 10, default));
        Assert.Equal([token], await Store.Lapsed(Acme, Noon.AddMinutes(1), 10, default));
        await Store.Extend(Acme, "jobs", [token], Noon.AddMinutes(5), default);
        Assert.Empty(await Store.Lapsed(Acme, Noon.AddMinutes(4), 10, default));
        Assert.Equal(Noon.AddMinutes(5), (await Store.Look(Acme, "jobs", default)).NextLapse);
        await End(token, new ItemEnd.Again(Noon, null, Lapsed: true));
        Assert.Equal(1, (await Store.Find(Acme, token.Id, default))!.Lapses);
    }

    [EngineFact]
    public async Task A_lease_is_renewed_and_ended_in_its_own_queue_alone()
    {
        var id = await Take(Job());
        var token = (await Lease()).Items[0].Token;
        Assert.Equal([false], await Store.Extend(Acme, "others", [token], Noon.AddHours(1), default));
        Assert.Equal(Noon.AddMinutes(1), (await Store.Look(Acme, "jobs", default)).NextLapse);
        Assert.Equal(FinishAnswer.Late, (await Store.End(Acme, [new EndOrder(token, _ => new ItemEnd.Done(), "others")], Noon, default))[0].Answer);
        Assert.Equal(WorkState.Leased, (await Store.Find(Acme, id, default))!.State);
        Assert.Equal([FinishAnswer.Late, FinishAnswer.Done, FinishAnswer.Late],
            (await Store.End(Acme, [new EndOrder(token, _ => new ItemEnd.Done(), "others"), new EndOrder(token, _ => new ItemEnd.Done(), "jobs"), new EndOrder(token, _ => new ItemEnd.Done())], Noon, default)).Select(row => row.Answer));
        Assert.Equal(1, (await Counts()).Done);
    }

    [EngineFact]
    public async Task A_queue_that_never_had_anything_is_forgotten_when_it_is_let_go()
    {
        await Store.Hold(Acme, "misspelt", null, default);
        Assert.Empty(await Store.Queues(Acme, default));
        await Store.Hold(Acme, "misspelt", new Holding("oops", "ada", Noon), default);
        await Store.Hold(Acme, "", new Holding("all", "ada", Noon), default);
        await Store.Weigh(Acme, 3, default);
        Assert.Equal(["", "misspelt"], (await Store.Queues(Acme, default)).Select(queue => queue.Queue));
        await Store.Hold(Acme, "misspelt", null, default);
        await Store.Hold(Acme, "", null, default);
        Assert.Equal(("", 3), Assert.Single(await Store.Queues(Acme, default)) is var all ? (all.Queue, all.Weight) : default);
        await Take(Job() with { Queue = "misspelt" });
        await Store.Hold(Acme, "misspelt", new Holding("now it is", "ada", Noon), default);
        await Store.Hold(Acme, "misspelt", null, default);
        Assert.Equal(1, (await Counts("misspelt")).Pending);
    }

    [EngineFact]
    public async Task A_held_queue_takes_in_and_gives_nothing_out()
    {
        await Store.Hold(Acme, "jobs", new Holding("poisoned", "ada", Noon), default);
        await Take(Job());
        Assert.Empty((await Lease()).Items);
        Assert.Equal(0, (await Store.Look(Acme, "jobs", default)).Ready);
        await Store.Hold(Acme, "jobs", null, default);
        await Store.Hold(Acme, "", new Holding("all of it", "ada", Noon), default);
        Assert.Empty((await Lease()).Items);
        Assert.Equal("all of it", (await Counts("")).HeldBecause);
        await Store.Hold(Acme, "", null, default);
        await Store.Weigh(Acme, 7, default);
        Assert.Equal(7, (await Lease()).Weight);
    }

    [EngineFact]
    public async Task Tenants_have_nothing_in_common()
    {
        var id = await Take(Job());
        var other = TenantId.Parse("globex");
        Assert.Empty((await Store.Lease(other, new LeaseOrder("jobs", 10, 100, 100, "me", Noon, Noon), default)).Items);
        Assert.Null(await Store.Find(other, id, default));
        Assert.Empty(await Store.Queues(other, default));
    }
}
