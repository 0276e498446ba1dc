using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>Finds the sentences of a text as spans of it, in plain prose, Markdown and tokenised transcripts ("Yeah . I think so .").</summary>
/// <remarks>A line that begins a bullet, a heading or a table row begins a sentence; other lines go on with the one before. No span is longer than <see cref="MaxLength"/>.</remarks>
internal static class SentenceSplitter
{
    /// <summary>In UTF-16 units; longer sentences are cut at a space.</summary>
    public const int MaxLength = 500;

    private static readonly HashSet<string> Abbreviations = new(StringComparer.OrdinalIgnoreCase)
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "e.g", "i.e", "eg", "ie", "cf", "al", "no", "nos", "fig", "eq", "vol", "pp", "inc", "ltd", "co", "corp",
        "dept", "est", "approx", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "u.s", "u.k", "a.m", "p.m", "ph.d", "resp", "min", "max", "incl",
    };

    public static IReadOnlyList<TextSpan> Split(string text)
    {
        var spans = new List<TextSpan>();
        foreach (var (start, end) in Blocks(text))
            Sentences(text, start, end, spans);
        return spans;
    }

    private static IEnumerable<(int Start, int End)> Blocks(string text)
    {
        var start = 0;
        var fenced = false;
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOf('\n', at);
            end = end < 0 ? text.Length : end;
            var line = text.AsSpan(at, end - at).Trim();
            var fence = line.StartsWith("```") || line.StartsWith("~~~");
            // A heading, a row of a table or a line of code stands alone.
            var alone = fence || fenced || line.StartsWith("#") || line.StartsWith("|");
            if (alone || line.IsEmpty || OpensBlock(line))
            {
                if (at > start)
                    yield return (start, at);
                start = at;
            }
            if (fence)
                fenced = !fenced;
            if (alone)
            {
                yield return (at, end);
                start = end;
            }
            at = end + 1;
        }
        if (start < text.Length)
            yield return (start, text.Length);
    }

    private static bool OpensBlock(ReadOnlySpan<char> line)
    {
        if (line[0] is '#' or '|' or '>' or '•')
            return true;
        if (line[0] is '-' or '*' or '+')
            return line.Length > 1 && line[1] == ' ';
        var digits = 0;
        while (digits < line.Length && char.IsAsciiDigit(line[digits]))
            digits++;
        return digits is > 0 and < 4 && digits + 1 < line.Length && line[digits] is '.' or ')' && line[digits + 1] == ' ';
    }

    private static void Sentences(string text, int start, int end, List<TextSpan> spans)
    {
        var from = start;
        for (var i = start; i < end; i++)
            if (text[i] is '.' or '!' or '?' or '…' && EndsSentence(text, from, i, end, out var after))
            {
                Add(text, from, after, spans);
                from = after;
                i = after - 1;
            }
        Add(text, from, end, spans);
    }

    private static bool EndsSentence(string text, int from, int at, int end, out int after)
    {
        after = at + 1;
        while (after < end && text[after] is '.' or '!' or '?' or '"' or '\'' or ')' or ']' or '”' or '’' or '*' or '_')
            after++;
        if (after < end && !char.IsWhiteSpace(text[after]))
            return false;
        // Tokenised text sets a space before the mark, and never begins a sentence with a capital for certain.
        if (text[at] != '.' || (at > from && char.IsWhiteSpace(text[at - 1])))
            return true;
        var next = after;
        while (next < end && char.IsWhiteSpace(text[next]))
            next++;
        if (next < end && char.IsLower(text[next]))
            return false;
        return next >= end || !IsAbbreviation(text, from, at);
    }

    private static bool IsAbbreviation(string text, int from, int dot)
    {
        var start = dot;
        while (start > from && (char.IsLetter(text[start - 1]) || text[start - 1] == '.'))
            start--;
        var word = text[start..dot];
        if (word.Length == 1)
            return char.IsUpper(word[0]) && word[0] != 'I';
        // "2." opens an item, but "in 2019." ends a sentence.
        return Abbreviations.Contains(word);
    }

    private static void Add(string text, int from, int to, List<TextSpan> spans)
    {
        while (true)
        {
            (from, var end) = Trim(text, from, to);
            if (end - from <= MaxLength)
            {
                if (end > from)
                    spans.Add(new TextSpan(from, end - from));
                return;
            }
            var cut = text.LastIndexOfAny([' ', '\n', '\t'], from + MaxLength, MaxLength / 2);
            cut = cut < 0 ? from + MaxLength : cut;
            if (char.IsLowSurrogate(text[cut]))
                cut--;
            spans.Add(new TextSpan(from, cut - from));
            from = cut;
        }
    }

    private static (int From, int To) Trim(string text, int from, int to)
    {
        while (from < to && (char.IsWhiteSpace(text[from]) || (text[from] is '#' or '>' or '•' or '|') || IsBullet(text, from, to)))
            from++;
        while (to > from && (char.IsWhiteSpace(text[to - 1]) || text[to - 1] == '|'))
            to--;
        return (from, to);
    }

    private static bool IsBullet(string text, int at, int to) =>
        text[at] is '-' or '*' or '+' && at + 1 < to && text[at + 1] == ' ';
}
