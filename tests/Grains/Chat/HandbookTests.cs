using Xunit.Abstractions;

namespace Sophia.Chat;

// Goal: how good the extractive answer is. Method: the public handbook's own headings as questions, stripped from its text; and questions
// that it cannot answer. Passages come from a plain BM25 over sections, so the figures are a floor for the product's search.
public sealed class HandbookTests(ITestOutputHelper output)
{
    [SharedDataFact]
    public void Answers_cite_the_section_that_answers_and_questions_from_elsewhere_are_refused()
    {
        var world = HandbookWorld.Load(SharedData.Folder)!;
        var found = 0;
        var cited = 0;
        var refused = 0;
        var sentences = 0;
        var right = 0;
        foreach (var question in world.Questions)
        {
            var passages = Passages(world, question.Text);
            var answer = ExtractiveAnswerer.Answer(question.Text, passages, new ExtractiveOptions(), world.Counts(question.Text));
            found += passages.Take(5).Any(p => world.IsGold(question, new ChatSource(1, "", "", p.Hit.Citation))) ? 1 : 0;
            cited += answer.Sentences.Any(s => s.Sources.Any(x => world.IsGold(question, x))) ? 1 : 0;
            refused += answer.Found ? 0 : 1;
            sentences += answer.Sentences.Count;
            right += answer.Sentences.Count(s => s.Sources.All(x => world.IsGold(question, x)));
        }
        var declined = UnanswerableQuestions.All.Count(q => !ExtractiveAnswerer.Answer(q, Passages(world, q), new ExtractiveOptions(), world.Counts(q)).Found);
        var report = $"gold section cited {cited} of {world.Questions.Count}, among the first five passages {found}, refused {refused}, {right} of {sentences} sentences from it; unanswerable refused {declined} of {UnanswerableQuestions.All.Length}";
        output.WriteLine(report);
        Assert.True(declined >= UnanswerableQuestions.All.Length * 0.95, report);
        Assert.True(cited >= world.Questions.Count * 0.42, report);
        Assert.True(refused <= world.Questions.Count * 0.12, report);
    }

    private static List<Passage> Passages(HandbookWorld world, string question)
    {
        var hits = world.Search(question, ChatLimits.Hits);
        return [.. hits.Select((hit, i) => world.Passage(hit, i + 1, hits[0].Score))];
    }
}
