namespace Sophia.Knowledge;

/// <summary>Which branches of C#'s directives are code when no symbol is defined. Asked for only where the brackets of all branches together do not pair.</summary>
internal static class CSharpDirectives
{
    /// <summary>The place after a directive, and after the branches below it that are not read.</summary>
    public static int After(string text, int at)
    {
        var end = LineEnd(text, at);
        return Word(text, at, end, out var condition) switch
        {
            "if" => Holds(condition) ? end : Skip(text, end, another: true),
            "elif" or "else" => Skip(text, end, another: false),
            _ => end,
        };
    }

    private static int Skip(string text, int at, bool another)
    {
        for (var depth = 0; at < text.Length;)
        {
            var (start, end) = (at + 1, LineEnd(text, at + 1));
            at = end;
            switch (Word(text, start, end, out var condition))
            {
                case "if":
                    depth++;
                    break;
                case "endif" when depth-- == 0:
                    return end;
                case "else" when depth == 0 && another:
                case "elif" when depth == 0 && another && Holds(condition):
                    return end;
            }
        }
        return text.Length;
    }

    private static ReadOnlySpan<char> Word(string text, int start, int end, out ReadOnlySpan<char> rest)
    {
        var line = start < end ? text.AsSpan(start, end - start).Trim() : default;
        rest = default;
        if (!line.StartsWith('#'))
            return default;
        line = line[1..].TrimStart();
        var length = 0;
        while (length < line.Length && char.IsAsciiLetter(line[length]))
            length++;
        rest = line[length..].TrimStart();
        return line[..length];
    }

    private static bool Holds(ReadOnlySpan<char> condition) => condition.StartsWith('!') || condition.StartsWith("true");

    private static int LineEnd(string text, int at) => at < text.Length && text.IndexOf('\n', at) is >= 0 and var end ? end : text.Length;
}
