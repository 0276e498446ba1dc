using System.Collections.Concurrent;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Queues;

// Goal: what was accepted is done, whoever dies; what cannot be done is found. Method: real grains, workers and store; silos are killed, results repeated, handlers fail as told.
public sealed class WorkFlowTests
{
    [Fact]
    public async Task What_is_accepted_is_done_and_acts_for_its_tenant()
    {
        await using var world = await QueueWorld.Start();
        Assert.All(await world.Take([.. Enumerable.Range(0, 200).Select(i => QueueWorld.Job($"{i}"))]), answer => Assert.Equal(EnqueueState.Accepted, answer.State));
        await world.Until(view => view.Done == 200, "the end of all work");
        Assert.Equal(200, world.Begun.Select(one => one.Work.Payload).Distinct().Count());
    }

    [Fact]
    public async Task Work_of_a_killed_silo_is_done_by_another_once_its_lease_has_ended()
    {
        await using var world = await QueueWorld.Start(TimeSpan.FromSeconds(10), "one", "two");
        var (held, begun) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        world.Doing = async (silo, _, _, _) =>
        {
            if (silo == "one")
                begun.TrySetResult();
            await (silo == "one" ? held : begun).Task;
            return WorkVerdict.Done;
        };
        // More than one silo has places for.
        await world.Take([.. Enumerable.Range(0, 40).Select(i => QueueWorld.Job($"{i}"))]);
        await Eventually.Comes(() => world.Begun.Any(one => one.Silo == "one"), "work in hand of the silo that will die");
        await world.Kill("one");
        var view = await world.Until(view => view.Done == 40, "all work done by the other silo");
        Assert.Equal((40, 0, 0), (view.Accepted, view.Dead, view.Quarantined));
        // What the dead one says late changes nothing.
        held.SetResult();
        Assert.Equal(40, (await world.Counts()).Done);
    }

