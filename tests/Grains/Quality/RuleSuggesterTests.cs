using System.Text.Json.Nodes;
using Sophia.Pipelines;
using static Sophia.Quality.StreamUnderTest;

namespace Sophia.Quality;

/// <summary>Goal: what is suggested says what the records show, and can be switched on as it stands. Method: tables with planted habits; every suggestion is read back as a rule.</summary>
public sealed class RuleSuggesterTests
{
    private static readonly string[] Rows =
    [
        .. Enumerable.Range(0, 100).Select(i =>
            $$"""{"id":"{{i}}","mail":"{{(i == 3 ? "nobody" : $"a{i}@example.org")}}","size":"{{(i % 3 == 0 ? "12.0 oz" : i % 3 == 1 ? "12.0 oz." : "16 OZ")}}","code":"{{(i == 9 ? "x" : $"AB-{i}")}}","flag":"{{(i == 5 ? "mabye" : i % 2 == 0 ? "yes" : "no")}}","share":"{{(i % 4 == 0 ? "0.05%" : "0.05")}}","state":"{{(i == 8 ? "" : "CA")}}"}"""),
    ];

    [Theory]
    [InlineData("format", "mail")]
    [InlineData("type", "size")]
    [InlineData("type", "share")]
    [InlineData("pattern", "code")]
    [InlineData("enum", "flag")]
    [InlineData("required", "state")]
    public void A_habit_of_nearly_all_records_is_suggested_with_what_speaks_against_it(string kind, string field)
    {
        var suggestion = Assert.Single(Suggest(Table(Rows)), s => s.Kind == kind && s.Field == field);
        Assert.True(suggestion.Against > 0);
        var definition = $"name: p\nsource: {{type: files, path: x}}\naccepted:\n  - stream: s\n    rule: {suggestion.Rule}\n";
        var read = PipelineDefinitionReader.Read(definition, "p.yaml");
        Assert.Empty(read.Errors);
        Assert.Equal(suggestion.Against, Find(Table(Rows), Assert.Single(read.Definition!.StreamOf("s")!.Rules)).Count);
    }

    [Theory]
    [InlineData("2026-07-1{0}")]
    [InlineData("10:3{0}")]
    [InlineData("1/202{0}")]
    public void A_date_a_time_or_a_fraction_is_no_number_with_a_unit(string form) => Assert.DoesNotContain(
        Suggest(Table(Enumerable.Range(0, 120).Select(i => $$"""{"at":"{{string.Format(null, form, i % 4)}}","on":"2026-0{{1 + (i % 3)}}-1{{i % 4}}"}"""))), suggestion => suggestion.Kind == "type");

    /// <summary>One such record, in any stream, took profiles and suggestions of all away.</summary>
    [Fact]
    public void A_stored_text_that_is_half_a_character_is_shown_as_it_is_written_and_a_name_of_that_kind_is_left_out()
    {
        var table = Table(["{\"mail\":\"\\ud800\",\"\\udc00\":1,\"in\":{\"\\ud800\":2,\"n\":3}}", "{\"mail\":\"a@example.org\"}"]);
        Assert.Equal(["in.n", "mail"], table.Columns.Select(column => column.Name).Order());
        Assert.Empty(new RuleSuggester(table, field => field, [table]).Suggest().Where(suggestion => suggestion.Kind == "reference"));
    }

    [Fact]
    public void A_field_of_another_stream_that_nearly_all_values_stand_in_is_suggested_as_a_reference()
    {
        var products = Table(["""{"product":"A1"}""", """{"product":"B2"}""", """{"product":"C3"}""", """{"product":"D4"}"""], "products");
        var deals = Table(Enumerable.Range(0, 40).Select(i => $$"""{"item":"{{(i < 6 ? "A 1" : (string[])["A1", "B2", "C3"] is var names ? names[i % 3] : "")}}"}"""));
        var suggestion = Assert.Single(new RuleSuggester(deals, field => field, [products]).Suggest(), s => s.Kind == "reference");
        Assert.Equal((34, 6), (suggestion.Support, suggestion.Against));
    }

    [Fact]
    public void Few_records_suggest_nothing() => Assert.Empty(Suggest(Table(Rows.Take(10))));

    [Theory]
    [InlineData("name: p\nsource: {type: files, path: x}\n# the author's words\n")]
    [InlineData("name: p\nsource: {type: files, path: x}\naccepted:\n- stream: s\n  rule: {required: a}\n")]
    [InlineData("{ \"name\": \"p\", \"source\": { \"type\": \"files\", \"path\": \"x\" } }")]
    public void Accepting_adds_to_the_text_and_changes_nothing_of_it(string text)
    {
        var suggested = Suggest(Table(Rows));
        var made = AcceptedText.With(text, "p", "s", suggested, "error");
        var read = PipelineDefinitionReader.Read(made, "p.yaml");
        Assert.Empty(read.Errors);
        Assert.All(suggested, suggestion => Assert.Contains(read.Definition!.Accepted, accepted => accepted.Rule.Name == JsonNode.Parse(suggestion.Rule)!["name"]!.GetValue<string>()));
        Assert.True(text[0] == '{' || made.StartsWith(text.TrimEnd(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_text_that_cannot_be_added_to_is_refused_with_what_to_write()
    {
        var refused = Assert.Throws<Operations.RefusedException>(() => AcceptedText.With("name: p\naccepted:\n  - stream: s\n    rule: {required: a}\nsource: {type: files, path: x}\n", "p", "s", Suggest(Table(Rows)), "warning"));
        Assert.Contains("rule: {", refused.Errors![0]);
    }

    [Fact]
    public void Records_that_look_otherwise_than_those_before_have_drifted()
    {
        var rows = Enumerable.Range(0, 400).Select(i => Row("s", $"k{i:0000}", $$"""{"moved":"{{(i < 200 ? i % 2 : 7)}}","steady":"{{i % 2}}"}""", i + 1, Began.AddDays(i < 200 ? 0 : 3)));
        var profile = Profiler.Of(StreamUnderTest.Table(rows), 400, Began);
        Assert.True(profile.Fields.Single(field => field.Field == "moved").Drift > 0.25);
        Assert.True(profile.Fields.Single(field => field.Field == "steady").Drift < 0.1);
    }

    private static IReadOnlyList<Suggestion> Suggest(StreamTable table) => new RuleSuggester(table, field => field, []).Suggest();
}
