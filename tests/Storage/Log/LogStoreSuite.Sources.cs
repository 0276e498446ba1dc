using System.Text;
using Sophia.Pipelines;
using Sophia.Quality;

namespace Sophia.Log;

/// <summary>Records that were transformed: what they came of lies beside them and changes nothing else.</summary>
public abstract partial class LogStoreSuite
{
    [EngineFact]
    public async Task What_a_record_was_made_of_is_read_back_with_it()
    {
        var source = new EntrySource(7, 3, Encoding.UTF8.GetBytes("{\"was\":\"ü\"}"));
        await Append([Record("1", "a") with { Source = source }, Record("2", "b"), Record("3", "c") with { Source = source with { Item = 0, Payload = default } }]);
        var rows = await Log.Read(Acme, 0, 10, int.MaxValue, default);
        Assert.Equal([(7, 3, "{\"was\":\"ü\"}"), null, (7, 0, "")], rows.Select(row => row.Source is { } kept ? (kept.DefinitionVersion, kept.Item, Encoding.UTF8.GetString(kept.Payload.Span)) : ((int, int, string)?)null));
        Assert.All(rows, row => Assert.Equal(EntryHash.Of(row.Operation, row.Payload.Span), row.Hash));
        Assert.Equal("{\"was\":\"ü\"}", Encoding.UTF8.GetString((await Log.Newest(Acme, "contacts", "1", default))!.Source!.Payload.Span));
        await Append([Record("1", "a") with { Source = source with { DefinitionVersion = 8 } }]);
        Assert.Equal(1, (await Log.Newest(Acme, "contacts", "1", default))!.Version);
    }

    [EngineFact]
    public async Task What_a_held_record_was_made_of_is_kept_until_it_is_edited()
    {
        await Append([], batch => batch with { Quarantined = [Held("7", "email") with { Source = new EntrySource(4, 2, Encoding.UTF8.GetBytes("{\"raw\":1}")) }] });
        var item = (await Quarantine.List(Acme, new QuarantineQuery(), default)).Items.Single();
        Assert.Equal(("{\"id\":7}", new QuarantineSource(4, "{\"raw\":1}", 2)), (item.PayloadJson, item.Source));
        await Append([], batch => batch with { Decisions = [new QuarantineDecision(item.Id, QuarantineState.Held, "me", null, Encoding.UTF8.GetBytes("{\"id\":8}"), item.Reasons)] });
        item = (await Quarantine.Find(Acme, item.Id, default))!;
        Assert.Equal(("{\"id\":8}", null), (item.PayloadJson, item.Source));
    }

    [EngineFact]
    public async Task A_run_counts_what_its_transforms_left_out()
    {
        await Append([], batch => batch with { RunRow = Started with { RunId = "run-f" } });
        await Append([], batch => batch with { RunDelta = new RunDelta("run-f", new RunCounts(In: 3, Filtered: 2, Nulled: 5)) });
        await Append([], batch => batch with { RunDelta = new RunDelta("run-f", new RunCounts(In: 1, Filtered: 1, Nulled: 1)) });
        var counts = (await Runs.Find(Acme, "run-f", default))!.Counts;
        Assert.Equal((3L, 6L), (counts.Filtered, counts.Nulled));
    }
}