    [Fact]
    public async Task What_a_killed_silo_had_in_hand_is_begun_once_more_and_no_key_gets_out_of_order()
    {
        // A lease that only a dead silo lets end.
        await using var world = await QueueWorld.Start(TimeSpan.FromSeconds(10), "one", "two");
        var (held, begun, done) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new ConcurrentQueue<string>());
        world.Doing = async (silo, _, work, _) =>
        {
            if (silo == "one")
                begun.TrySetResult();
            await (silo == "one" ? held : begun).Task;
            done.Enqueue(work.Payload);
            return WorkVerdict.Done;
        };
        // More keys than one silo has places for.
        const int Keys = 20, Items = 200;
        await world.Take([.. Enumerable.Range(0, Items).Select(i => QueueWorld.Job($"{i % Keys}/{i:D3}") with { OrderKey = $"k{i % Keys}" })]);
        await Eventually.Comes(() => world.Begun.Any(one => one.Silo == "one"), "work in hand of the silo that will die");
        await world.Kill("one");
        var (taken, view) = (world.Begun.Where(one => one.Silo == "one").Select(one => one.Work.Payload).ToHashSet(), await world.Until(view => view.Done == Items, "all work done by the other silo"));
        Assert.Equal((Items, 0, 0), (view.Accepted, view.Dead, view.Quarantined));
        var again = world.Begun.Where(one => one.Silo == "two").ToList();
        Assert.Equal(Items, again.Select(one => one.Work.Payload).Distinct().Count());
        // Some may have been leased by the dead one and not begun; and where the queue died before it heard of an end, which only a cluster's calls tell again, its work is begun anew.
        Assert.All(again.GroupBy(one => one.Work.Payload), times => Assert.InRange(times.Min(one => one.Work.Attempt), taken.Contains(times.Key) ? 2 : 1, 2));
        foreach (var key in done.GroupBy(payload => payload.Split('/')[0]))
            Assert.Equal(key.Order(StringComparer.Ordinal), key);
        held.SetResult();
        Assert.Equal(Items, (await world.Counts()).Done);
    }

    [Fact]
    public async Task Work_that_does_not_heed_that_its_time_is_over_loses_its_lease_and_is_done_by_another_attempt()
    {
        await using var world = await QueueWorld.Start(TimeSpan.FromSeconds(5));
        var (stuck, told) = (new TaskCompletionSource(), new TaskCompletionSource());
        world.AttemptFor = TimeSpan.FromMilliseconds(1);
        world.Doing = async (_, _, work, cancellation) =>
        {
            if (work.Attempt > 1)
                return WorkVerdict.Done;
            cancellation.Register(() => told.TrySetResult());
            await stuck.Task;
            return new WorkVerdict.Rejected("it comes too late");
        };
        await world.Take(QueueWorld.Job());
        await told.Task;
        var view = await world.Until(view => view.Done == 1, "another attempt, once the lease of the first has ended");
        Assert.Equal((1, 0, 0), (view.Accepted, view.Dead, view.Quarantined));
        Assert.False(stuck.Task.IsCompleted);
        // What the first one says late changes nothing.
        stuck.SetResult();
        Assert.Equal(1, (await world.Counts()).Done);
    }

    [Fact]
    public async Task What_the_rules_hold_back_is_in_the_audit_as_what_a_person_holds_back()
    {
        await using var world = await QueueWorld.Start(TimeSpan.FromSeconds(1));
        var never = new TaskCompletionSource();
        world.AttemptFor = TimeSpan.FromMilliseconds(1);
        world.Doing = async (_, _, _, _) =>
        {
            await never.Task;
            return WorkVerdict.Done;
        };
        var id = (await world.Take(QueueWorld.Job()))[0].Id;
        await world.Until(view => view.Quarantined == 1, "the end of its third lease");
        var deed = await Eventually.Get(async () => (await world.Dead(dead => dead.Deeds(10))).SingleOrDefault(), deed => deed is not null, "the audit");
        Assert.Equal(("quarantine", $"{id}", "rules"), (deed!.What, deed.Of, deed.By));
        Assert.Contains("lease ended", deed.Because);
        never.SetResult();
    }

    [Fact]
    public async Task A_late_result_of_an_older_lease_is_refused()
    {
        await using var world = await QueueWorld.Start();
        await world.Queue(queue => queue.Enqueue([new NewWork("others", "kind", "1")], default));
        var first = (await world.Queue(queue => queue.Lease(new LeaseRequest("others", "first", For: TimeSpan.FromSeconds(1)), default))).Items.Single();
        var second = (await Eventually.Get(() => world.Queue(queue => queue.Lease(new LeaseRequest("others", "second"), default)), leased => leased.Items.Count == 1, "a second lease")).Items.Single();
        Assert.Equal((first.Token.Id, 2), (second.Token.Id, second.Attempt));
        Assert.Equal([FinishAnswer.Late], await world.Queue(queue => queue.Finish("others", [new WorkResult(first.Token, WorkEnd.Done)], default)));
        Assert.Equal([FinishAnswer.Done], await world.Queue(queue => queue.Finish("others", [new WorkResult(second.Token, WorkEnd.Done)], default)));
        Assert.Equal([FinishAnswer.Late], await world.Queue(queue => queue.Finish("others", [new WorkResult(second.Token, WorkEnd.Done)], default)));
    }

    [Fact]
    public async Task Items_of_a_key_are_done_in_order_also_where_they_fail_at_first()
    {
        await using var world = await QueueWorld.Start("one", "two");
        var done = new ConcurrentQueue<string>();
        world.Doing = (_, _, work, _) =>
        {
            if (work.Attempt < 3 && work.Token.Id % 3 == 0)
                return Task.FromResult<WorkVerdict>(new WorkVerdict.Failed("not yet"));
            done.Enqueue(work.Payload);
            return Task.FromResult(WorkVerdict.Done);
        };
        await world.Take([.. Enumerable.Range(0, 60).Select(i => QueueWorld.Job($"{i % 4}/{i:D3}") with { OrderKey = $"k{i % 4}" })]);
        await world.Until(view => view.Done == 60, "the end of all work");
        foreach (var key in done.GroupBy(payload => payload[0]))
            Assert.Equal(key.Order(StringComparer.Ordinal), key);
    }

    [Fact]
    public async Task Every_way_to_fail_has_its_cause()
    {
        await using var world = await QueueWorld.Start();
        world.Doing = (_, _, work, _) => work.Payload switch
        {
            "fail" => Task.FromResult<WorkVerdict>(new WorkVerdict.Failed("the store is away")),
            "reject" => Task.FromResult<WorkVerdict>(new WorkVerdict.Rejected("it is no number")),
            _ => throw new InvalidOperationException("boom"),
        };
        await world.Take(QueueWorld.Job("fail"), QueueWorld.Job("reject"), QueueWorld.Job("throw") with { MaxAttempts = 1 }, QueueWorld.Job() with { Kind = "unknown", MaxAttempts = 1 },
            QueueWorld.Job("late") with { Deadline = DateTimeOffset.UnixEpoch });
        await world.Until(view => view.Dead == 5, "five dead letters");
        var items = (await world.Dead(dead => dead.List(new WorkQuery()))).Items.ToDictionary(item => item.Id);
        Assert.Equal([(WorkCause.Failed, 3, "the store is away"), (WorkCause.Rejected, 1, "it is no number"), (WorkCause.Failed, 1, "InvalidOperationException: boom"), (WorkCause.NoHandler, 1, "Nothing here does work of the kind \"unknown\"."), (WorkCause.Expired, 0, "It was not begun before its deadline.")],
            items.Values.OrderBy(item => item.Id).Select(item => (item.Cause!.Value, item.Attempts, item.Error!)));
        Assert.All(items.Values, item => Assert.Null(item.Payload));
        Assert.Equal("fail", (await world.Dead(dead => dead.Get(items.Keys.Min(), true)))!.Payload);
    }

    [Fact]
    public async Task A_full_queue_says_when_to_come_again_and_a_held_one_waits()
    {
        await using var world = await QueueWorld.Start();
        await world.Queue(async queue =>
        {
            await queue.Hold(null, "repairs", "ada");
            return true;
        });
        for (var i = 0; i < 5; i++)
            await world.Take([.. Enumerable.Range(0, 1_000).Select(_ => QueueWorld.Job())]);
        var full = (await world.Take(QueueWorld.Job()))[0];
        Assert.Equal((EnqueueState.Full, 0, true), (full.State, full.Id, full.RetryAt > DateTimeOffset.UnixEpoch));
        Assert.Empty(world.Begun);
        Assert.Equal("repairs", (await world.Queue(queue => queue.View()))[0].HeldBecause);
        await world.Queue(async queue =>
        {
            await queue.LetGo(null, "mended", "ada");
            return true;
        });
        await Eventually.Comes(() => !world.Begun.IsEmpty, "work after the hold");
        Assert.Equal([("let-go", "*", "mended"), ("hold", "*", "repairs")], (await world.Dead(dead => dead.Deeds(10))).Select(deed => (deed.What, deed.Of, deed.Because)));
    }

    [Fact]
    public async Task A_replay_begins_with_a_canary_and_stops_by_itself_where_it_goes_wrong()
    {
        await using var world = await QueueWorld.Start();
        var mended = false;
        world.Doing = (_, _, _, _) => Task.FromResult(mended ? WorkVerdict.Done : new WorkVerdict.Rejected("broken"));
        await world.Take([.. Enumerable.Range(0, 30).Select(i => QueueWorld.Job($"{i}"))]);
        await world.Until(view => view.Dead == 30, "dead letters");
        var dry = await world.Dead(dead => dead.Replay(new DeadReplayOrder(DryRun: true, Cause: WorkCause.Rejected), "ada"));
        Assert.Equal((DeadReplayPhase.DryRun, 30, 20), (dry.Phase, dry.Taken, dry.Sample.Count));
        Assert.Equal(30, (await world.Counts()).Dead);

        await world.Dead(dead => dead.Replay(new DeadReplayOrder(Because: "mended"), "ada"));
        var stopped = (await Eventually.Get(() => world.Dead(dead => dead.Replaying()), view => view!.EndedAt is not null, "the end of the replay"))!;
        Assert.Equal((DeadReplayPhase.StoppedItself, 1, 1, 0), (stopped.Phase, stopped.Replayed, stopped.Failed, stopped.Succeeded));
        Assert.Contains("failed again", stopped.Why);
        Assert.Equal([("replay-stopped", "1", "rules", stopped.Why), ("replay", "queue *, kind *, cause *, error *", "ada", "mended")], (await world.Dead(dead => dead.Deeds(10))).Select(deed => (deed.What, deed.Of, deed.By, deed.Because)));

        mended = true;
        await world.Dead(dead => dead.Replay(new DeadReplayOrder(Canary: 1, MostAtOnce: 8, Because: "mended"), "ada"));
        await Assert.ThrowsAsync<RefusedException>(() => world.Dead(dead => dead.Replay(new DeadReplayOrder(Because: "mended"), "bob")));
        var done = (await Eventually.Get(() => world.Dead(dead => dead.Replaying()), view => view!.EndedAt is not null, "the end of the replay"))!;
        Assert.Equal((DeadReplayPhase.Done, 30, 30, 0), (done.Phase, done.Replayed, done.Succeeded, done.Failed));
        Assert.Equal((30, 0), await world.Counts() is var counts ? (counts.Done, counts.Dead) : default);
    }

    [Fact]
    public async Task Leases_are_renewed_beside_a_tenant_whose_queue_does_not_answer()
    {
        await using var world = await QueueWorld.Start(TimeSpan.FromSeconds(5));
        var (stuck, gate, never) = (TenantId.Parse("stuck"), new TaskCompletionSource(), new TaskCompletionSource<IReadOnlyList<bool>>());
        var renewed = 0;
        world.Instead = (method, tenant) =>
        {
            if (method != nameof(IQueueStore.Extend))
                return null;
            if (tenant == stuck)
                return never.Task;
            Interlocked.Increment(ref renewed);
            return null;
        };
        world.Doing = async (_, _, _, _) =>
        {
            await gate.Task;
            return WorkVerdict.Done;
        };
        await world.Queue(queue => queue.Enqueue([QueueWorld.Job()], default), stuck);
        await Eventually.Comes(() => world.Begun.Count == 1, "the stuck tenant's work");
        await world.Take(QueueWorld.Job());
        await Eventually.Comes(() => Volatile.Read(ref renewed) >= 6, "renewals of the other's lease for twice its length");
        gate.SetResult();
        await world.Until(view => view.Done == 1, "its end");
        Assert.Equal(1, world.Begun.Count(one => one.Tenant == QueueWorld.Acme));
        never.SetResult([true]);
    }

    [Fact]
    public async Task Nothing_is_handed_out_while_it_is_not_known_who_is_suspended_and_no_attempt_counts()
    {
        await using var world = await QueueWorld.Start();
        world.Knows = false;
        await world.Take(QueueWorld.Job());
        var leased = await world.Queue(queue => queue.Lease(new LeaseRequest(WorkLimits.OwnQueue, "somebody"), default));
        Assert.Empty(leased.Items);
        Assert.Empty(world.Begun);
        world.Knows = true;
        await world.Until(view => view.Done == 1, "what waited is done");
        Assert.Single(world.Begun);
    }

    [Fact]
    public async Task Work_for_a_far_moment_is_taken_and_waits()
    {
        await using var world = await QueueWorld.Start();
        var answers = await world.Take(QueueWorld.Job() with { NotBefore = DateTimeOffset.UtcNow.AddDays(400) }, QueueWorld.Job() with { NotBefore = DateTimeOffset.MaxValue });
        Assert.All(answers, answer => Assert.Equal(EnqueueState.Accepted, answer.State));
        await world.Take(QueueWorld.Job());
        await world.Until(view => view is { Done: 1, Pending: 2 }, "what is due done, and the rest waiting");
    }

    [Fact]
    public async Task A_flood_of_one_tenant_does_not_stand_before_another_s_work()
    {
        await using var world = await QueueWorld.Start();
        var gate = new TaskCompletionSource();
        world.Doing = async (_, _, _, _) =>
        {
            await gate.Task;
            return WorkVerdict.Done;
        };
        await world.Take([.. Enumerable.Range(0, 1_000).Select(_ => QueueWorld.Job())]);
        await Eventually.Comes(() => world.Begun.Count == 16, "every place taken");
        var quiet = TenantId.Parse("quiet");
        await world.Queue(queue => queue.Enqueue([QueueWorld.Job("quiet")], default), quiet);
        gate.SetResult();
        await Eventually.Comes(() => world.Begun.Any(one => one.Tenant == quiet), "the quiet tenant's work");
        Assert.True(world.Begun.TakeWhile(one => one.Tenant != quiet).Count() <= 500, "the quiet one's work came after most of the flood");
    }
}
