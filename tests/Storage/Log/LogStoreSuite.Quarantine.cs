using System.Text;
using Sophia.Quality;

namespace Sophia.Log;

/// <summary>The quarantine, as appends write it.</summary>
public abstract partial class LogStoreSuite
{
    [EngineFact]
    public async Task A_held_item_is_read_back_whole()
    {
        await Append([Record("7", "a"), Record("7", "b")]);
        await Append([Record("7", "c")], batch => batch with { Run = "run-1", Quarantined = [Held("7", "email", "amount")] });
        var item = (await Quarantine.List(Acme, new QuarantineQuery(), default)).Items.Single();
        Assert.Equal(("crm", "run-1", "contacts", "7", "{\"id\":7}", QuarantineState.Held, Noon), (item.Pipeline, item.Run, item.Stream, item.Key, item.PayloadJson, item.State, item.At));
        Assert.Equal([new("email", "format", "nöt one", "an address", null), new CellReason("amount", "format", "nöt one", "an address", null)], item.Reasons);
        Assert.Equal((new Origin("a.csv", 10, 20, 3, "ff"), 2L), (item.Origin, item.HeadVersion));
        Assert.Equivalent(item, await Quarantine.Find(Acme, item.Id, default));
        Assert.Null(await Quarantine.Find(Acme, item.Id + 1, default));
    }

    [EngineFact]
    public async Task A_piece_that_is_no_record_has_neither_key_nor_payload()
    {
        await Append([], batch => batch with { Quarantined = [Held(null, "") with { Payload = null }] });
        var item = (await Quarantine.List(Acme, new QuarantineQuery(), default)).Items.Single();
        Assert.Equal((null, null, 0L), (item.Key, item.PayloadJson, item.HeadVersion));
    }

    [EngineFact]
    public async Task Held_items_and_their_reasons_are_counted_and_uncounted()
    {
        await Append([], batch => batch with { Quarantined = [Held("1", "email"), Held("2", "email"), Held("3", "amount") with { Stream = "deals" }] });
        var all = await Quarantine.List(Acme, new QuarantineQuery(Limit: 2), default);
        Assert.Equal(3, all.Held);
        Assert.Equal([new("contacts", "format", 2), new ReasonCount("deals", "format", 1)], all.Reasons);
        Assert.Equal(["3", "2"], all.Items.Select(item => item.Key));
        Assert.Equal(["1"], (await Quarantine.List(Acme, new QuarantineQuery(Before: all.Items[^1].Id), default)).Items.Select(item => item.Key));
        Assert.Equal(1, (await Quarantine.List(Acme, new QuarantineQuery(Stream: "deals"), default)).Held);
        Assert.Equal(0, (await Quarantine.List(Acme, new QuarantineQuery(Pipeline: "web"), default)).Held);

        await Append([], batch => batch with { Decisions = [new(all.Items[0].Id, QuarantineState.Discarded, "ann", "test data")] });
        var left = await Quarantine.List(Acme, new QuarantineQuery(), default);
        Assert.Equal((2, 1), (left.Held, left.Reasons.Count));
        var discarded = (await Quarantine.List(Acme, new QuarantineQuery(State: QuarantineState.Discarded), default)).Items.Single();
        Assert.Equal(("ann", Noon), (discarded.DecidedBy, discarded.DecidedAt));
        Assert.Equal(3, (await Quarantine.List(Acme, new QuarantineQuery(State: null), default)).Items.Count);
    }

    [EngineFact]
    public async Task An_edit_that_stays_held_replaces_payload_and_reasons()
    {
        await Append([], batch => batch with { Quarantined = [Held("1", "email")] });
        var item = (await Quarantine.OfKey(Acme, "contacts", "1", default)).Single();
        await Append([], batch => batch with { Decisions = [new(item.Id, QuarantineState.Held, "ann", null, Encoding.UTF8.GetBytes("{}"), [new("x", "required", null, "a value", null)])] });
        var page = await Quarantine.List(Acme, new QuarantineQuery(), default);
        Assert.Equal(("{}", 1L), (page.Items.Single().PayloadJson, page.Held));
        Assert.Equal([new ReasonCount("contacts", "required", 1)], page.Reasons);
    }

    [EngineFact]
    public async Task A_decision_on_what_is_not_held_refuses_the_whole_append()
    {
        await Append([], batch => batch with { Quarantined = [Held("1", "email"), Held("2", "email")] });
        var (second, first) = ((await Quarantine.List(Acme, new QuarantineQuery(), default)).Items[0].Id, (await Quarantine.List(Acme, new QuarantineQuery(), default)).Items[1].Id);
        await Append([], batch => batch with { Decisions = [new(first, QuarantineState.Released, "ann", null)] });
        var refused = await Try([Record("9", "a")], batch => batch with { Decisions = [new(second, QuarantineState.Released, "bob", null), new(first, QuarantineState.Released, "bob", null)] });
        Assert.Equal(new AppendOutcome.NotHeld(first, QuarantineState.Released), refused);
        Assert.Equal(new AppendOutcome.NotHeld(999, null), await Try([], batch => batch with { Decisions = [new(999, QuarantineState.Released, "bob", null)] }));
        Assert.Equal(0, await Log.Head(Acme, default));
        Assert.Equal(QuarantineState.Held, (await Quarantine.Find(Acme, second, default))!.State);
    }

    private static NewQuarantine Held(string? key, params string[] fields) => new(
        "crm", "contacts", key, Encoding.UTF8.GetBytes("{\"id\":7}"), [.. fields.Select(field => new CellReason(field, "format", "nöt one", "an address", null))],
        new Origin("a.csv", 10, 20, 3, "ff"), 1);
}
