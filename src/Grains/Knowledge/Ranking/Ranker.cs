namespace Sophia.Knowledge;

// How candidates are ordered. The engine proposes a pool of chunks by its own BM25; here each is scored anew:
//
// 1. BM25F. A word counts in title and headings and in the text, each against its own mean length (over the pool), and saturates once for both.
//    A word's rarity is that in the whole index; where the asker narrowed the search to what fits in the pool, the mean of that and its rarity
//    there, because within one conversation the conversation's own subject says little.
// 2. Feedback (texts only): the words of the best few that are rare enough widen the question at a small weight. They order the pool anew and
//    add nothing to it.
// 3. Who speaks: chunks in which somebody speaks whom the question names rise with the share of words they have there.
// 4. Neighbours: a piece of conversation gets a fading part of what the pieces before and after it score, since people ask about stretches.
// 5. Siblings: a record with several good chunks is a better record.
//
// Everything is a function of question, candidates and options. The one thing that must be looked up in between is how common the words of
// step 2 are, so the caller asks for the best texts (Best), looks up what they say (Feedback), and hands it in (Widen).

/// <summary>Scores the candidates of one question.</summary>
internal sealed class Ranker
{
    private readonly AnalyzedQuery query;
    private readonly CandidateSet set;
    private readonly RankingOptions options;
    private readonly List<ScoredChunk> all;
    private readonly List<ScoredChunk> matching;
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> weights;
    private readonly HashSet<string> speakers;
    private readonly double meaning;
    private readonly double meanTitle;
    private readonly double meanBody;

    /// <param name="meaning">What nearness counts against words; see <see cref="Meaning"/>.</param>
    public Ranker(AnalyzedQuery query, CandidateSet set, RankingOptions options, double meaning = 0)
    {
        this.meaning = meaning;
        (this.query, this.set, this.options) = (query, set, options);
        var asked = Sought([.. query.Weights.Keys]);
        all = [.. set.Chunks.Select(candidate => new ScoredChunk(candidate, asked))];
        matching = [.. all.Where(c => c.Matches)];
        meanTitle = Math.Max(1e-9, matching.Count == 0 ? 0 : matching.Average(c => c.TitleWords));
        meanBody = Math.Max(1e-9, matching.Count == 0 ? 0 : matching.Average(c => c.BodyWords));
        (speakers, weights) = Speakers();
        Add(weights, set.DocumentFrequency);
    }

    /// <summary>The best chunk of each of the best records, whose words may widen the question; empty where it is not to be widened.</summary>
    public IReadOnlyList<ScoredChunk> Best()
    {
        if (options.FeedbackChunks == 0 || query.Weights.Keys.Count(s => !StopWords.IsAsking(s)) < options.FeedbackMinTerms)
            return [];
        var ordered = matching.FindAll(c => c.Score > 0);
        ordered.Sort(Order);
        return ordered.Count == 0 || ordered[0].Source.Kind == ChunkKind.Turns ? [] : [.. ordered.DistinctBy(c => c.Source.Record).Take(options.FeedbackChunks)];
    }

    /// <summary>Whether a word that stands in so many chunks is rare enough to widen with.</summary>
    public bool IsRare(long documentFrequency) => documentFrequency <= options.FeedbackMaxShare * set.TotalChunks;

    /// <summary>Widens the question by the words chosen.</summary>
    public void Widen(IReadOnlyList<KeyValuePair<string, double>> chosen, IReadOnlyDictionary<string, long> documentFrequency)
    {
        var sum = chosen.Sum(c => c.Value);
        if (sum <= 0)
            return;
        var fresh = Sought(chosen.Select(c => c.Key).Where(s => !places.ContainsKey(s)).ToList());
        foreach (var chunk in matching)
            chunk.Count(fresh);
        var asked = weights.Values.Sum();
        Add(chosen.ToDictionary(c => c.Key, c => options.FeedbackWeight * asked * c.Value / sum, StringComparer.Ordinal), documentFrequency);
    }

