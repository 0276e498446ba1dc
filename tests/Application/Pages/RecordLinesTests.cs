using Sophia.Knowledge;

namespace Sophia.Pages;

// Goal: a citation is marked on the page of its record, whatever the record's fields are called. Method: every kind of path that an index cites by.
public sealed class RecordLinesTests
{
    [Theory]
    [InlineData("""{"text":"Ann owns it."}""", "text")]
    [InlineData("""{"account":{"name":"Ann owns it."}}""", "account.name")]
    [InlineData("""{"notes":["x","Ann owns it."]}""", "notes[1]")]
    [InlineData("""{"a.b":"Ann owns it."}""", """["a.b"]""")]
    [InlineData("""{"a":{"b[0]":"Ann owns it."}}""", """a["b[0]"]""")]
    [InlineData("""{"turns":[{"speaker":"Ann","text":"Ann owns it."}]}""", "turns[0].text")]
    [InlineData("""{"speaker":"Ann","text":"Ann owns it."}""", "text")]
    public void The_cited_words_are_marked_by_the_path_that_cites_them(string payload, string path)
    {
        var (_, lines) = RecordLines.Of(payload, "key", [new FieldSpan(path, 4, 4)]);
        var line = Assert.Single(lines, l => l.Cited);
        Assert.Equal("owns", Assert.Single(line.Parts, p => p.CitedId == "cited").Text);
    }

    [Fact]
    public void Numbers_and_yes_or_no_read_as_they_were_written_and_nothing_is_left_out_but_null()
    {
        var (_, lines) = RecordLines.Of("""{"amount":1.50,"open":true,"gone":null,"name":"Acme"}""", "key", []);
        Assert.Equal([("amount", "1.50"), ("open", "true"), ("name", "Acme")], lines.Select(l => (l.Label, Assert.Single(l.Parts).Text)));
    }
}
