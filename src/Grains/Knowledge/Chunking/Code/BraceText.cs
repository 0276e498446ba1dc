namespace Sophia.Knowledge;

/// <summary>What is no code in a file of a language of braces: comments, strings, templates, regular expressions, the preprocessor's lines. Each answer is the place after it, 0 where there is none.</summary>
internal sealed class BraceText(string text, BraceLanguage language, bool defined = true)
{
    // From here on no quote is closed, up to here no slash begins a regular expression: what was looked for in vain once is not looked for again, or rubbish would take the square of its length.
    private (int Single, int Double) unclosed = (text.Length, text.Length);
    private (int Single, int Double) noQuoteUntil;
    private int noRegexUntil;

    /// <summary>Where code begins: after a byte order mark and the line that names an interpreter.</summary>
    public int Start()
    {
        var at = text.StartsWith('\uFEFF') ? 1 : 0;
        return text.AsSpan(at).StartsWith("#!") ? LineEnd(at) : at;
    }

    public int Comment(int at)
    {
        if (language.HasHashComments && text[at] == '#' && !Is(at, "#["))
            return LineEnd(at);
        if (Is(at, "//"))
            return language.IsScript && at > 0 && text[at - 1] == ':' ? 0 : LineEnd(at);
        if (!Is(at, "/*"))
            return 0;
        if (language.IsRust)
            return NestedComment(at);
        return text.IndexOf("*/", at + 2, StringComparison.Ordinal) is >= 0 and var end ? end + 2 : text.Length;
    }

    /// <summary>A line of the preprocessor with those that it goes on over.</summary>
    public int Directive(int at)
    {
        if (!language.HasDirectives || text[at] != '#' || !StartsLine(at))
            return 0;
        if (language.IsCSharp)
            return defined ? LineEnd(at) : CSharpDirectives.After(text, at);
        var end = LineEnd(at);
        while (end < text.Length && (text[end - 1] == '\\' || (text[end - 1] == '\r' && text[end - 2] == '\\')))
            end = LineEnd(end + 1);
        return end;
    }

    public int String(int at)
    {
        var c = text[at];
        if (c is 'r' or 'b' && language.IsRust)
            return RawRust(at);
        if (language.IsCSharp)
            return c == '\'' ? CSharpStrings.Character(text, at) : 0;
        if (c == 'R' && language.HasDirectives)
            return RawCpp(at);
        if (c == '<' && language.HasHashComments)
            return Heredoc(at);
        if (c == '`' && language.HasRawBackQuotes)
            return text.IndexOf('`', at + 1) is >= 0 and var end ? end + 1 : text.Length;
        if (language.HasTextBlocks && Is(at, "\"\"\""))
            return text.IndexOf("\"\"\"", at + 3, StringComparison.Ordinal) is >= 0 and var block ? block + 3 : text.Length;
        if (c == '\'' && language.IsRust && !IsRustCharacter(at))
            return 0;
        return c is '"' or '\'' ? Quoted(at) : 0;
    }

    public int Regex(int at)
    {
        if (at < noRegexUntil)
            return 0;
        var inClass = false;
        var end = at + 1;
        for (; end < text.Length && text[end] != '\n'; end++)
            if (text[end] == '\\')
                end++;
            else if (text[end] == '[')
                inClass = true;
            else if (text[end] == ']')
                inClass = false;
            else if (text[end] == '/' && !inClass)
                return end == at + 1 ? 0 : end + 1;
        noRegexUntil = end;
        return 0;
    }

    /// <summary>Goes on in a template: to its end, or into a hole of it.</summary>
    public int Template(int at, out bool hole)
    {
        hole = false;
        for (; at < text.Length; at++)
            if (text[at] == '\\')
                at++;
            else if (text[at] == '`')
                return at + 1;
            else if (Is(at, "${"))
            {
                hole = true;
                return at + 2;
            }
        return text.Length;
    }

    public int Word(int at)
    {
        var end = at;
        while (end < text.Length && (IsWord(text[end]) || (text[end] == '\'' && language.HasDirectives && !language.IsCSharp && end > at && char.IsAsciiDigit(text[at]) && end + 1 < text.Length && char.IsAsciiHexDigit(text[end + 1]))))
            end++;
        return end == at ? 0 : end;
    }

