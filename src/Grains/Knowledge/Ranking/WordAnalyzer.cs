using System.Text;

namespace Sophia.Knowledge;

/// <summary>Cuts text into words and stems them as the index does (FTS5's <c>porter unicode61</c>): runs of letters and digits, folded, without diacritics.</summary>
/// <remarks>Keeps the stems of words it has seen; not for use by two threads at once.</remarks>
internal sealed class WordAnalyzer
{
    /// <summary>Enough for the words of large texts that are cut or embedded at a stretch.</summary>
    public const int MaxRemembered = 50_000;

    /// <summary>The longest word in UTF-16 units that is looked at whole; the rest of a longer one is left out of its stem.</summary>
    public const int MaxWordLength = 256;

    private readonly Dictionary<string, string> stems = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> bySpan;

    private readonly int remembered;

    /// <param name="remembered">Distinct words whose stems are kept; beyond it everything is forgotten and learnt anew. Default <see cref="MaxRemembered"/>.</param>
    public WordAnalyzer(int remembered = MaxRemembered)
    {
        this.remembered = remembered;
        bySpan = stems.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The words of a text in order.</summary>
    public List<Word> Words(ReadOnlySpan<char> text)
    {
        var words = new List<Word>(text.Length / 6);
        Append(text, 0, words);
        return words;
    }

    /// <summary>Adds the words of a piece of text; their places count from <paramref name="offset"/>.</summary>
    /// <param name="starts">Which ASCII characters the wanted words start with; words that start with another of them are left out.</param>
    public void Append(ReadOnlySpan<char> text, int offset, List<Word> words, ReadOnlySpan<bool> starts = default)
    {
        var at = 0;
        while (at < text.Length)
        {
            var first = CodePoint(text, at, out var width);
            var start = at;
            at += width;
            if (!WordCharacters.Starts(first))
                continue;
            while (at < text.Length && WordCharacters.Continues(CodePoint(text, at, out width)))
                at += width;
            if (first >= starts.Length || starts[first])
                words.Add(new Word(StemOf(text[start..at]), offset + start, at - start));
        }
    }

    private string StemOf(ReadOnlySpan<char> word)
    {
        if (word.Length > MaxWordLength)
            word = word[..MaxWordLength];
        if (bySpan.TryGetValue(word, out var known))
            return known;
        if (stems.Count >= remembered)
            stems.Clear();
        var stem = PorterStemmer.Stem(Fold(word));
        stems[word.ToString()] = stem;
        return stem;
    }

    /// <summary>The character at a place; a lone half of a surrogate pair is none (0).</summary>
    private static int CodePoint(ReadOnlySpan<char> text, int at, out int width)
    {
        var c = text[at];
        width = 1;
        if (!char.IsSurrogate(c))
            return c;
        if (!char.IsHighSurrogate(c) || at + 1 == text.Length || !char.IsLowSurrogate(text[at + 1]))
            return 0;
        width = 2;
        return char.ConvertToUtf32(c, text[at + 1]);
    }

    private static string Fold(ReadOnlySpan<char> word)
    {
        var folded = new StringBuilder(word.Length);
        foreach (var rune in word.EnumerateRunes())
            if (WordCharacters.Fold(rune.Value) is > 0 and var written)
                _ = written <= char.MaxValue ? folded.Append((char)written) : folded.Append(new Rune(written).ToString());
        return folded.ToString();
    }
}

/// <summary>A word of a text: its stem, and where it stands, in UTF-16 units.</summary>
internal readonly record struct Word(string Stem, int Start, int Length);
