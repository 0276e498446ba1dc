namespace Sophia.Knowledge;

/// <summary>Marks where a chunk's text holds words of the question, by stem.</summary>
internal static class Highlighter
{
    /// <summary>Highlights of one chunk.</summary>
    public const int MaxSpans = 200;

    public static List<TextSpan> Spans(string text, AnalyzedQuery query, WordAnalyzer analyzer)
    {
        var spans = new List<TextSpan>();
        foreach (var word in analyzer.Words(text))
            if (spans.Count < MaxSpans && query.Weights.ContainsKey(word.Stem))
                spans.Add(new TextSpan(word.Start, word.Length));
        return spans;
    }
}
