using System.Text.Json;
using Sophia.Knowledge;

namespace Sophia.Chat;

// Goal: who asks what would have to be counted is told so, and who asks what a row says is answered. Method: a small table, and questions of both kinds.
public sealed class ComputedQuestionTests
{
    private const string Deals = "crm/deals";

    [Theory]
    [InlineData("How many deals were closed in May?")]
    [InlineData("What is the average amount per stage?")]
    [InlineData("What is the total amount of all won deals?")]
    [InlineData("Which owner has the most deals?")]
    [InlineData("Count the deals in stage Won.")]
    [InlineData("What share of deals was lost?")]
    [InlineData("Top five deals by amount?")]
    public void What_would_be_computed_over_a_table_is_not_answered_and_its_stream_is_named(string question)
    {
        var answer = ExtractiveAnswerer.Answer(question, Rows(), new ExtractiveOptions());
        Assert.Equal((false, NoAnswer.NotComputed, Deals), (answer.Found, answer.Unanswered!.Value, answer.Table));
        Assert.All(answer.Near, near => Assert.Equal(Deals, near.Citation.Stream));
    }

    [Theory]
    [InlineData("What is the amount of Blue Crate?")]
    [InlineData("How much is the amount of Blue Crate in total?")]
    [InlineData("How many seats does Blue Crate have?")]
    [InlineData("Who is the owner of Blue Crate?")]
    public void What_one_row_says_is_answered(string question) => Assert.True(ExtractiveAnswerer.Answer(question, Rows(), new ExtractiveOptions()).Found);

    [Fact]
    public void In_documents_nothing_is_to_be_computed()
    {
        const string text = "At most two deals are closed in a week. The total amount is told to Ann.";
        var hit = new SearchHit(1, 1, new Citation("docs", "deals.md", 1, [new FieldSpan("text", 0, text.Length)]), ChunkKind.Section, "Deals", text, [], null, [], null);
        using var record = JsonDocument.Parse(JsonSerializer.Serialize(new { text }));
        var answer = ExtractiveAnswerer.Answer("How many deals are closed in a week?", [new Passage(1, 1, hit, PassageReader.Pieces(record.RootElement, hit)), .. Rows(from: 2).Take(1)], new ExtractiveOptions());
        Assert.StartsWith("At most two deals are closed in a week.", answer.Sentences[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("What is the amount of B-101?", "Blue Crate, amount: 1200 [1]")]
    [InlineData("How many seats has b-101?", "Blue Crate, seats: 40 [1]")]
    [InlineData("Which renewal date has B-101?", "Blue Crate, renewal date: 2027-05-03 [1]")]
    [InlineData("Do B-101 and B-103 have seats?", "Blue Crate, seats: 40 [1] Green Cart 101, seats: 11 [2]")]
    public void A_row_that_is_named_by_its_key_answers_with_the_field_that_is_named_and_no_other_row_does(string question, string expected) =>
        Assert.Equal(expected, string.Concat(ExtractiveAnswerer.Answer(question, Keyed(), new ExtractiveOptions()).Sentences.Select(said => said.Text)));

    [Fact]
    public void Another_row_is_not_quoted_for_the_one_that_is_named()
    {
        var answer = ExtractiveAnswerer.Answer("What do we know of B-101?", Keyed(), new ExtractiveOptions());
        Assert.All(answer.Sentences.SelectMany(said => said.Sources).Concat(answer.Near), source => Assert.Equal("B-101", source.Citation.Key));
    }

    [Fact]
    public void Rows_of_another_table_that_hold_the_key_stay()
    {
        var visits = new[] { ("V-1", "B-101", "north"), ("V-2", "B-101", "south"), ("V-3", "B-102 annex 101", "east") }.Select((row, at) =>
        {
            FieldSpan[] spans = [new("visit", 0, row.Item1.Length), new("crate", 0, row.Item2.Length), new("gate", 0, row.Item3.Length)];
            var hit = new SearchHit(1, 10 + at, new Citation("crm/visits", row.Item1, 1, spans), ChunkKind.Entity, row.Item1, "", [], null, [], null);
            using var record = JsonDocument.Parse(JsonSerializer.Serialize(new { visit = row.Item1, crate = row.Item2, gate = row.Item3 }));
            return new Passage(10 + at, .9, hit, PassageReader.Pieces(record.RootElement, hit));
        });
        var answer = ExtractiveAnswerer.Answer("At which gate did B-101 arrive?", [.. Keyed(), .. visits], new ExtractiveOptions());
        var keys = answer.Sentences.SelectMany(said => said.Sources).Concat(answer.Near).Select(source => source.Citation.Key).Distinct().ToList();
        Assert.Contains("V-1", keys);
        Assert.Contains("V-2", keys);
        Assert.DoesNotContain("V-3", keys);
    }

    [Fact]
    public void A_value_that_several_rows_have_names_none()
    {
        var answer = ExtractiveAnswerer.Answer("What is the average seats in Q3?", Keyed(), new ExtractiveOptions());
        Assert.Equal(NoAnswer.NotComputed, answer.Unanswered);
        Assert.All(answer.Near, near => Assert.Contains(near.Quote, (string[])["40", "7", "11"]));
    }

    private static List<Passage> Keyed() => [.. new[] { ("B-101", "Blue Crate", 1200, 40), ("B-102", "Old Mill", 300, 7), ("B-103", "Green Cart 101", 950, 11) }.Select((row, at) =>
    {
        var json = JsonSerializer.Serialize(new { id = row.Item1, name = row.Item2, amount = row.Item3, seats = row.Item4, quarter = "Q3", renewal_date = "2027-05-03" });
        FieldSpan[] spans = [new("id", 0, row.Item1.Length), new("name", 0, row.Item2.Length), new("amount", 0, $"{row.Item3}".Length), new("seats", 0, $"{row.Item4}".Length), new("quarter", 0, 2), new("renewal_date", 0, 10)];
        var hit = new SearchHit(1, at, new Citation(Deals, row.Item1, 1, spans), ChunkKind.Entity, row.Item2, "", [], null, [], null);
        using var record = JsonDocument.Parse(json);
        return new Passage(1 + at, 1 - at / 10.0, hit, PassageReader.Pieces(record.RootElement, hit));
    })];

    private static List<Passage> Rows(int from = 1) => [.. new[] { ("Blue Crate", "Won", 1200, 40), ("Old Mill", "Lost", 300, 7), ("Green Cart", "Won", 950, 11) }.Select((row, at) =>
    {
        var json = JsonSerializer.Serialize(new { name = row.Item1, stage = row.Item2, amount = row.Item3, seats = row.Item4, owner = "Ann Lee", closed = "2027-05-03" });
        FieldSpan[] spans = [new("name", 0, row.Item1.Length), new("stage", 0, row.Item2.Length), new("amount", 0, $"{row.Item3}".Length), new("seats", 0, $"{row.Item4}".Length), new("owner", 0, 7), new("closed", 0, 10)];
        var hit = new SearchHit(1, at, new Citation(Deals, $"d{at}", 1, spans), ChunkKind.Entity, row.Item1, "", [], null, [], null);
        using var record = JsonDocument.Parse(json);
        return new Passage(from + at, 1 - at / 10.0, hit, PassageReader.Pieces(record.RootElement, hit));
    })];
}
