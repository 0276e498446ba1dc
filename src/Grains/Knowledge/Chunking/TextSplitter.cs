namespace Sophia.Knowledge;

/// <summary>A piece of a text, in UTF-16 units.</summary>
internal readonly record struct TextPiece(int Start, int End, int Words)
{
    public int Length => End - Start;
}

/// <summary>Cuts a text into pieces of about equal size at paragraphs, then sentences, then words; nothing but white space is lost between them.</summary>
internal static class TextSplitter
{
    /// <summary>The pieces of <c>text[start..end]</c>: one where it has at most <paramref name="maxWords"/> words, else each of about <paramref name="targetWords"/>.</summary>
    public static List<TextPiece> Split(string text, int start, int end, int targetWords, int maxWords, int maxLength)
    {
        var whole = Trim(text, start, end);
        if (whole.Length == 0)
            return [];
        if (whole.Words <= maxWords && whole.Length <= maxLength)
            return [whole];
        return Pack(text, Atoms(text, whole, maxWords, maxLength), whole.Words, targetWords, maxWords, maxLength);
    }

    /// <summary>A stretch as one piece, without white space at its ends.</summary>
    public static TextPiece Whole(string text, int start, int end) => Trim(text, start, end);

    /// <summary>How many runs without white space a stretch of text has.</summary>
    public static int CountWords(ReadOnlySpan<char> text)
    {
        var words = 0;
        var inside = false;
        foreach (var c in text)
        {
            var space = char.IsWhiteSpace(c);
            if (!space && !inside)
                words++;
            inside = !space;
        }
        return words;
    }

    private static List<TextPiece> Pack(string text, List<TextPiece> atoms, int words, int targetWords, int maxWords, int maxLength)
    {
        var parts = Math.Max(1, (int)Math.Round((double)words / targetWords));
        var goal = (double)words / parts;
        var pieces = new List<TextPiece>(parts + 1);
        var first = atoms[0];
        var (start, end, have) = (first.Start, first.End, first.Words);
        foreach (var atom in atoms.Skip(1))
        {
            if (have + atom.Words / 2.0 > goal || have + atom.Words > maxWords || atom.End - start > maxLength)
            {
                pieces.Add(Trim(text, start, end));
                (start, have) = (atom.Start, 0);
            }
            end = atom.End;
            have += atom.Words;
        }
        pieces.Add(Trim(text, start, end));
        return pieces;
    }

    private static List<TextPiece> Atoms(string text, TextPiece whole, int maxWords, int maxLength)
    {
        var atoms = new List<TextPiece>();
        foreach (var paragraph in Cut(text, whole.Start, whole.End, IsParagraphEnd))
        {
            if (Fits(paragraph, maxWords / 2, maxLength))
            {
                atoms.Add(paragraph);
                continue;
            }
            foreach (var sentence in Cut(text, paragraph.Start, paragraph.End, IsSentenceEnd))
                if (Fits(sentence, maxWords, maxLength))
                    atoms.Add(sentence);
                else
                    CutWords(text, sentence, maxWords, maxLength, atoms);
        }
        return atoms;
    }

    private static bool Fits(TextPiece piece, int maxWords, int maxLength) => piece.Words <= maxWords && piece.Length <= maxLength;

    private static IEnumerable<TextPiece> Cut(string text, int start, int end, Func<string, int, int, bool> endsAt)
    {
        var from = start;
        for (var at = start; at < end; at++)
        {
            if (!endsAt(text, at, end))
                continue;
            if (Trim(text, from, at + 1) is { Length: > 0 } piece)
                yield return piece;
            from = at + 1;
        }
        if (Trim(text, from, end) is { Length: > 0 } last)
            yield return last;
    }

    private static bool IsParagraphEnd(string text, int at, int end)
    {
        if (text[at] != '\n')
            return false;
        for (var next = at + 1; next < end && char.IsWhiteSpace(text[next]); next++)
            if (text[next] == '\n')
                return true;
        return false;
    }

    private static bool IsSentenceEnd(string text, int at, int end) =>
        (text[at] is '.' or '!' or '?' && at + 1 < end && char.IsWhiteSpace(text[at + 1])) || text[at] is '。' or '！' or '？';

    private static void CutWords(string text, TextPiece sentence, int maxWords, int maxLength, List<TextPiece> atoms)
    {
        var start = sentence.Start;
        while (start < sentence.End)
        {
            var end = start;
            var words = 0;
            while (end < sentence.End && words < maxWords)
            {
                var next = EndOfWord(text, end, sentence.End);
                if (next - start > maxLength)
                    break;
                end = next;
                words++;
            }
            if (end == start)
                end = Unparted(text, start, Math.Min(sentence.End, start + maxLength));
            if (Trim(text, start, end) is { Length: > 0 } piece)
                atoms.Add(piece);
            start = end;
        }
    }

    private static int EndOfWord(string text, int at, int end)
    {
        while (at < end && char.IsWhiteSpace(text[at]))
            at++;
        while (at < end && !char.IsWhiteSpace(text[at]))
            at++;
        return at;
    }

    /// <summary>A cut that does not part a surrogate pair.</summary>
    private static int Unparted(string text, int start, int end) =>
        end - 1 > start && end < text.Length && char.IsHighSurrogate(text[end - 1]) ? end - 1 : end;

    private static TextPiece Trim(string text, int start, int end)
    {
        while (start < end && char.IsWhiteSpace(text[start]))
            start++;
        while (end > start && char.IsWhiteSpace(text[end - 1]))
            end--;
        return new TextPiece(start, end, CountWords(text.AsSpan(start, end - start)));
    }
}
