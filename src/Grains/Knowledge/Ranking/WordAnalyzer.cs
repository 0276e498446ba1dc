using System.Globalization;
using System.Text;

namespace Sophia.Knowledge;

/// <summary>Cuts text into words and stems them as the index does (FTS5's <c>porter unicode61</c>): runs of letters and digits, folded, without diacritics.</summary>
/// <remarks>Keeps the stems of words it has seen, at most <see cref="MaxRemembered"/>; not for use by two threads at once.</remarks>
internal sealed class WordAnalyzer
{
    /// <summary>Distinct words whose stems are kept; beyond it everything is forgotten and learnt anew.</summary>
    public const int MaxRemembered = 50_000;

    /// <summary>The longest word in UTF-16 units that is looked at whole; the rest of a longer one is left out of its stem.</summary>
    public const int MaxWordLength = 256;

    private readonly Dictionary<string, string> stems = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> bySpan;

    public WordAnalyzer() => bySpan = stems.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The words of a text in order.</summary>
    public List<Word> Words(ReadOnlySpan<char> text)
    {
        var words = new List<Word>(text.Length / 6);
        Append(text, 0, words);
        return words;
    }

    /// <summary>Adds the words of a piece of text; their places count from <paramref name="offset"/>.</summary>
    public void Append(ReadOnlySpan<char> text, int offset, List<Word> words)
    {
        var at = 0;
        while (at < text.Length)
        {
            if (!IsWordAt(text, at, started: false, out var width))
            {
                at += width;
                continue;
            }
            var start = at;
            at += width;
            while (at < text.Length && IsWordAt(text, at, started: true, out width))
                at += width;
            words.Add(new Word(StemOf(text[start..at]), offset + start, at - start));
        }
    }

    private string StemOf(ReadOnlySpan<char> word)
    {
        if (word.Length > MaxWordLength)
            word = word[..MaxWordLength];
        if (bySpan.TryGetValue(word, out var known))
            return known;
        if (stems.Count >= MaxRemembered)
            stems.Clear();
        var stem = PorterStemmer.Stem(Fold(word));
        stems[word.ToString()] = stem;
        return stem;
    }

    private static bool IsWordAt(ReadOnlySpan<char> text, int at, bool started, out int width)
    {
        var c = text[at];
        width = 1;
        if (c < 128)
            return char.IsAsciiLetterOrDigit(c);
        if (Rune.DecodeFromUtf16(text[at..], out var rune, out width) != System.Buffers.OperationStatus.Done)
            return false;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
                or UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
                or UnicodeCategory.PrivateUse => true,
            UnicodeCategory.NonSpacingMark => started && rune.Value is >= 0x300 and <= 0x36F,
            _ => false,
        };
    }

    private static string Fold(ReadOnlySpan<char> word)
    {
        var folded = new StringBuilder(word.Length);
        foreach (var rune in word.EnumerateRunes())
        {
            if (rune.Value is >= 0x300 and <= 0x36F)
                continue;
            var lower = Rune.ToLowerInvariant(rune);
            if (lower.IsAscii)
                folded.Append((char)lower.Value);
            else
                folded.Append(Diacritics.Strip(lower).ToString());
        }
        return folded.ToString();
    }
}

/// <summary>A word of a text: its stem, and where it stands, in UTF-16 units.</summary>
internal readonly record struct Word(string Stem, int Start, int Length);
