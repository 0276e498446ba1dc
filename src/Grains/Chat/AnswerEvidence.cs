using Sophia.Knowledge;

namespace Sophia.Chat;

// A question's words weigh by their rarity in the tenant's own index (TermWeights). Three numbers say how far the passages speak of what it asks:
//
// Held and Missing. The best stretch of a few sentences, with the title over it, holds so much of the question's weight and lacks the rest. Both are absolute: half of a long question is
// much evidence, and half of "capital of France" is the word "capital".
// Together. Words that are neighbours in the question and in the passage belong together there too; words that are merely all there may speak of several things.
//
// How the search scored the passages is no part of it: those scores are made to order the passages of one question and say nothing across questions.

/// <summary>What the passages found hold of a question.</summary>
/// <param name="Held">The weight of the question's words that the best stretch of sentences holds, in nats.</param>
/// <param name="Missing">The weight of those that it lacks, in nats.</param>
/// <param name="Together">The best passage's mean of the share of the weight that it holds and the share of the question's neighbours that stand together in it, 0 to 1.</param>
/// <param name="Passages">In the index: the more there are, the sooner some of them hold much of a question by chance.</param>
/// <param name="Narrowed">Whether the asker named the records to look in, and so believes that they answer.</param>
internal sealed record AnswerEvidence(double Held, double Missing, double Together, long Passages = 0, bool Narrowed = false)
{
    public static AnswerEvidence Of(TermWeights weights, IReadOnlyList<ReadPassage> passages, ExtractiveOptions options, long all, bool narrowed)
    {
        var held = passages.Select(passage => Stretch(weights, passage, options.Stretch)).DefaultIfEmpty(0).Max();
        var together = passages.Select(passage => Neighbours(weights, passage, options.TogetherWithin)).DefaultIfEmpty(0).Max();
        return new AnswerEvidence(held * weights.Total, (1 - held) * weights.Total, together, all, narrowed);
    }

    private static double Stretch(TermWeights weights, ReadPassage passage, int sentences)
    {
        var best = 0.0;
        for (var first = 0; first < passage.Sentences.Count; first++)
            best = Math.Max(best, weights.Cover([passage.Title, .. passage.Sentences.Skip(first).Take(sentences).Select(sentence => sentence.Stems)]));
        return best;
    }

    private static double Neighbours(TermWeights weights, ReadPassage passage, int within)
    {
        var cover = weights.Cover(passage.Stems);
        var places = passage.Order.Index().ToLookup(at => at.Item, at => at.Index, StringComparer.Ordinal);
        var isRow = passage.Passage.Hit.Kind == ChunkKind.Entity;
        var (found, all) = (0.0, 0.0);
        foreach (var (a, b) in weights.Words.Zip(weights.Words.Skip(1)))
        {
            all += a.Weight + b.Weight;
            if (AreTogether(a.Stem, b.Stem))
                found += a.Weight + b.Weight;
        }
        return (cover + (all > 0 ? found / all : cover)) / 2;

        // What a title names is what all under it is about, and so is a row's every field.
        bool AreTogether(string a, string b) =>
            passage.Stems.Contains(a) && passage.Stems.Contains(b)
            && (isRow || passage.Title.Contains(a) || passage.Title.Contains(b) || places[a].Any(at => places[b].Any(other => Math.Abs(at - other) <= within)));
    }
}

/// <summary>Decides whether passages answer a question. Pure.</summary>
internal static class AnswerRules
{
    /// <summary>How likely it is that they do, 0 to 1: a logistic function of the evidence, fitted to questions of five sets (docs/adr/0035).</summary>
    public static double Likelihood(AnswerEvidence evidence, ExtractiveOptions options) =>
        1 / (1 + Math.Exp(-(options.AtFirst + (evidence.Narrowed ? options.NarrowedCounts : 0) - options.SizeCounts * Math.Log(Math.Max(evidence.Passages, options.FewPassages) / options.ManyPassages) + options.TogetherCounts * evidence.Together + options.HeldCounts * evidence.Held - options.MissingCounts * evidence.Missing)));

    public static bool Answers(AnswerEvidence evidence, ExtractiveOptions options) => evidence.Held > 0 && Likelihood(evidence, options) >= options.MinLikelihood;
}
