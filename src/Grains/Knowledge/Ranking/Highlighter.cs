namespace Sophia.Knowledge;

/// <summary>Marks where texts hold words of a question, by stem.</summary>
/// <remarks>Stemming leaves the first letter of a word as it is, so most words of a text are passed over without being stemmed.</remarks>
internal sealed class Highlighter
{
    /// <summary>Highlights of one chunk.</summary>
    public const int MaxSpans = 200;

    private readonly AnalyzedQuery query;
    private readonly WordAnalyzer analyzer;
    private readonly bool[] starts = new bool[128];
    private readonly List<Word> words = [];

    public Highlighter(AnalyzedQuery query, WordAnalyzer analyzer)
    {
        (this.query, this.analyzer) = (query, analyzer);
        foreach (var stem in query.Weights.Keys.Where(stem => stem.Length > 0 && char.IsAscii(stem[0])))
            (starts[stem[0]], starts[char.ToUpperInvariant(stem[0])]) = (true, true);
    }

    /// <summary>In code also parts of names: the second half of <c>staleEpoch</c> where "epoch" was asked for.</summary>
    public List<TextSpan> Spans(Chunk chunk) => chunk.Kind == ChunkKind.Function ? InCode(chunk.Text) : Spans(chunk.Text);

    private List<TextSpan> InCode(string text)
    {
        var spans = new List<TextSpan>();
        foreach (var word in analyzer.Words(text))
        {
            if (query.Weights.ContainsKey(word.Stem))
                spans.Add(new TextSpan(word.Start, word.Length));
            else if (word.Length <= Identifiers.MaxLength)
                Parts(text.AsSpan(word.Start, word.Length), word.Start, spans);
            if (spans.Count >= MaxSpans)
                break;
        }
        return spans;
    }

    private void Parts(ReadOnlySpan<char> name, int offset, List<TextSpan> spans)
    {
        for (var at = 0; at < name.Length;)
        {
            var end = Identifiers.PartEnd(name, at);
            if (end - at < name.Length && analyzer.Words(name[at..end]) is [var part] && query.Weights.ContainsKey(part.Stem))
                spans.Add(new TextSpan(offset + at, end - at));
            at = end;
        }
    }

    public List<TextSpan> Spans(string text)
    {
        words.Clear();
        analyzer.Append(text, 0, words, starts);
        var spans = new List<TextSpan>();
        foreach (var word in words)
            if (spans.Count < MaxSpans && query.Weights.ContainsKey(word.Stem))
                spans.Add(new TextSpan(word.Start, word.Length));
        return spans;
    }
}
