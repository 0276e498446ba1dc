using FsCheck;
using FsCheck.Fluent;

namespace Sophia.Knowledge;

/// <summary>What the ranking promises whatever the weights: order, ties, and what raises a score.</summary>
public sealed class RankerTests
{
    private readonly WordAnalyzer analyzer = new();

    [Fact]
    public void More_of_a_sought_word_is_never_worse_in_texts_of_equal_length()
    {
        var ranked = Rank("budget", Text(1, "budget x x x x x"), Text(2, "budget budget x x x x"), Text(3, "budget budget budget budget x x"), Text(4, "x x x x x x"));
        Assert.Equal([3L, 2, 1], ranked.Select(c => c.Source.ChunkId));
    }

    [Fact]
    public void More_of_the_sought_words_are_better_than_more_of_one() =>
        Assert.Equal([1L, 2], Rank("budget remote", Text(1, "budget remote x x"), Text(2, "budget budget x x")).Select(c => c.Source.ChunkId));

    [Fact]
    public void A_word_in_the_title_counts_more_than_one_in_the_text() =>
        Assert.Equal([2L, 1], Rank("budget", Text(1, "budget x x x", title: "other"), Text(2, "x x x x", title: "budget")).Select(c => c.Source.ChunkId));

    [Fact]
    public void Equals_are_ordered_by_age_whatever_the_order_of_the_candidates()
    {
        var chunks = Enumerable.Range(1, 50).Select(i => Text(i, "same text here")).ToArray();
        new Random(3).Shuffle(chunks);
        Assert.Equal(Enumerable.Range(1, 50).Select(i => (long)i), Rank("text", chunks).Select(c => c.Source.ChunkId));
    }

    [Fact]
    public void The_order_is_the_same_every_time_and_scores_never_rise_down_the_list() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var chunks = Enumerable.Range(1, random.Next(1, 60)).Select(i => random.Next(2) == 0 ? Text(i, Words(random), title: Words(random)) : Said(i, record: i / 5, ordinal: i % 5, ("Ann Lee", Words(random)), ("Bob", Words(random)))).ToArray();
            var question = $"what did Ann Lee say about {Words(random)}";
            var first = Rank(question, chunks).Select(c => (c.Source.ChunkId, c.Score)).ToList();
            random.Shuffle(chunks);
            var again = Rank(question, chunks).ToDictionary(c => c.Source.ChunkId, c => c.Score);
            Assert.All(first, c => Assert.True(c.Score > 0 && double.IsFinite(c.Score)));
            Assert.All(first.Zip(first.Skip(1)), pair => Assert.True(pair.First.Score >= pair.Second.Score));
            Assert.Equal(first.Select(c => c.ChunkId).Order(), again.Keys.Order());
            Assert.All(first, c => Assert.Equal(c.Score, again[c.ChunkId], 9));
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Who_is_named_in_the_question_raises_what_he_says()
    {
        var ranked = Rank("What did the Marketing Expert say about buttons?", Said(1, 1, 0, ("User Interface", "buttons are nice")), Said(2, 2, 0, ("Marketing Expert", "buttons are nice")));
        Assert.Equal(2, ranked[0].Source.ChunkId);
        Assert.True(ranked[0].Score > ranked[1].Score);
    }

    [Theory]
    [InlineData("What does Shillabeer think?", "Carol Shillabeer")]
    [InlineData("the carol shillabeer plan", "Carol Shillabeer")]
    [InlineData("What does the manager say?", "Project Manager")]
    [InlineData("What does Lee say?", null)]
    [InlineData("the project", null)]
    public void A_speaker_is_meant_by_the_whole_name_or_a_telling_part(string question, string? meant)
    {
        var asked = AnalyzedQuery.Of(question, analyzer, RankingOptions.Default);
        var (speakers, _) = SpeakerNames.In(asked.Words, ["Carol Shillabeer", "Project Manager", "Project Lead", "Ann Lee"]);
        Assert.Equal(meant is null ? [] : [meant], speakers);
    }

    [Fact]
    public void A_neighbour_of_a_good_piece_of_conversation_is_lent_some_of_its_score()
    {
        var ranked = Rank("budget", [.. Enumerable.Range(0, 9).Select(i => Said(i + 1, 1, i, ("Ann", i == 4 ? "the budget" : "something else")))]);
        Assert.Equal([5L, 6, 4, 7, 3, 8, 2], ranked.Select(c => c.Source.ChunkId));
    }

    [Fact]
    public void A_question_of_stop_words_is_looked_for_as_it_is()
    {
        Assert.Equal(["who", "am", "i"], AnalyzedQuery.Of("Who am I?", analyzer, RankingOptions.Default).Terms);
        Assert.Equal(["budget"], AnalyzedQuery.Of("What is the budget?", analyzer, RankingOptions.Default).Terms);
        Assert.True(AnalyzedQuery.Of("?! — …", analyzer, RankingOptions.Default).IsEmpty);
    }