    /// <summary>The candidates that the question reaches, best first.</summary>
    public List<ScoredChunk> Finish()
    {
        foreach (var chunk in matching)
            chunk.Score *= 1 + options.SpeakerBoost * Math.Min(1, 2 * chunk.ShareOf(speakers));
        if (!options.Words)
            all.ForEach(chunk => chunk.Score = 0);
        Meaning.Add(all, options.ReciprocalRank is null ? meaning : 0);
        Neighbours.Lend(all, options);
        Neighbours.Unite(all, options);
        if (options.ReciprocalRank is { } constant)
            Meaning.JoinByRank(all, meaning, constant);
        all.RemoveAll(c => c.Score <= 0);
        all.Sort(Order);
        return all;
    }

    /// <summary>The question's words that stand in a chunk, title and headings included, as they were asked.</summary>
    public string[] HeldBy(ScoredChunk chunk) =>
        [.. query.Words.Where(word => query.Weights.ContainsKey(word.Stem) && chunk.CountOf(places[word.Stem]) is (> 0, _) or (_, > 0)).DistinctBy(word => word.Stem).Select(word => word.Text)];

    /// <summary>A chunk's nearness, where it counted.</summary>
    public double? NearnessOf(ScoredChunk chunk) => meaning > 0 ? chunk.Source.Similarity : null;

    /// <summary>Gives new stems their places.</summary>
    private SoughtStems Sought(IReadOnlyList<string> stems)
    {
        var first = places.Count;
        foreach (var stem in stems)
            places.Add(stem, places.Count);
        return new SoughtStems(stems, first);
    }

    private static int Order(ScoredChunk a, ScoredChunk b)
    {
        var byScore = b.Score.CompareTo(a.Score);
        return byScore != 0 ? byScore : a.Source.ChunkId.CompareTo(b.Source.ChunkId);
    }

    private (HashSet<string>, Dictionary<string, double>) Speakers()
    {
        var names = all.SelectMany(c => c.Source.Speakers).Distinct(StringComparer.Ordinal).ToList();
        var (found, words) = options.SpeakerBoost > 0 && names.Count > 0 ? SpeakerNames.In(query.Words, names) : ([], []);
        var weighed = new Dictionary<string, double>(query.Weights, StringComparer.Ordinal);
        foreach (var stem in query.Weights.Keys)
            if (words.Count > 0 && query.Words.Select((w, i) => (w.Stem, i)).Where(w => w.Stem == stem).All(w => words.Contains(w.i)))
                weighed[stem] *= options.SpeakerNameWeight;
        return (found, weighed);
    }

    private void Add(IReadOnlyDictionary<string, double> stems, IReadOnlyDictionary<string, long> documentFrequency)
    {
        foreach (var (stem, weight) in stems)
        {
            var place = places[stem];
            var holding = matching.FindAll(c => c.CountOf(place) is (> 0, _) or (_, > 0));
            var rarity = weight * Rarity(documentFrequency.GetValueOrDefault(stem, holding.Count), holding.Count);
            foreach (var chunk in holding)
                chunk.Score += rarity * Saturated(chunk, chunk.CountOf(place));
        }
    }

    private double Rarity(long inIndex, int inScope)
    {
        var whole = Idf(set.TotalChunks, inIndex);
        return set.ScopeChunks is { } scope && matching.Count < options.Pool && options.MixScope ? (whole + Idf(scope, inScope)) / 2 : whole;
    }

    private static double Idf(long chunks, long holding) => Math.Log(1 + (Math.Max(chunks, holding) - holding + 0.5) / (holding + 0.5));

    private double Saturated(ScoredChunk chunk, (int Title, int Body) count)
    {
        var weight = count.Body / (1 - options.LengthPenalty + options.LengthPenalty * chunk.BodyWords / meanBody)
            + options.TitleWeight * count.Title / (1 - options.TitleLengthPenalty + options.TitleLengthPenalty * chunk.TitleWords / meanTitle);
        return weight * (options.Saturation + 1) / (weight + options.Saturation);
    }
}
