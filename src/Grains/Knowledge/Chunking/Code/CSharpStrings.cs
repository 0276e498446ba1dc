namespace Sophia.Knowledge;

/// <summary>How a string of C# began.</summary>
/// <param name="Quotes">Quotes that close it; from 3 on it is raw.</param>
/// <param name="Braces">Brackets that open a hole in it; 0 where it has none.</param>
internal readonly record struct CSharpString(int Start, int Quotes, int Braces, bool IsVerbatim)
{
    public bool IsRaw => Quotes > 2;
}

/// <summary>Strings of C#: plain, verbatim, raw, each of them interpolated too. What stands in holes is code; whoever reads it comes back behind the hole, so that nothing here goes down with their nesting.</summary>
internal sealed class CSharpStrings(string text)
{
    /// <summary>Characters of the longest escape in quotes of one character.</summary>
    private const int MaxCharacter = 12;

    /// <summary>Characters of the longest format behind a colon.</summary>
    private const int MaxFormat = 200;

    /// <summary>The place in a string that begins here; 0 where none does.</summary>
    public int Opens(int at, out CSharpString quote)
    {
        quote = default;
        if (text[at] is not ('"' or '$' or '@'))
            return 0;
        var mark = at;
        var isVerbatim = text[mark] == '@';
        mark += isVerbatim ? 1 : 0;
        var braces = Run(mark, '$');
        mark += braces;
        if (!isVerbatim && braces > 0 && mark < text.Length && text[mark] == '@')
            (isVerbatim, mark) = (true, mark + 1);
        if (mark >= text.Length || text[mark] != '"')
            return 0;
        var quotes = isVerbatim ? 1 : Run(mark, '"');
        quote = new CSharpString(at, quotes > 2 ? quotes : 1, braces, isVerbatim);
        return mark + quote.Quotes;
    }

    /// <summary>Goes on in a string: to its end, or into a hole of it. A plain one ends with its line at the latest.</summary>
    public int Goes(CSharpString quote, int at, out bool hole)
    {
        hole = false;
        while (at < text.Length)
        {
            var c = text[at];
            if (c == '"')
            {
                var quotes = Run(at, '"');
                if (!quote.IsRaw && !quote.IsVerbatim)
                    return at + 1;
                at += quotes;
                if (quote.IsRaw ? quotes >= quote.Quotes : quotes % 2 == 1)
                    return at;
            }
            else if (c == '{' && quote.Braces > 0)
            {
                var braces = Run(at, '{');
                at += braces;
                hole = quote.IsRaw ? braces >= quote.Braces : braces % 2 == 1;
                if (hole)
                    return at;
            }
            else if (c == '\n' && !quote.IsRaw && !quote.IsVerbatim)
                return at;
            else
                at += c == '\\' && !quote.IsRaw && !quote.IsVerbatim && at + 1 < text.Length && text[at + 1] is not ('\n' or '\r') ? 2 : 1;
        }
        return text.Length;
    }

    /// <summary>Where a string goes on after a hole whose first closing bracket stands here.</summary>
    public int AfterHole(int at, CSharpString quote) => at + (quote.IsRaw ? Math.Min(Run(at, '}'), quote.Braces) : 1);

    /// <summary>The place after a character in quotes; 0 where a quote stands alone.</summary>
    public static int Character(string text, int at)
    {
        var from = at + (at + 1 < text.Length && text[at + 1] == '\\' ? 3 : 2);
        var until = Math.Min(text.Length, at + (from == at + 2 ? 4 : MaxCharacter));
        for (; from < until && text[from] != '\n'; from++)
            if (text[from] == '\'')
                return from + 1;
        return 0;
    }

    /// <summary>The bracket that ends the format behind the colon of a hole; 0 where the colon is one of two, or no such bracket follows.</summary>
    public static int Format(string text, int colon)
    {
        if (text[colon - 1] == ':' || (colon + 1 < text.Length && text[colon + 1] == ':'))
            return 0;
        var end = text.AsSpan(colon, Math.Min(MaxFormat, text.Length - colon)).IndexOfAny('}', '"', '\n');
        return end > 0 && text[colon + end] == '}' ? colon + end : 0;
    }

    private int Run(int at, char c)
    {
        var end = at;
        while (end < text.Length && text[end] == c)
            end++;
        return end - at;
    }
}
