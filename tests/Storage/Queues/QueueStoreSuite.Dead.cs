namespace Sophia.Queues;

public abstract partial class QueueStoreSuite
{
    private async Task<long> Dead(string kind, WorkCause cause, string error, string? dedup = null)
    {
        await Take(Job($"\"{kind}\"") with { Kind = kind, DedupKey = dedup });
        var work = (await Lease()).Items[0];
        await End(work.Token, new ItemEnd.GivenUp(cause == WorkCause.Lapsed ? WorkState.Quarantined : WorkState.Dead, cause, error));
        return work.Token.Id;
    }

    [EngineFact]
    public async Task Dead_letters_are_found_by_queue_kind_cause_and_words_of_the_error()
    {
        var ids = new[] { await Dead("a", WorkCause.Failed, "Timeout at Ä"), await Dead("b", WorkCause.Rejected, "no such 100%"), await Dead("a", WorkCause.Lapsed, "gone") };
        Assert.Equal([ids[2], ids[1], ids[0]], await Found(new WorkQuery()));
        Assert.Equal([ids[2], ids[0]], await Found(new WorkQuery(Kind: "a")));
        Assert.Equal([ids[1]], await Found(new WorkQuery(Cause: WorkCause.Rejected)));
        Assert.Equal([ids[0]], await Found(new WorkQuery(Error: "TIMEOUT")));
        Assert.Equal([ids[1]], await Found(new WorkQuery(Error: "100%")));
        Assert.Equal([ids[2]], await Found(new WorkQuery(State: WorkState.Quarantined)));
        Assert.Empty(await Found(new WorkQuery(Queue: "others")));
        Assert.Equal([ids[2], ids[1]], await Found(new WorkQuery(Limit: 2)));
        Assert.Equal([ids[0]], await Found(new WorkQuery(Before: ids[1])));
        var item = (await Store.Find(Acme, ids[0], default))!;
        Assert.Equal((WorkState.Dead, WorkCause.Failed, "Timeout at Ä", "\"a\"", 3, 1), (item.State, item.Cause!.Value, item.Error, item.Payload, item.PayloadBytes, item.Attempts));
        Assert.Null((await Store.List(Acme, new WorkQuery(), false, default)).Items[0].Payload);
        Assert.Equal("\"a\"", (await Store.List(Acme, new WorkQuery(), true, default)).Items[0].Payload);
        var match = await Store.Match(Acme, new WorkQuery(Kind: "a"), 0, ids[2], 1, default);
        Assert.Equal((2, ids[0]), (match.Count, match.Ids.Single()));
        await Counts();
    }

    [EngineFact]
    public async Task What_people_decide_moves_an_item_once_and_only_where_nobody_has_it()
    {
        var dead = await Dead("a", WorkCause.Failed, "no");
        var leased = await Take(Job());
        await Lease();
        var pending = await Take(Job());
        Assert.Equal([new WorkChange(dead, WorkState.Dead, true), new WorkChange(leased, WorkState.Leased, false), new WorkChange(pending, WorkState.Pending, false), new WorkChange(9_999, null, false)],
            await Store.Change(Acme, [dead, leased, pending, 9_999], new WorkDecision.Edit("other"), Noon, default));
        Assert.Equal("other", (await Store.Find(Acme, dead, default))!.Payload);
        Assert.Equal([WorkState.Leased, WorkState.Quarantined], (await Store.Change(Acme, [leased, pending], new WorkDecision.Quarantine("odd"), Noon, default)).Select(change => change.State!.Value));
        Assert.Equal((1, 1, 1, 0), await Counts() is var counts ? (counts.Dead, counts.Leased, counts.Quarantined, counts.Pending) : default);
        Assert.All(await Store.Change(Acme, [dead, pending], new WorkDecision.Revive(), Noon, default), change => Assert.Equal((WorkState.Pending, true), (change.State, change.Changed)));
        Assert.All(await Store.Change(Acme, [dead, dead], new WorkDecision.Purge(), Noon, default), change => Assert.False(change.Changed));
        var work = (await Lease(10)).Items;
        Assert.Equal([dead, pending], work.Select(one => one.Token.Id).Order());
        Assert.Equal("other", work.Single(one => one.Token.Id == dead).Payload);
        Assert.Equal(1, work.Single(one => one.Token.Id == dead).Attempt);
        await End(work[0].Token, new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Rejected, "never"));
        Assert.Equal([true, false], (await Store.Change(Acme, [work[0].Token.Id, work[0].Token.Id], new WorkDecision.Purge(), Noon, default)).Select(change => change.Changed));
        Assert.Equal((1, 0), await Counts() is var after ? (after.Done, after.Dead) : default);
    }

    [EngineFact]
    public async Task Items_of_a_replay_are_counted_until_they_are_forgotten()
    {
        var ids = new[] { await Dead("a", WorkCause.Failed, "no"), await Dead("a", WorkCause.Failed, "no"), await Dead("a", WorkCause.Failed, "no") };
        await Store.Change(Acme, ids, new WorkDecision.Revive(Attempts: 1, Replay: 7), Noon, default);
        Assert.Equal(new ReplayTally(3, 0, 0), await Store.Tally(Acme, 7, default));
        var work = (await Lease(2)).Items;
        Assert.All(work, one => Assert.Equal((3, 3), (one.Attempt, one.MaxAttempts)));
        Assert.EndsWith("/7", work[0].OnceKey);
        await End(work[0].Token, new ItemEnd.Done());
        await End(work[1].Token, new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Failed, "again"));
        Assert.Equal(new ReplayTally(1, 1, 1), await Store.Tally(Acme, 7, default));
        Assert.Equal(default, await Store.Tally(Acme, 8, default));
        await Counts();
    }

    private async Task<IEnumerable<long>> Found(WorkQuery query) => (await Store.List(Acme, query, false, default)).Items.Select(item => item.Id);
}
