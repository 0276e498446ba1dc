namespace Sophia.Pipelines;

/// <summary>What people are shown of two records: what differs, field by field.</summary>
public sealed class JsonDifferenceTests
{
    [Fact]
    public void Fields_that_differ_went_or_came_are_told_and_texts_are_told_from_numbers() => Assert.Equal(
        [new("amount", "\"5\"", "5"), new("owner", "\"ann\"", null), new("address.city", "\"Turku\"", "\"Oulu\""), new("sold_by", null, "\"ann\"")],
        JsonDifference.Between("""{"id":"1","amount":"5","owner":"ann","address":{"city":"Turku","zip":"1"},"tags":[1]}""", """{"id":"1","amount":5,"address":{"zip":"1","city":"Oulu"},"tags":[1],"sold_by":"ann"}"""));

    [Fact]
    public void What_was_cut_is_not_taken_apart_and_what_is_long_is_cut()
    {
        Assert.Null(JsonDifference.Between("""{"id":"1","text":"abc…""", "{}"));
        Assert.Null(JsonDifference.Between("{}", "[1]"));
        Assert.Empty(JsonDifference.Between("""{"a":{}}""", """{ "a" : {} }""")!);
        Assert.Equal(200, Assert.Single(JsonDifference.Between("{}", $$"""{"a":"{{new string('x', 500)}}"}""")!).After!.Length);
    }
}
