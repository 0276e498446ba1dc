namespace Sophia.Knowledge;

/// <summary>Cuts candidates into words. Titles repeat from chunk to chunk and are cut once.</summary>
internal sealed class CandidateReader(WordAnalyzer analyzer)
{
    private readonly Dictionary<(string Title, string? Section), List<Word>> titles = [];

    public ScoredChunk Read(IndexedChunk source)
    {
        var body = new List<Word>(source.Chunk.Text.Length / 6);
        Dictionary<string, int>? spoken = null;
        foreach (var part in ChunkBody.Parts(source.Chunk, source.Title))
        {
            var before = body.Count;
            analyzer.Append(source.Chunk.Text.AsSpan(part.Start, part.Length), part.Start, body);
            if (source.Chunk.Kind == ChunkKind.Turns)
                RemoveAnnotations(source.Chunk.Text, body, before);
            if (part.Speaker is { } speaker)
                (spoken ??= new(StringComparer.Ordinal))[speaker] = spoken.GetValueOrDefault(speaker) + body.Count - before;
        }
        return new ScoredChunk(source, TitleWords(source), body, spoken);
    }

    private List<Word> TitleWords(IndexedChunk source)
    {
        var section = source.Chunk.Kind == ChunkKind.Section ? source.Chunk.Section : null;
        if (titles.TryGetValue((source.Title, section), out var known))
            return known;
        var title = analyzer.Words(source.Title);
        if (section is not null)
            analyzer.Append(section, 0, title);
        return titles[(source.Title, section)] = title;
    }

    /// <summary>A transcriber's mark such as <c>{laughs}</c> is nobody's word.</summary>
    private static void RemoveAnnotations(string text, List<Word> words, int from)
    {
        var kept = from;
        for (var i = from; i < words.Count; i++)
        {
            var (start, end) = (words[i].Start, words[i].Start + words[i].Length);
            if (!(start > 0 && text[start - 1] is '{' or '_' && end < text.Length && text[end] is '}' or '_'))
                words[kept++] = words[i];
        }
        words.RemoveRange(kept, words.Count - kept);
    }
}
