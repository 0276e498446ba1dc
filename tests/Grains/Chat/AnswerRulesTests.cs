namespace Sophia.Chat;

// Goal: more evidence is never less of an answer, and none is none. Method: the whole grid of evidence, each step up in one part.
public sealed class AnswerRulesTests
{
    private const double Step = 0.5;

    private static readonly ExtractiveOptions Options = new();

    private static IEnumerable<AnswerEvidence> Grid =>
        from held in Enumerable.Range(0, 60) from missing in Enumerable.Range(0, 60) from together in Enumerable.Range(0, 11) select new AnswerEvidence(held * Step, missing * Step, together / 10.0);

    [Fact]
    public void What_is_held_and_what_stands_together_speaks_for_an_answer_and_what_is_missing_against_it()
    {
        foreach (var evidence in Grid)
        {
            var likely = AnswerRules.Likelihood(evidence, Options);
            Assert.InRange(likely, 0, 1);
            Assert.True(AnswerRules.Likelihood(evidence with { Held = evidence.Held + Step }, Options) >= likely, evidence.ToString());
            Assert.True(AnswerRules.Likelihood(evidence with { Together = evidence.Together + .1 }, Options) >= likely, evidence.ToString());
            Assert.True(AnswerRules.Likelihood(evidence with { Narrowed = true }, Options) >= likely, evidence.ToString());
            Assert.True(AnswerRules.Likelihood(evidence with { Missing = evidence.Missing + Step }, Options) <= likely, evidence.ToString());
        }
    }

    [Fact]
    public void Where_nothing_is_held_nothing_answers_however_low_the_bar() =>
        Assert.All(Grid.Where(evidence => evidence.Held == 0), evidence => Assert.False(AnswerRules.Answers(evidence, Options with { MinLikelihood = 0 })));

    [Fact]
    public void The_same_words_say_more_in_a_small_index()
    {
        var likely = new[] { 1, 20, 400, 8_000, 1_000_000 }.Select(passages => AnswerRules.Likelihood(new AnswerEvidence(8, 4, .5, passages), Options)).ToList();
        Assert.Equal(likely.OrderDescending(), likely);
        Assert.Equal(likely[0], likely[1]);
    }

    [Fact]
    public void A_higher_bar_refuses_more()
    {
        var answered = new[] { .1, .3, .5, .7, .9 }.Select(bar => Grid.Count(evidence => AnswerRules.Answers(evidence, Options with { MinLikelihood = bar }))).ToList();
        Assert.Equal(answered.OrderDescending(), answered);
        Assert.Equal(answered.Count, answered.Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(400)]
    [InlineData(100_000)]
    public void Two_known_words_side_by_side_answer_in_an_index_of_any_size_and_one_of_two_does_not(long passages)
    {
        var weight = TermWeights.Of(["a", "b"], [], passages, new Dictionary<string, long> { ["a"] = 1, ["b"] = 1 }, Options).Total;
        Assert.True(AnswerRules.Answers(new AnswerEvidence(weight, 0, 1, passages), Options));
        Assert.False(AnswerRules.Answers(new AnswerEvidence(weight / 2, weight / 2, .25, passages), Options));
    }
}