    public ReadOnlySpan<char> WordAt(int at)
    {
        var end = at;
        while (end < text.Length && IsWord(text[end]))
            end++;
        return text.AsSpan(at, end - at);
    }

    private bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$' || (c == '#' && language.IsScript) || char.IsSurrogate(c);

    private bool Is(int at, string what) => string.CompareOrdinal(text, at, what, 0, what.Length) == 0;

    private int LineEnd(int at) => text.IndexOf('\n', at) is >= 0 and var end ? end : text.Length;

    private bool StartsLine(int at)
    {
        while (at > 0 && text[at - 1] is ' ' or '\t' or '\uFEFF')
            at--;
        return at == 0 || text[at - 1] == '\n';
    }

    /// <summary>A string on its line (or over lines, where the language has such); an unpaired quote is none.</summary>
    private int Quoted(int at)
    {
        if (at > (text[at] == '"' ? unclosed.Double : unclosed.Single) || at < (text[at] == '"' ? noQuoteUntil.Double : noQuoteUntil.Single))
            return 0;
        for (var end = at + 1; end < text.Length; end++)
            if (text[end] == '\\')
                end += end + 2 < text.Length && text[end + 1] == '\r' ? 2 : 1;
            else if (text[end] == text[at])
                return end + 1;
            else if (text[end] == '\n' && !language.StringsSpanLines)
            {
                noQuoteUntil = text[at] == '"' ? (noQuoteUntil.Single, end) : (end, noQuoteUntil.Double);
                return 0;
            }
        unclosed = text[at] == '"' ? (unclosed.Single, at) : (at, unclosed.Double);
        return 0;
    }

    private int NestedComment(int at)
    {
        var depth = 0;
        for (; at < text.Length; at++)
            if (Is(at, "/*"))
                (depth, at) = (depth + 1, at + 1);
            else if (Is(at, "*/") && (depth, at) is var (was, place))
            {
                (depth, at) = (was - 1, place + 1);
                if (depth == 0)
                    return at + 1;
            }
        return text.Length;
    }

    private bool IsRustCharacter(int at) =>
        at + 2 < text.Length && (text[at + 1] == '\\' || text[at + 2] == '\'' || (char.IsHighSurrogate(text[at + 1]) && at + 3 < text.Length && text[at + 3] == '\''));

    private int RawRust(int at)
    {
        if (at > 0 && IsWord(text[at - 1]))
            return 0;
        var raw = text[at] == 'b' ? at + 1 : at;
        if (raw < text.Length && text[raw] == 'r')
        {
            var marks = raw + 1;
            while (marks < text.Length && text[marks] == '#')
                marks++;
            if (marks < text.Length && text[marks] == '"')
            {
                var close = "\"" + new string('#', marks - raw - 1);
                return text.IndexOf(close, marks + 1, StringComparison.Ordinal) is >= 0 and var end ? end + close.Length : text.Length;
            }
        }
        return 0;
    }

    private int RawCpp(int at)
    {
        if (!Is(at, "R\"") || text.IndexOf('(', at, Math.Min(20, text.Length - at)) is not (>= 0 and var mark))
            return 0;
        var close = ")" + text[(at + 2)..mark] + "\"";
        return text.IndexOf(close, mark, StringComparison.Ordinal) is >= 0 and var end ? end + close.Length : text.Length;
    }

    private int Heredoc(int at)
    {
        if (!Is(at, "<<<"))
            return 0;
        var name = at + 3;
        while (name < text.Length && text[name] is ' ' or '"' or '\'')
            name++;
        var label = WordAt(name);
        if (label.IsEmpty)
            return 0;
        for (var line = LineEnd(name); line < text.Length; line = LineEnd(line + 1))
        {
            var start = line + 1;
            while (start < text.Length && text[start] is ' ' or '\t')
                start++;
            if (text.AsSpan(start).StartsWith(label))
                return start + label.Length;
        }
        return text.Length;
    }
}
