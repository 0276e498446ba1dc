using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sophia.Knowledge;

namespace Sophia.Chat;

// Goal: every sentence of an answer is the records' own and says where it stands. Method: small records of each kind, and any text at all.
public sealed class ExtractiveAnswererTests
{
    private static readonly ExtractiveOptions Options = new();

    [Theory]
    [InlineData("Who owns the Acme account?", "Ann Lee owns the Acme account.")]
    [InlineData("When does the Acme contract end?", "The contract with Acme ends on 31 March 2027.")]
    [InlineData("How many seats did Acme buy?", "Acme bought 240 seats.")]
    [InlineData("Why did Acme leave Globex?", "Acme left Globex because support was slow.")]
    public void The_sentence_that_answers_comes_first(string question, string expected)
    {
        var passage = Document("Acme", "Acme is a customer in Ohio. Ann Lee owns the Acme account. Acme bought 240 seats. The contract with Acme ends on 31 March 2027. Acme left Globex because support was slow. Lunch was good.");
        var other = Document("Weather", "It rained in Ohio. Nobody was surprised.", number: 2, weight: 0.3);
        Assert.Contains(expected, ExtractiveAnswerer.Answer(question, [passage, other], Options with { MaxSentences = 1 }).Sentences[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_sentence_carries_its_mark_and_one_source_in_order()
    {
        var answer = ExtractiveAnswerer.Answer("What did Acme buy and from whom?", [Document("A", "Acme bought ninety seats last spring. The seats that Acme bought came from Globex, a reseller. Acme pays yearly.")], Options);
        Assert.InRange(answer.Sentences.Count, 2, Options.MaxSentences);
        for (var i = 0; i < answer.Sentences.Count; i++)
        {
            Assert.EndsWith($"[{i + 1}]", answer.Sentences[i].Text, StringComparison.Ordinal);
            Assert.Equal(i + 1, Assert.Single(answer.Sentences[i].Sources).Mark);
        }
    }

    [Fact]
    public void A_speaker_stands_before_the_quote_and_not_in_it()
    {
        const string json = """{"turns":[{"speaker":"Grad A","text":"Hello ."},{"speaker":"Grad B","text":"I think the {disfmarker} microphone costs forty dollars ."}]}""";
        var passage = Passage(json, ChunkKind.Turns, "Meeting", [new("turns[0].text", 0, 7), new("turns[1].text", 0, 57)]);
        var said = ExtractiveAnswerer.Answer("How much does the microphone cost?", [passage], Options with { MaxSentences = 1 }).Sentences[0];
        Assert.Equal("Grad B: I think the microphone costs forty dollars. [1]", said.Text);
        Assert.Equal("I think the {disfmarker} microphone costs forty dollars .", said.Sources[0].Quote);
        Assert.Equal("turns[1].text", said.Sources[0].Citation.Spans[0].Field);
    }

    [Fact]
    public void A_field_of_an_entity_is_named_after_it()
    {
        const string json = """{"account":"Acme Corp","sector":"retail","revenue":1100.04}""";
        var passage = Passage(json, ChunkKind.Entity, "Acme Corp", [new("account", 0, 9), new("sector", 0, 6), new("revenue", 0, 7)]);
        var said = ExtractiveAnswerer.Answer("What is the revenue of Acme Corp?", [passage], Options with { MaxSentences = 1 }).Sentences[0];
        Assert.Equal("Acme Corp, revenue: 1100.04 [1]", said.Text);
        Assert.Equal("1100.04", said.Sources[0].Quote);
    }

    [Fact]
    public void What_several_entities_say_alike_is_said_of_each()
    {
        Passage Account(int number, string name) =>
            Passage($$"""{"account":"{{name}}","sector":"retail"}""", ChunkKind.Entity, name, [new("account", 0, name.Length), new("sector", 0, 6)], number, 1 - number / 10.0);
        var answer = ExtractiveAnswerer.Answer("Which accounts are in retail?", [Account(1, "Acme Corp"), Account(2, "Globex")], Options);
        Assert.Equal(["Acme Corp, sector: retail [1]", " Globex, sector: retail [2]"], answer.Sentences.Select(s => s.Text));
    }

    [Fact]
    public void A_source_is_called_by_the_heading_over_its_sentence_and_no_heading_is_a_sentence()
    {
        var answer = ExtractiveAnswerer.Answer("When are expenses due?", [Document("Money", "# Money\n## Expenses due\nExpenses are due on Monday.\n## [Lunch](x) **money**\nLunch expenses are due on Friday.")], Options);
        Assert.Equal(["Expenses are due on Monday. [1]", " Lunch expenses are due on Friday. [2]"], answer.Sentences.Select(s => s.Text));
        Assert.Equal(["Money › Expenses due", "Money › Lunch money"], answer.Sentences.Select(s => s.Sources[0].Title));
    }

    [Fact]
    public void A_word_that_is_rare_in_the_whole_index_weighs_more_than_one_that_is_rare_among_the_passages()
    {
        Passage[] passages = [.. Enumerable.Range(1, 9).Select(n => Document("Shadow", $"The shadow program lasts {n} days.", n))];
        var question = "What is the purpose of the shadow program?";
        Assert.True(Held(new WordCounts(1_000, new Dictionary<string, long> { ["shadow"] = 9, ["program"] = 20, ["purpos"] = 300 })) > 1.5 * Held(null));

        double Held(WordCounts? counts) => ExtractiveAnswerer.Answer(question, passages, Options, counts).Evidence is var evidence ? evidence.Held / (evidence.Held + evidence.Missing) : 0;
    }

    [Fact]
    public void What_looks_like_a_mark_in_the_source_is_none_in_the_answer()
    {
        var said = ExtractiveAnswerer.Answer("Who wrote the report?", [Document("R", "The report [12] was written by **Ann** ([page](http://x)).")], Options).Sentences[0];
        Assert.Equal("The report (12) was written by Ann (page). [1]", said.Text);
    }

    [Theory]
    [InlineData("How deep is the Mariana Trench?")]
    [InlineData("xylotomous brindlefrap quonk")]
    [InlineData("???")]
    public void Weak_evidence_is_no_answer(string question) =>
        Assert.False(ExtractiveAnswerer.Answer(question, [Document("A", "Acme is deep in Ohio. It buys seats.")], Options).Found);

    [Fact]
    public void One_word_of_a_question_is_near_and_no_answer()
    {
        var counts = new WordCounts(8_000, new Dictionary<string, long> { ["capit"] = 60, ["franc"] = 4 });
        var answer = ExtractiveAnswerer.Answer("What is the capital of France?", [Document("Money", "The capital of the fund was raised twice."), Document("Trip", "We met in France.", number: 2, weight: .8)], Options, counts);
        Assert.Equal((false, NoAnswer.NotFound), (answer.Found, answer.Unanswered!.Value));
        Assert.Equal([1, 2], answer.Near.Select(near => near.Mark));
        Assert.Contains("We met in France.", answer.Near.Select(near => near.Quote));
    }

    [Theory]
    [InlineData("What did we promise Acme about the renewal?", "Ann promised Acme two free months at the renewal.")]
    [InlineData("Where does the boat lie?", "The boat lies in Turku.")]
    public void The_only_record_there_is_answers(string question, string text)
    {
        var words = new AnswerWords().Stems(text);
        var counts = new WordCounts(1, new AnswerWords().Stems(question).ToDictionary(stem => stem, stem => words.Contains(stem) ? 1L : 0L));
        Assert.True(ExtractiveAnswerer.Answer(question, [Document("Note", text)], Options, counts).Found);
    }

    [Fact]
    public void No_passage_is_no_answer() => Assert.False(ExtractiveAnswerer.Answer("Who?", [], Options).Found);

    [Fact]
    public void Every_quote_is_the_words_at_its_place_whatever_the_text()
    {
        var words = Gen.Elements("Acme", "buys", "seats", ".", "!", " ", "\n", "- ", "[3]", "**b**", "😀", "é", "e.g.", "Who", "{vocalsound}", "\u0000", "| ", "zzz");
        var texts = Gen.ArrayOf(words).Select(w => string.Join(' ', w));
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(texts.Zip(texts).ToArbitrary(), both =>
            {
                var (text, question) = both;
                var start = text.Length / 3;
                if (text.Length - start < 1)
                    return true;
                var passage = Passage(JsonSerializer.Serialize(new { text }), ChunkKind.Section, "T", [new FieldSpan("text", start, text.Length - start)]);
                return ExtractiveAnswerer.Answer(question, [passage], Options).Sentences.SelectMany(s => s.Sources).All(s =>
                    s.Citation.Spans is [{ Field: "text" } span] && span.Start >= start && text.Substring(span.Start, span.Length) == s.Quote);
            }));
    }

    private static Passage Document(string title, string text, int number = 1, double weight = 1) =>
        Passage(JsonSerializer.Serialize(new { text }), ChunkKind.Section, title, [new FieldSpan("text", 0, text.Length)], number, weight);

    private static Passage Passage(string json, ChunkKind kind, string title, IReadOnlyList<FieldSpan> spans, int number = 1, double weight = 1)
    {
        var hit = new SearchHit(weight, number, new Citation("s", $"k{number}", 1, spans), kind, title, "", [], null, [], null);
        using var record = JsonDocument.Parse(json);
        return new Passage(number, weight, hit, PassageReader.Pieces(record.RootElement, hit));
    }
}
