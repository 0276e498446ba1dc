namespace Sophia.Knowledge;

/// <summary>Finds where a Python string ends.</summary>
internal sealed class PythonStrings(string text)
{
    /// <summary>F-strings within f-strings that are followed.</summary>
    private const int MaxNesting = 32;

    /// <summary>Characters read within expressions of f-strings, for each character of the file: beyond that braces are plain text, so that no file takes longer than its length allows.</summary>
    private const int MaxEffort = 64;

    private long effort = 64 + (long)MaxEffort * text.Length;

    /// <summary>The place after the string whose first quote stands here. One that is not closed ends with its line, or with the file where it is of three quotes.</summary>
    public int End(int quote, int nesting = 0)
    {
        var (mark, formatted) = (text[quote], IsFormatted(quote));
        var width = quote + 2 < text.Length && text[quote + 1] == mark && text[quote + 2] == mark ? 3 : 1;
        if (width == 1 && quote + 1 < text.Length && text[quote + 1] == mark)
            return quote + 2;
        for (var at = quote + width; at < text.Length;)
        {
            var c = text[at];
            if (c == '\\')
                at += at + 2 < text.Length && text[at + 1] == '\r' ? 3 : 2;
            else if (c == mark && (width == 1 || Closes(at, mark)))
                return at + width;
            else if (c == '\n' && width == 1)
                return at;
            else if (c == '{' && formatted && nesting < MaxNesting)
                at = at + 1 < text.Length && text[at + 1] == '{' ? at + 2 : Expression(at + 1, width, nesting) ?? at + 1;
            else
                at++;
        }
        return text.Length;
    }

    private bool Closes(int at, char mark) => at + 2 < text.Length && text[at + 1] == mark && text[at + 2] == mark;

    /// <summary>The place after the brace that closes an expression of an f-string; null where none does, so that what looked like one is plain text.</summary>
    private int? Expression(int at, int width, int nesting)
    {
        var (depth, format) = (0, false);
        while (at < text.Length && effort-- > 0)
        {
            var c = text[at];
            if (c == '\n' && width == 1 && depth == 0)
                return null;
            if (c == '}' && depth == 0)
                return at + 1;
            if (c == '{' && format && nesting < MaxNesting)
                at = Expression(at + 1, width, nesting + 1) ?? at + 1;
            else if (format)
                at++;
            else if (c is '"' or '\'')
                at = End(at, nesting + 1);
            else
            {
                depth += c is '(' or '[' or '{' ? 1 : c is ')' or ']' or '}' ? -1 : 0;
                format = c == ':' && depth == 0;
                at++;
            }
        }
        return null;
    }

    private bool IsFormatted(int quote)
    {
        var start = quote;
        while (start > 0 && quote - start < 3 && char.IsAsciiLetter(text[start - 1]))
            start--;
        return (start == 0 || !(char.IsLetterOrDigit(text[start - 1]) || text[start - 1] == '_')) && text.AsSpan(start, quote - start).IndexOfAny("fFtT") >= 0;
    }
}
