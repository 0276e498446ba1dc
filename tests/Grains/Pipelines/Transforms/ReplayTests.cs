using Sophia.Operations;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Stored and held records through a definition again: what would be otherwise, and that nothing is.</summary>
public sealed class ReplayTests
{
    private const string Typed = """
        name: crm
        sources: [{type: files, path: /data}]
        streams:
          deals:
            key: id
            transforms:
              - cast: {amount: number}
              - rename: {amount: price}
        """;

    [Fact]
    public async Task The_same_definition_makes_the_same_of_everything()
    {
        await using var world = await Filled();
        Assert.Equal("Same 3, StillQuarantined 1", Counts(await Replay(world, Typed, new ReplayQuery("crm", Stream: "deals"))));
        Assert.Equal("Same 3, StillQuarantined 1", Counts(await Replay(world, Typed, new ReplayQuery("crm", Run: "crm-1"))));
    }

    [Fact]
    public async Task Another_definition_is_told_by_what_it_changes()
    {
        await using var world = await Filled();
        var head = await world.Log.Head(PipelineWorld.Tenant, default);
        var other = Typed.Replace("- rename", "- filter: amount < 3\n      - rename", StringComparison.Ordinal).Replace("{amount: number}", "{amount: {type: number, onFailure: null}}", StringComparison.Ordinal)
            .Replace("filter: amount < 3", "filter: coalesce(amount, 0) < 3", StringComparison.Ordinal) + "\n    rules: [{range: {price: {max: 1}}}]";
        var pages = await Replay(world, other, new ReplayQuery("crm", Stream: "deals"));
        Assert.Equal("Same 1, NowQuarantined 1, NoLongerQuarantined 1, Filtered 1", Counts(pages));
        var now = pages.SelectMany(page => page.Differences).Single(difference => difference.Outcome == ReplayOutcome.NowQuarantined);
        Assert.Equal(("2", 1L, """{"id":"2","price":2}""", "range:price"), (now.Key, now.Version, now.Before, now.Reasons.Single().Rule));
        Assert.Equal(head, await world.Log.Head(PipelineWorld.Tenant, default));
    }

    [Fact]
    public async Task A_page_goes_on_where_the_one_before_ended()
    {
        await using var world = await Filled();
        foreach (var query in new[] { new ReplayQuery("crm", Stream: "deals", Limit: 1), new ReplayQuery("crm", Run: "crm-1", Limit: 1) })
        {
            var pages = await Replay(world, Typed, query);
            Assert.True(pages.Count >= 4);
            Assert.Equal("Same 3, StillQuarantined 1", Counts(pages));
        }
    }

    [Fact]
    public async Task A_key_is_replayed_in_all_its_versions_and_a_span_holds_only_what_was_stored_in_it()
    {
        await using var world = await Filled();
        world.Files.Write("a.jsonl", FakeFiles.Deal(1, amount: 9));
        await world.Run();
        Assert.Equal("Same 2", Counts(await Replay(world, Typed, new ReplayQuery("crm", Stream: "deals", Key: "1"))));
        Assert.Equal("", Counts(await Replay(world, Typed, new ReplayQuery("crm", Stream: "deals", From: world.Time.GetUtcNow().AddDays(1)))));
    }

    [Fact]
    public async Task A_definition_without_transforms_before_gets_them_from_what_is_stored()
    {
        await using var world = new PipelineWorld();
        world.Files.WriteDeals("a.jsonl", 1);
        await world.Run();
        var difference = Assert.Single((await Replay(world, Typed, new ReplayQuery("crm", Stream: "deals"))).SelectMany(page => page.Differences));
        Assert.Equal((ReplayOutcome.Changed, """{"id":"1","price":1}"""), (difference.Outcome, difference.After));
    }

    [Fact]
    public async Task What_a_mask_hid_is_not_replayed_and_is_called_so()
    {
        await using var world = new PipelineWorld { Text = Typed.Replace("- rename", "- mask: {name: redact}\n      - rename", StringComparison.Ordinal) };
        world.Files.Write("a.jsonl", FakeFiles.Deal(1), FakeFiles.Deal(2, amount: 2), """{"id":"4","amount":"x"}""");
        await world.Run();
        Assert.Equal("SourceNotKept 3", Counts(await Replay(world, world.Text, new ReplayQuery("crm", Run: "crm-1"))));
        var judged = await Replay(world, world.Text + "\n    rules: [{range: {price: {max: 1}}}]", new ReplayQuery("crm", Stream: "deals"));
        Assert.Equal("NowQuarantined 1, StillQuarantined 1, SourceNotKept 1", Counts(judged));
        Assert.Equal(3, judged.Sum(page => page.RulesOnly));
        Assert.Empty(judged.SelectMany(page => page.Differences).Where(difference => difference.Outcome == ReplayOutcome.SourceNotKept));
    }

    [Fact]
    public async Task The_first_page_says_about_how_many_records_there_are_where_that_is_known()
    {
        await using var world = await Filled();
        foreach (var (query, total) in new (ReplayQuery, long?)[]
        {
            (new("crm", Run: "crm-1", Limit: 1), 4), (new("crm", Stream: "deals", Limit: 1), 3), (new("crm", Stream: "deals", Key: "1"), null),
            (new("crm", Stream: "deals", From: world.Time.GetUtcNow().AddDays(-1)), null),
        })
        {
            var pages = await Replay(world, Typed, query);
            Assert.Equal(total, pages[0].Total);
            Assert.All(pages.Skip(1), page => Assert.Null(page.Total));
        }
    }

    [Fact]
    public void A_query_that_names_nothing_is_refused()
    {
        foreach (var query in new[] { new ReplayQuery("crm"), new ReplayQuery("crm", Run: "r", Key: "1"), new ReplayQuery("crm", Stream: "s", Limit: 0), new ReplayQuery("crm", Stream: "s", After: "x"), new ReplayQuery("crm", Stream: "s", After: "p-") })
            Assert.Equal(RefusalCode.Invalid, Assert.Throws<RefusedException>(() => ReplayReader.Check(query)).Code);
    }

    private static async Task<PipelineWorld> Filled()
    {
        var world = new PipelineWorld { Text = Typed };
        world.Files.Write("a.jsonl", FakeFiles.Deal(1), FakeFiles.Deal(2, amount: 2), FakeFiles.Deal(3, amount: 3), """{"id":"4","amount":"x"}""");
        await world.Run();
        return world;
    }

    private static async Task<IReadOnlyList<ReplayPage>> Replay(PipelineWorld world, string definition, ReplayQuery query)
    {
        var read = PipelineDefinitionReader.Read(definition, "crm.yaml", "crm");
        Assert.Empty(read.Errors);
        var pages = new List<ReplayPage>();
        do
        {
            var replayer = new Replayer(read.Definition!, new GateJudges(), world.Time.GetUtcNow(), () => TransformsUnderTest.Key);
            var reader = new ReplayReader(PipelineWorld.Tenant, query, world.Log, world.Runs, world.Quarantine);
            var next = await reader.Read(was => replayer.Look(was), default);
            pages.Add(replayer.Page(next, query.After is null ? await reader.Total(default) : null));
            query = query with { After = next };
        }
        while (query.After is not null);
        return pages;
    }

    private static string Counts(IReadOnlyList<ReplayPage> pages) => string.Join(", ", pages.SelectMany(page => page.Counts).GroupBy(count => count.Outcome).OrderBy(group => group.Key)
        .Select(group => $"{group.Key} {group.Sum(count => count.Records)}"));
}
