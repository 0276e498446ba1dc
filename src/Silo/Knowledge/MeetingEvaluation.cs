using System.Globalization;

namespace Sophia.Knowledge;

/// <summary>A ranked passage of a meeting: for each turn in it, how many of its words.</summary>
internal sealed record RankedPassage(IReadOnlyDictionary<int, int> WordsByTurn)
{
    public int Words => WordsByTurn.Values.Sum();

    public bool Touches(IReadOnlySet<int> turns) => WordsByTurn.Keys.Any(turns.Contains);
}

/// <summary>Questions within their meeting: is the first passage right, and how much of the right turns does a sixth of the meeting hold?</summary>
internal sealed class MeetingEvaluation(MeetingSet set) : IEvaluation
{
    /// <summary>Rankings drawn by chance for one question.</summary>
    private const int Shuffles = 20;

    /// <summary>The part of a meeting's words that a reader would read.</summary>
    private const int Budget = 6;

    public string[] Modes => ["sophia", "words", "vectors", "hybrid", "rrf", "rrf-default", "bm25", "random"];

    public Task Fill(ScratchSophia sophia, CancellationToken cancellation) => sophia.Ingest(set.Path, null, cancellation);

    public async Task<EvalScore> Run(string mode, Searcher search, CancellationToken cancellation)
    {
        var (gold, hits, reciprocal, lengths, times, questions) = (0.0, 0.0, 0.0, new List<int>(), new List<double>(), 0);
        foreach (var meeting in set.Meetings)
            foreach (var question in meeting.Questions)
            {
                var asked = new SearchQuery(question.Text, SearchQuery.MaxLimit, new SearchFilter(Keys: new[] { meeting.Key }));
                times.Add((await search(asked with { Limit = IEvaluation.TimedLimit }, cancellation)).Milliseconds);
                var answer = await search(asked, cancellation);
                var passages = answer.Hits.Select(hit => PassageOf(hit, meeting)).ToList();
                var rankings = mode == "random" ? Drawn(passages, questions) : [passages];
                gold += rankings.Average(r => GoldWords(r, meeting, question.GoldTurns));
                hits += rankings.Average(r => r.Take(5).Any(p => p.Touches(question.GoldTurns)) ? 1.0 : 0);
                reciprocal += rankings.Average(r => r.FindIndex(p => p.Touches(question.GoldTurns)) is >= 0 and var place ? 1.0 / (place + 1) : 0);
                lengths.AddRange(rankings.SelectMany(r => r.Take(5)).Select(p => p.Words));
                questions++;
            }
        return new EvalScore("qmsum", mode, questions)
        {
            GoldWords = gold / questions, Hit5 = hits / questions, Mrr = reciprocal / questions, PassageWords = lengths.Average(),
            MedianMs = mode == "random" ? null : RetrievalMetrics.Median(times),
        };
    }

    /// <summary>Goes down the ranking, skips what would pass the budget, counts each word once.</summary>
    internal static double GoldWords(IReadOnlyList<RankedPassage> ranking, Meeting meeting, IReadOnlySet<int> goldTurns)
    {
        var words = meeting.Turns.Select(RetrievalMetrics.Words).ToList();
        var (budget, used, covered) = (words.Sum() / (double)Budget, 0, 0);
        foreach (var passage in ranking)
        {
            if (used + passage.Words > budget)
                continue;
            used += passage.Words;
            covered += passage.WordsByTurn.Where(t => goldTurns.Contains(t.Key)).Sum(t => t.Value);
        }
        return covered / (double)Math.Max(1, goldTurns.Where(t => t < words.Count).Sum(t => words[t]));
    }

    private static RankedPassage PassageOf(SearchHit hit, Meeting meeting)
    {
        var words = new Dictionary<int, int>();
        foreach (var span in hit.Citation.Spans.Where(s => s.Field.EndsWith("].text", StringComparison.Ordinal)))
        {
            var turn = int.Parse(span.Field.AsSpan("turns[".Length, span.Field.IndexOf(']') - "turns[".Length), NumberStyles.None, CultureInfo.InvariantCulture);
            words[turn] = words.GetValueOrDefault(turn) + RetrievalMetrics.Words(meeting.Turns[turn].Substring(span.Start, span.Length));
        }
        return new RankedPassage(words);
    }

    private static List<List<RankedPassage>> Drawn(List<RankedPassage> passages, int seed) => Enumerable.Range(0, Shuffles).Select(draw =>
    {
        var drawn = passages.ToArray();
        new Random(draw * 1_000_003 + seed).Shuffle(drawn);
        return drawn.ToList();
    }).ToList();
}
