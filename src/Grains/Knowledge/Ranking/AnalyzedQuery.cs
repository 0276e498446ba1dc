namespace Sophia.Knowledge;

/// <summary>A question as words to look for, each with its weight. A question of stop words alone is looked for as it is.</summary>
internal sealed record AnalyzedQuery(IReadOnlyList<QueryWord> Words, IReadOnlyDictionary<string, double> Weights, IReadOnlyList<string> Terms)
{
    /// <summary>Whether there is nothing to look for (only signs).</summary>
    public bool IsEmpty => Weights.Count == 0;

    public static AnalyzedQuery Of(string text, WordAnalyzer analyzer, RankingOptions options)
    {
        var words = analyzer.Words(text).ConvertAll(w => new QueryWord(w.Stem, text.Substring(w.Start, w.Length).ToLowerInvariant()));
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        var terms = new List<string>();
        foreach (var word in words)
            if (!options.DropStopWords || !StopWords.IsStop(word.Stem))
                Add(word, StopWords.IsAsking(word.Stem) ? options.AskingWeight : 1);
        if (weights.Count == 0)
            foreach (var word in words)
                Add(word, 1);
        return new AnalyzedQuery(words, weights, terms);

        void Add(QueryWord word, double weight)
        {
            if (weights.Count < options.MaxTerms && weights.TryAdd(word.Stem, weight))
                terms.Add(word.Text);
        }
    }
}

/// <summary>A word of a question: its stem, and itself in lower case.</summary>
internal readonly record struct QueryWord(string Stem, string Text);
