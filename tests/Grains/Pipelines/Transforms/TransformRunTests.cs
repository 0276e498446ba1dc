using System.Text;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>Transforms within a run: what is stored, what is kept beside it, what is counted.</summary>
public sealed class TransformRunTests
{
    private static string Of(string steps) => "name: crm\nsources: [{type: files, path: /data}]\nstreams:\n  deals:\n    key: id\n    transforms:\n" + string.Concat(steps.Split('|').Select(step => $"      - {step}\n"));

    [Fact]
    public async Task A_run_stores_what_the_steps_made_and_keeps_what_the_source_said_beside_it()
    {
        await using var world = new PipelineWorld { Text = Of("filter: amount != 500|rename: {amount: price}|cast: {price: integer}") };
        world.Files.Write("a.jsonl", """{"id":"1","amount":"5"}""", """{"id":"2","amount":"x"}""", """{"id":"3","amount":"500"}""", """{"id":"4","amount":"7.5"}""");
        var run = await world.Run();
        Assert.Equal(new RunCounts(In: 4, Valid: 1, Quarantined: 2, Stored: 1, Filtered: 1), run.Counts with { Bytes = 0 });
        var stored = (await world.Log.Newest(PipelineWorld.Tenant, "deals", "1", default))!;
        Assert.Equal("""{"id":"1","price":5}""", Encoding.UTF8.GetString(stored.Payload.Span));
        Assert.Equal((1, """{"id":"1","amount":"5"}"""), (stored.Source!.DefinitionVersion, Encoding.UTF8.GetString(stored.Source.Payload.Span)));
        Assert.Equal(EntryHash.Of(stored.Operation, stored.Payload.Span), stored.Hash);
        var held = (await world.Quarantine.OfKey(PipelineWorld.Tenant, "deals", "4", default)).Single();
        Assert.Equal(("""{"id":"4","price":"7.5"}""", """{"id":"4","amount":"7.5"}""", "cast:price"), (held.PayloadJson, held.Source!.PayloadJson, held.Reasons.Single().Rule));
    }

    [Fact]
    public async Task A_source_that_says_the_same_after_its_transforms_is_no_new_version()
    {
        await using var world = new PipelineWorld { Text = Of("select: [id, amount]") };
        world.Files.Write("a.jsonl", """{"id":"1","amount":1,"seen":"monday"}""");
        await world.Run();
        world.Files.Write("a.jsonl", """{"id":"1","amount":1,"seen":"tuesday"}""");
        var counts = (await world.Run()).Counts;
        Assert.Equal((0L, 1L), (counts.Stored, counts.Duplicate));
    }

    [Fact]
    public async Task Other_transforms_read_an_unchanged_file_again()
    {
        await using var world = new PipelineWorld { Text = Of("select: [id, amount]") };
        world.Files.WriteDeals("a.jsonl", 1, 2);
        await world.Run();
        world.Text = Of("derive: {twice: amount * 2}");
        Assert.Equal(2, (await world.Run()).Counts.Stored);
        Assert.Equal("""{"id":"1","amount":1,"twice":2}""", Encoding.UTF8.GetString((await world.Log.Newest(PipelineWorld.Tenant, "deals", "1", default))!.Payload.Span));
    }

    [Fact]
    public async Task An_item_that_left_its_list_is_deleted()
    {
        await using var world = new PipelineWorld { Text = Of("split: {field: lines, key: sku}") };
        world.Files.Write("a.jsonl", """{"id":"1","lines":[{"sku":"a"},{"sku":"b"}]}""");
        await world.Run();
        Assert.Equal("1/a 1/b", await world.Keys());
        world.Files.Write("a.jsonl", """{"id":"1","lines":[{"sku":"b"}]}""");
        await world.Run();
        Assert.Equal("1/b", await world.Keys());
    }

    [Fact]
    public async Task A_dry_run_shows_records_before_and_after_and_stores_nothing()
    {
        await using var world = new PipelineWorld { Text = Of("filter: amount < 3|cast: {amount: text}") };
        world.Files.WriteDeals("a.jsonl", 1);
        world.Files.Write("b.jsonl", FakeFiles.Deal(2, amount: 9));
        await world.Run(dryRun: true);
        var shown = Assert.Single(world.Keeper.View()!.Transforms!);
        Assert.Equal(("deals", new TransformCounts(2, 1, 1)), (shown.Stream, shown.Counts));
        Assert.Contains(new TransformSample(FakeFiles.Deal(1), """{"id":"1","amount":"1"}"""), shown.Samples);
        Assert.Contains(new TransformSample(FakeFiles.Deal(2, amount: 9), null, 0), shown.Samples);
        Assert.Empty(await world.Heads());
    }

    [Fact]
    public async Task Each_step_counts_what_came_to_it_and_what_left_it()
    {
        await using var world = new PipelineWorld
        {
            Text = Of("filter: id != '3'|split: {field: lines, key: sku}|flatten: \"_\"|cast: {lines_price: {type: number, onFailure: null}}|cast: {amount: integer}"),
        };
        world.Files.Write("a.jsonl", """{"id":"1","amount":"5","lines":[{"sku":"a","price":"1"},{"sku":"b","price":"?"}]}""", """{"id":"2","amount":"x","lines":[{"sku":"a","price":"2"}]}""",
            """{"id":"3","amount":"1","lines":[]}""");
        await world.Run();
        var did = Assert.Single(world.Keeper.Transforms!.Streams);
        Assert.Equal(
            [new(1, "filter id != '3'", 3, 2, 0, 0), new(2, "split lines", 2, 3, 0, 0), new(3, "flatten \"_\"", 3, 3, 0, 0), new(4, "cast lines_price: number", 3, 3, 1, 0), new(5, "cast amount: integer", 3, 3, 0, 1)],
            did.Steps);
        Assert.Equal(new TransformCounts(3, 3, 1, 1, 1), did.Counts);
        Assert.Equal((3, null), (world.Keeper.Transforms.CountedIn, world.Keeper.Transforms.Since));
    }

    [Fact]
    public async Task A_run_that_another_activation_goes_on_with_says_since_when_its_steps_are_counted()
    {
        await using var world = new PipelineWorld { Text = Of("cast: {amount: text}"), BatchRecords = 1 };
        world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4);
        world.StopAfterSteps = 2;
        var before = await world.Run();
        await world.GoOn();
        Assert.Null(world.Keeper.Transforms!.Since); // The world does not tell its keeper that the run goes on; a grain does:
        var row = world.Keeper.Row!;
        Assert.Equal(4, row.Counts.In);
        var next = new RunKeeper(PipelineWorld.Tenant, "crm", world.Log, world.Runs, world.Time);
        await next.Load(default);
        next.GoesOn(world.Keeper.Transforms with { CountedIn = row.Counts.In });
        Assert.Equal((row.RunId, null), (next.Transforms!.RunId, next.Transforms.Since));
        var late = new RunKeeper(PipelineWorld.Tenant, "crm", world.Log, world.Runs, world.Time);
        await late.Load(default);
        late.GoesOn(world.Keeper.Transforms with { CountedIn = before.Counts.In - 1 });
        Assert.NotNull(late.Transforms!.Since);
    }
}