    [Fact]
    public void A_question_is_looked_up_word_by_word_up_to_its_limit()
    {
        var question = string.Join(' ', Enumerable.Range(0, 500).Select(i => $"word{i}"));
        Assert.Equal(RankingOptions.Default.MaxTerms, AnalyzedQuery.Of(question, analyzer, RankingOptions.Default).Terms.Count);
    }

    [Fact]
    public void Highlights_are_the_words_of_the_question_in_every_form()
    {
        const string Text = "Meetings meet; THE Budgeting of budgets, Ünder budgét.";
        var marks = new Highlighter(AnalyzedQuery.Of("budget under", analyzer, RankingOptions.Default), analyzer).Spans(Text);
        Assert.Equal(["Budgeting", "budgets", "budgét"], marks.Select(m => Text.Substring(m.Start, m.Length)));
        Assert.Equal(Highlighter.MaxSpans, new Highlighter(AnalyzedQuery.Of("a b", analyzer, RankingOptions.Default), analyzer).Spans(string.Concat(Enumerable.Repeat("b ", 1_000))).Count);
    }

    [Fact]
    public void Stemming_leaves_the_first_letter_so_highlights_may_pass_over_other_words() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var word = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => (char)('a' + random.Next(26)))) + new[] { "", "ing", "ed", "ies", "ational", "y", "s" }[random.Next(7)];
            return PorterStemmer.Stem(word)[0] == word[0];
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));

    [Fact]
    public void Words_kept_with_a_chunk_are_read_back_as_they_were() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var chunk = Said(1, 1, 0, ("Ann", SomeRecords.Prose(random, random.Next(300))), ("Bob", SomeRecords.Prose(random, random.Next(40)))).Chunk;
            var count = new WordCounter(analyzer).Count(chunk, "the title budget");
            var stems = count.Stems.Keys.Append("nowhere").ToList();
            var found = new (int Title, int Body)[stems.Count + 3];
            var spoken = new int[chunk.Speakers.Count];
            var words = new ChunkWords(ChunkWords.Write(count), spoken);
            words.Find(new SoughtStems(stems, 3), found);
            Assert.Equal((count.TitleWords, count.BodyWords), (words.TitleWords, words.BodyWords));
            Assert.Equal(count.Spoken, spoken);
            Assert.Equal(stems.Select(s => count.Stems.GetValueOrDefault(s)), found.Skip(3));
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void Marks_of_a_transcriber_and_labels_are_nobodys_words()
    {
        var chunk = RecordChunker.Index(SomeRecords.Entry("""{"kind":"transcript","turns":[{"speaker":"Ann","text":"Um {vocalsound} yes"},{"text":"and who is this"}]}"""), ChunkingOptions.Default, new WordCounter(analyzer)).Chunks[0];
        var count = new WordCounter(analyzer).Count(chunk, "");
        Assert.Equal(["um", "ye", "and", "who", "is", "thi"], count.Stems.Keys);
        Assert.Equal([2], count.Spoken);
    }

    private sealed record Given(Candidate Candidate, Chunk Chunk);

    private Given Text(long id, string text, string title = "") => Of(id, id, 0, new Chunk(0, ChunkKind.Entity, text, null, [], [new("text", 0, text.Length, 0)]), title);

    private Given Said(long id, long record, int ordinal, params (string Speaker, string Text)[] turns)
    {
        var builder = new ChunkBuilder();
        foreach (var (turn, (speaker, text)) in turns.Index())
            builder.NewLine().Slice($"turns[{turn}].speaker", speaker, 0, speaker.Length).Glue(": ").Slice($"turns[{turn}].text", text, 0, text.Length);
        return Of(id, 1_000 + record, ordinal, builder.Take(ordinal, ChunkKind.Turns, null, [.. turns.Select(t => t.Speaker).Distinct()]), "");
    }

    private Given Of(long id, long record, int ordinal, Chunk chunk, string title) =>
        new(new Candidate(id, record, ordinal, chunk.Kind, chunk.Speakers, ChunkWords.Write(new WordCounter(analyzer).Count(chunk, title))), chunk);

    private List<ScoredChunk> Rank(string question, params Given[] given)
    {
        var asked = AnalyzedQuery.Of(question, analyzer, RankingOptions.Default);
        return new Ranker(asked, new CandidateSet([.. given.Select(g => g.Candidate)], given.Length, 1_000, null, new Dictionary<string, long>(), new IndexCursor(1, 1)), RankingOptions.Default).Finish();
    }

    private static string Words(Random random) => string.Join(' ', Enumerable.Range(0, random.Next(1, 12)).Select(_ => $"w{random.Next(20)}"));
}
