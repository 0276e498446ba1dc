using static Sophia.Quality.StreamUnderTest;

namespace Sophia.Quality;

/// <summary>Goal: what only other records show is found, and nothing else. Method: small tables with planted mistakes.</summary>
public sealed class StreamChecksTests
{
    [Fact]
    public void A_cell_that_most_records_of_its_group_contradict_breaks_the_dependency()
    {
        var table = Table(Enumerable.Range(0, 40).Select(i => $$"""{"zip":"{{i % 4}}","city":"{{(i == 7 ? "Aix" : $"City {i % 4}")}}"}"""));
        var finding = Assert.Single(Find(table, Over(RuleKind.Dependency, "city", "zip")));
        Assert.Equal(("k0007", "Aix", "City 3"), (finding.Key, finding.Value, finding.Expected));
        Assert.Contains(Dependencies.Discover(table), found => found is { Determinant: "zip", Dependent: "city" });
    }

    [Fact]
    public void A_group_without_a_majority_says_nothing()
    {
        var table = Table(Enumerable.Range(0, 40).Select(i => $$"""{"zip":"1","city":"{{(i % 2 == 0 ? "A" : "B")}}"}"""));
        Assert.Empty(Find(table, Over(RuleKind.Dependency, "city", "zip")));
        Assert.Empty(Dependencies.Discover(table));
    }

    [Fact]
    public void Several_fields_may_decide_together()
    {
        var table = Table(Enumerable.Range(0, 40).Select(i => $$"""{"a":"{{i % 2}}","b":"{{i / 2 % 2}}","c":"{{(i == 3 ? "x" : $"{i % 2}{i / 2 % 2}")}}"}"""));
        Assert.Equal("k0003", Assert.Single(Find(table, Over(RuleKind.Dependency, "c", "a", "b"))).Key);
    }

    [Fact]
    public void A_value_that_the_other_stream_does_not_have_breaks_the_reference()
    {
        var products = Table(["""{"product":"GTX Pro"}""", """{"product":"MG Special"}"""], "products");
        var deals = Table(["""{"product":"GTX Pro"}""", """{"product":"GTXPro"}""", """{"product":null}"""]);
        var rule = GateUnderTest.Rule(RuleKind.Reference, "product", RuleLevel.Warning, null, ("stream", "products"), ("field", "product"));
        Assert.Equal("GTXPro", Assert.Single(Find(deals, rule, products)).Value);
    }

    [Fact]
    public void A_reference_into_a_stream_that_is_not_held_whole_is_not_judged()
    {
        var products = StreamUnderTest.Table(Enumerable.Range(0, 50).Select(i => Row("products", $"p{i}", $$"""{"product":"{{i}}"}""", i + 1)), "products", maxRows: 10);
        Assert.False(products.IsWhole);
        var checks = new StreamChecks(Table(["""{"product":"99"}"""]), _ => products, Began);
        checks.Ask(new StatedRule(GateUnderTest.Rule(RuleKind.Reference, "product", RuleLevel.Warning, null, ("stream", "products"), ("field", "product")), field => field, "a test"));
        Assert.Empty(checks.Findings);
        Assert.Single(checks.Unjudged);
    }

    [Fact]
    public void A_rare_spelling_of_a_common_value_is_found_and_another_number_is_not()
    {
        var table = Table(Enumerable.Range(0, 60).Select(i => $$"""{"n":"{{(i == 5 ? "37 paxients" : $"{i} patients")}}"}""").Concat(Enumerable.Range(0, 60).Select(i => """{"n":"none"}""")).Concat(Enumerable.Range(0, 100).Select(i => """{"n":"1 patients"}""")));
        Assert.Equal("37 paxients", Assert.Single(Find(table, Over(RuleKind.Spelling, "n"))).Value);
        Assert.False(Spelling.AreAlike("American Dark Wheat Ale", "American Pale Wheat Ale"));
        Assert.True(Spelling.AreAlike("acute care hospixals", "acute care hospitals"));
    }

    [Fact]
    public void Records_that_read_nearly_the_same_are_found()
    {
        var table = Table(["""{"name":"Harbour Lights Trading Company"}""", """{"name":"Northern Steel Works"}""", """{"name":"Harbor Lights Trading Company"}""", """{"name":"Southern Glass Works"}"""]);
        var finding = Assert.Single(Find(table, Over(RuleKind.Similar, "name", "name")));
        Assert.Equal("k0002", finding.Key);
        Assert.Contains("k0000", finding.Reason);
    }

    /// <summary>The same records, however often they were changed before and in whatever order they came.</summary>
    [Fact]
    public void What_is_found_does_not_depend_on_the_way_that_the_records_took()
    {
        var rows = Enumerable.Range(0, 60).Select(i => (Key: $"k{i:0000}", Json: $$"""{"zip":"{{i % 5}}","city":"{{(i % 13 == 0 ? "?" : $"C{i % 5}")}}","n":{{i}}}""")).ToArray();
        var straight = StreamUnderTest.Table(rows.Select((row, i) => Row("s", row.Key, row.Json, i + 1)), maxRows: 40);
        var random = new Random(7);
        var position = 0L;
        var wandering = new StreamTable("s", 40);
        foreach (var (key, _) in rows.OrderBy(_ => random.Next()))
            wandering.Take(Row("s", key, """{"zip":"9","city":"old","gone":1}""", ++position));
        wandering.Take(Row("s", "k9999", """{"zip":"9"}""", ++position));
        foreach (var (key, json) in rows.OrderBy(_ => random.Next()))
            wandering.Take(Row("s", key, json, ++position));
        wandering.Take(Row("s", "k9999", null, ++position));
        Assert.Equal(straight.Rows().Select(row => row.Key), wandering.Rows().Select(row => row.Key));
        Assert.Equal(Find(straight, Over(RuleKind.Dependency, "city", "zip")), Find(wandering, Over(RuleKind.Dependency, "city", "zip")));
        var (one, other) = (Profiler.Of(straight, 60, Began), Profiler.Of(wandering, 60, Began));
        foreach (var (left, right) in Filled(one).Zip(Filled(other)))
            Assert.Equal((left.Field, left.Distinct, left.MissingShare, left.Least, string.Join(';', left.Top), string.Join(';', left.Patterns)), (right.Field, right.Distinct, right.MissingShare, right.Least, string.Join(';', right.Top), string.Join(';', right.Patterns)));
    }

    /// <summary>A field that no record has any more stays listed, as missing.</summary>
    private static IEnumerable<FieldProfile> Filled(StreamProfile profile) => profile.Fields.Where(field => field.Distinct > 0).OrderBy(field => field.Field, StringComparer.Ordinal);

    [Fact]
    public void A_day_with_few_rows_and_a_long_silence_stand_out()
    {
        var arrivals = new Arrivals();
        for (var day = 0; day < 6; day++)
            for (var row = 0; row < (day == 5 ? 10 : 100); row++)
                arrivals.Note(Began.AddDays(day), $"crm-20240601-120000-{day}");
        Assert.Equal(["volume"], arrivals.Unusual(Began.AddDays(6)).Select(found => found.Rule));
        Assert.Equal(["volume", "freshness"], arrivals.Unusual(Began.AddDays(20)).Select(found => found.Rule));
        Assert.Equal(["crm"], arrivals.Pipelines);
    }
}
