using System.Runtime.InteropServices;

namespace Sophia.Knowledge;

/// <summary>How often each stem stands in title (with headings) and body of a chunk, and how many words each of its speakers says.</summary>
internal sealed record WordCount(int TitleWords, int BodyWords, IReadOnlyDictionary<string, (int Title, int Body)> Stems, int[] Spoken);

/// <summary>Counts the words of chunks.</summary>
internal sealed class WordCounter(WordAnalyzer analyzer)
{
    private readonly List<Word> words = [];

    public WordCount Count(Chunk chunk, string title)
    {
        var stems = new Dictionary<string, (int Title, int Body)>(StringComparer.Ordinal);
        words.Clear();
        analyzer.Append(title, 0, words);
        if (chunk.Kind == ChunkKind.Section && chunk.Section is not null)
            analyzer.Append(chunk.Section, 0, words);
        if (chunk.Kind == ChunkKind.Function && CodeSection.Words(chunk.Section ?? "") is var names)
        {
            analyzer.Append(names, 0, words);
            analyzer.Append(Identifiers.Beside(names), 0, words);
        }
        var titleWords = words.Count;
        foreach (var word in words)
            CollectionsMarshal.GetValueRefOrAddDefault(stems, word.Stem, out _).Title++;
        words.Clear();
        var spoken = new int[chunk.Speakers.Count];
        foreach (var part in ChunkBody.Parts(chunk, title))
        {
            var before = words.Count;
            analyzer.Append(chunk.Text.AsSpan(part.Start, part.Length), part.Start, words);
            if (chunk.Kind == ChunkKind.Turns)
                RemoveAnnotations(chunk.Text, before);
            for (var speaker = 0; speaker < spoken.Length; speaker++)
                if (chunk.Speakers[speaker] == part.Speaker)
                    spoken[speaker] += words.Count - before;
        }
        if (chunk.Kind == ChunkKind.Function)
            analyzer.Append(Identifiers.Beside(chunk.Text), 0, words);
        foreach (var word in words)
            CollectionsMarshal.GetValueRefOrAddDefault(stems, word.Stem, out _).Body++;
        return new WordCount(titleWords, words.Count, stems, spoken);
    }

    /// <summary>A transcriber's mark such as <c>{laughs}</c> is nobody's word.</summary>
    private void RemoveAnnotations(string text, int from)
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
