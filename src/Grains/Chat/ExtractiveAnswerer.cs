using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>An answer made of sentences that the records themselves say, each with its mark and its exact place.</summary>
internal sealed record ExtractiveAnswer(IReadOnlyList<AnswerStep.Said> Sentences)
{
    public bool Found => Sentences.Count > 0;
}

/// <summary>Answers a question by choosing and ordering sentences of the passages found; no model, no invention.</summary>
/// <remarks>
/// A word of the question weighs more the fewer passages hold it. A sentence is worth what it holds of the question, what its passage and title
/// hold, how well the search liked its passage, and whether it has the form that the question asks for. Where even the best passage holds too
/// little, the answer is that nothing was found: a word that no passage has at all is the best sign that the records do not speak of the matter.
/// </remarks>
internal static class ExtractiveAnswerer
{
    public static ExtractiveAnswer Answer(string question, IReadOnlyList<Passage> passages, ExtractiveOptions options, WordCounts? counts = null)
    {
        var words = new AnswerWords();
        var reading = QuestionReading.Of(question, words);
        var contexts = passages.Select(p => words.Stems([p.Title, .. p.Pieces.SelectMany(x => (string?[])[x.Text, x.Speaker, x.Label])])).ToList();
        var weights = TermWeights.Of(reading.Stems, contexts, counts?.Passages ?? 0, words.Counts(counts?.Holding ?? new Dictionary<string, long>()));
        var scored = new List<(Sentence Sentence, double Score, double Cover)>();
        var bestCover = 0.0;
        for (var i = 0; i < passages.Count; i++)
        {
            var cover = weights.Cover(contexts[i]);
            bestCover = Math.Max(bestCover, cover * (passages[i].Weight > options.WeakHit ? 1 : 0.5));
            var title = words.Stems(passages[i].Title);
            foreach (var sentence in Sentences(passages[i], words))
                scored.Add((sentence, Score(reading, sentence, weights.Cover(sentence.Stems), cover, options), weights.Cover(sentence.Stems, title)));
        }
        if (scored.Count == 0 || bestCover < options.MinPassageCover || scored.Max(s => s.Cover) < options.MinSentenceCover)
            return new ExtractiveAnswer([]);
        var least = options.MinShareOfCover * scored.Max(s => s.Cover);
        var chosen = Choose([.. scored.Where(s => s.Cover >= least).OrderByDescending(s => s.Score).ThenBy(s => s.Sentence.Passage.Number).ThenBy(s => s.Sentence.Order).Take(options.MaxRanked).Select(s => (s.Sentence, s.Score))], options);
        return new ExtractiveAnswer(Write(chosen));
    }

    private static double Score(QuestionReading reading, Sentence sentence, double own, double context, ExtractiveOptions options)
    {
        var lead = 1.0 / (2 + sentence.Order);
        var score = own + options.ContextWeight * context + options.HitWeight * sentence.Passage.Weight + options.LeadWeight * lead + options.CueWeight * AnswerCues.Of(reading.Kind, sentence);
        return AnswerCues.SaysLittle(sentence) ? score * options.LittleSaid : score;
    }

    // Maximal marginal relevance: the best sentence first, then whichever adds most to what is said already.
    private static List<Sentence> Choose(IReadOnlyList<(Sentence Sentence, double Score)> ranked, ExtractiveOptions options)
    {
        var chosen = new List<Sentence>();
        var best = ranked[0].Score;
        var left = ranked.Where(r => r.Score >= best * options.MinShareOfBest).ToList();
        while (chosen.Count < options.MaxSentences && left.Count > 0)
        {
            var next = left.MaxBy(r => r.Score - options.Redundancy * chosen.Select(c => Alike(c.Stems, r.Sentence.Stems)).DefaultIfEmpty(0).Max() * best);
            left.Remove(next);
            if (!chosen.Any(c => Alike(c.Stems, next.Sentence.Stems) > options.SameWords))
                chosen.Add(next.Sentence);
        }
        return chosen;
    }

    private static List<AnswerStep.Said> Write(List<Sentence> chosen)
    {
        // By source, sources in the order of their best sentence, sentences as they stand in the source.
        var order = chosen.Select(s => s.Passage.Number).Distinct().ToList();
        var mark = 0;
        var said = new List<AnswerStep.Said>();
        foreach (var sentence in chosen.OrderBy(s => order.IndexOf(s.Passage.Number)).ThenBy(s => s.Order))
        {
            mark++;
            var source = new ChatSource(mark, sentence.Passage.TitleAt(sentence.Piece, sentence.Start), sentence.Quote, sentence.Passage.Cite(sentence.Piece, sentence.Start, sentence.Length));
            said.Add(new AnswerStep.Said($"{(mark > 1 ? " " : "")}{SentenceDisplay.Of(sentence)} [{mark}]", [source]));
        }
        return said;
    }

    private static IEnumerable<Sentence> Sentences(Passage passage, AnswerWords words)
    {
        var order = 0;
        foreach (var piece in passage.Pieces)
            foreach (var span in SentenceSplitter.Split(piece.Text))
            {
                // A heading names what follows, and a field that is the title names its record: neither says anything of it.
                if (passage.Hit.Kind == ChunkKind.Section ? piece.IsHeading(span.Start) : piece.Label is not null && piece.Text == passage.Hit.Title)
                    continue;
                var said = words.Of(piece.Text.AsSpan(span.Start, span.Length));
                if (said.Count == 0)
                    continue;
                // A field speaks of its entity without naming it: "sector: retail" of another is another thing to say.
                var stems = piece.Label is null ? words.Stems(piece.Speaker) : words.Stems(piece.Label, passage.Hit.Title);
                stems.UnionWith(said.Select(w => w.Stem));
                yield return new Sentence(passage, piece, span.Start, span.Length, order++, stems, said.Count);
            }
    }

    private static double Alike(IReadOnlySet<string> a, IReadOnlySet<string> b)
    {
        var both = a.Count(b.Contains);
        return both == 0 ? 0 : (double)both / (a.Count + b.Count - both);
    }
}
