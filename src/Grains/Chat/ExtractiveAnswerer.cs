using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>An answer made of sentences that the records themselves say, each with its mark and its exact place; or why there is none, and what stands near.</summary>
/// <param name="Table">The stream that the answer would be computed over, where that is why.</param>
internal sealed record ExtractiveAnswer(IReadOnlyList<AnswerStep.Said> Sentences, AnswerEvidence Evidence, NoAnswer? Unanswered, IReadOnlyList<ChatSource> Near, string? Table = null)
{
    public bool Found => Sentences.Count > 0;
}

/// <summary>Answers a question by choosing and ordering sentences of the passages found; no model, no invention.</summary>
/// <remarks>
/// A word of the question weighs more the fewer passages hold it. Whether there is an answer at all is decided by <see cref="AnswerRules"/> over all passages. A sentence is then worth what it
/// holds of the question, what its passage and title hold, how well the search liked its passage, and whether it has the form that the question asks for.
/// </remarks>
internal static class ExtractiveAnswerer
{
    /// <param name="known">Words that were met before, for one answer at a time; null: none.</param>
    /// <param name="rows">Rows of tables that the question may be about, where it has the form of one that would be computed (<see cref="ComputedQuestion.Rows"/>).</param>
    public static ExtractiveAnswer Answer(string question, IReadOnlyList<Passage> passages, ExtractiveOptions options, WordCounts? counts = null, IReadOnlyList<Passage>? rows = null, SearchFilter? filter = null, AnswerWords? known = null)
    {
        var words = known ?? new AnswerWords();
        var reading = QuestionReading.Of(question, words);
        var read = passages.Select(p => ReadPassage.Of(p, words)).ToList();
        List<ReadPassage> readRows = [.. (rows ?? []).Select(p => ReadPassage.Of(p, words))];
        var asked = reading.Stems.ToHashSet(StringComparer.Ordinal);
        var named = NamedRows.Of(question, read.Concat(readRows));
        if (read.Exists(p => NamedRows.Holds(question, p.Passage))) // Another row that holds some of the same words is another thing.
            read.RemoveAll(p => ComputedQuestion.IsRow(p.Passage) && !NamedRows.Holds(question, p.Passage));
        var weights = TermWeights.Of(reading.Stems, [.. read.Select(p => p.Stems)], counts?.Passages ?? 0, words.Counts(counts?.Holding ?? new Dictionary<string, long>()), options);
        var scored = new List<ScoredSentence>();
        foreach (var passage in read)
            scored.AddRange(Scored(reading, weights, passage, options));
        var evidence = AnswerEvidence.Of(weights, read, options, counts?.Passages ?? 0, filter?.Keys is { Count: > 0 });
        if (NamedRows.Fields(named, asked, words) is { Count: > 0 } fields)
            return new ExtractiveAnswer(Write([.. fields.Take(options.MaxSentences)]), evidence, null, []);
        if (ComputedQuestion.Table(question, reading, read, readRows, words) is { } table)
        {
            var near = readRows.Concat(read).Where(p => p.Passage.Hit.Citation.Stream == table).SelectMany(p => Scored(reading, weights, p, options));
            return new ExtractiveAnswer([], evidence, NoAnswer.NotComputed, Near([.. near], options.MaxNear, asked, words), table);
        }
        if (!AnswerRules.Answers(evidence, options) || scored.Max(s => s.Cover) < options.MinSentenceCover)
            return new ExtractiveAnswer([], evidence, NoAnswer.NotFound, Near(scored.FindAll(s => s.Around >= options.MinNearCover && s.Cover > 0), options.MaxNear, asked, words));
        var least = options.MinShareOfCover * scored.Max(s => s.Cover);
        var chosen = Choose([.. scored.Where(s => s.Cover >= least).OrderByDescending(s => s.Score).ThenBy(s => s.Sentence.Passage.Number).ThenBy(s => s.Sentence.Order).Take(options.MaxRanked)], options);
        return new ExtractiveAnswer(Write(chosen), evidence, null, []);
    }

    /// <param name="Cover">What it and its passage's title hold of the question, 0 to 1.</param>
    /// <param name="Around">What its passage holds, 0 to 1.</param>
    private sealed record ScoredSentence(Sentence Sentence, double Score, double Cover, double Around);

    private static IEnumerable<ScoredSentence> Scored(QuestionReading reading, TermWeights weights, ReadPassage passage, ExtractiveOptions options)
    {
        var cover = weights.Cover(passage.Stems);
        return passage.Sentences.Select(sentence =>
            new ScoredSentence(sentence, Score(reading, sentence, weights.Cover(sentence.Stems), cover, options), weights.Cover(sentence.Stems, passage.Title), cover));
    }

    private static double Score(QuestionReading reading, Sentence sentence, double own, double context, ExtractiveOptions options)
    {
        var lead = 1.0 / (2 + sentence.Order);
        var score = own + options.ContextWeight * context + options.HitWeight * sentence.Passage.Weight + options.LeadWeight * lead + options.CueWeight * AnswerCues.Of(reading.Kind, sentence);
        return AnswerCues.SaysLittle(sentence) ? score * options.LittleSaid : score;
    }

    /// <summary>The best sentence of each of the best records; of a row the field that the question names, else the one that holds most of it.</summary>
    private static List<ChatSource> Near(List<ScoredSentence> scored, int most, IReadOnlySet<string> asked, AnswerWords words) =>
    [
        .. scored.GroupBy(s => (s.Sentence.Passage.Hit.Citation.Stream, s.Sentence.Passage.Hit.Citation.Key))
            .Select(record => ComputedQuestion.IsRow(record.First().Sentence.Passage)
                ? record.MaxBy(s => (words.Stems(s.Sentence.Piece.Label).Count(asked.Contains), s.Cover, s.Score))! with { Score = record.Max(s => s.Score) } : record.MaxBy(s => s.Score)!)
            .OrderByDescending(s => s.Score).ThenBy(s => s.Sentence.Passage.Number).Take(most)
            .Select((s, place) => Source(s.Sentence, place + 1)),
    ];

    // Maximal marginal relevance: the best sentence first, then whichever adds most to what is said already.
    private static List<Sentence> Choose(IReadOnlyList<ScoredSentence> ranked, ExtractiveOptions options)
    {
        var chosen = new List<Sentence>();
        var best = ranked[0].Score;
        var left = ranked.Where(r => r.Score >= best * options.MinShareOfBest).ToList();
        while (chosen.Count < options.MaxSentences && left.Count > 0)
        {
            var next = left.MaxBy(r => r.Score - options.Redundancy * chosen.Select(c => Alike(c.Stems, r.Sentence.Stems)).DefaultIfEmpty(0).Max() * best)!;
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
            said.Add(new AnswerStep.Said($"{(mark > 1 ? " " : "")}{SentenceDisplay.Of(sentence)} [{mark}]", [Source(sentence, mark)]));
        }
        return said;
    }

    private static ChatSource Source(Sentence sentence, int mark) =>
        new(mark, sentence.Passage.TitleAt(sentence.Piece, sentence.Start), sentence.Quote, sentence.Passage.Cite(sentence.Piece, sentence.Start, sentence.Length));

    private static double Alike(IReadOnlySet<string> a, IReadOnlySet<string> b)
    {
        var both = a.Count(b.Contains);
        return both == 0 ? 0 : (double)both / (a.Count + b.Count - both);
    }
}
