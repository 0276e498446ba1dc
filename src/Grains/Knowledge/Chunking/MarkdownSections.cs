namespace Sophia.Knowledge;

/// <summary>A stretch of a document under one heading: where it starts (heading included) and ends, and the headings above it and its own.</summary>
internal sealed record DocumentSection(int Start, int BodyStart, int End, IReadOnlyList<string> Headings);

/// <summary>Finds the sections of a Markdown text: ATX and setext headings outside fenced code, front matter before the first of them.</summary>
/// <remarks>Only lines are looked at: a heading decides where a section starts, everything else is its text, so a full parser would give the same.</remarks>
internal static class MarkdownSections
{
    /// <summary>Headings kept of a path, from the outermost. Markdown knows six levels.</summary>
    private const int MaxLevels = 6;

    /// <summary>The longest heading in UTF-16 units; a longer line is text.</summary>
    private const int MaxHeadingLength = 300;

    /// <summary>The sections in order; together they are the whole text.</summary>
    public static List<DocumentSection> Of(string text)
    {
        var sections = new List<DocumentSection>();
        var headings = new string?[MaxLevels];
        var (start, body, fence) = (0, 0, '\0');
        IReadOnlyList<string> path = [];
        var line = EndOfFrontMatter(text);
        while (line < text.Length)
        {
            var end = EndOfLine(text, line);
            var content = text.AsSpan(line, end - line).TrimEnd();
            if (Fence(content) is { } mark && (fence == '\0' || fence == mark))
                fence = fence == '\0' ? mark : '\0';
            else if (fence == '\0' && Heading(text, content, end) is var (level, title, after) && level > 0)
            {
                if (line > start)
                    sections.Add(new DocumentSection(start, body, line, path));
                path = Push(headings, level, MarkdownLine.Heading(title));
                (start, body, end) = (line, after, after);
            }
            line = end;
        }
        if (start < text.Length)
            sections.Add(new DocumentSection(start, body, text.Length, path));
        return sections;
    }

    private static IReadOnlyList<string> Push(string?[] headings, int level, string title)
    {
        headings[level - 1] = title;
        Array.Clear(headings, level, MaxLevels - level);
        return [.. headings.Where(h => !string.IsNullOrEmpty(h)).Select(h => h!)];
    }

    private static char? Fence(ReadOnlySpan<char> line)
    {
        var mark = line.TrimStart();
        return mark.StartsWith("```") ? '`' : mark.StartsWith("~~~") ? '~' : null;
    }

    private static (int Level, string Title, int After) Heading(string text, ReadOnlySpan<char> line, int end)
    {
        var level = 0;
        while (level < line.Length && line[level] == '#')
            level++;
        if (level is >= 1 and <= MaxLevels && level < line.Length && line[level] is ' ' or '\t' && line.Length <= MaxHeadingLength)
            return (level, line[level..].Trim().TrimEnd('#').TrimEnd().ToString(), end);
        if (level > 0 || line.IsWhiteSpace() || line.Length > MaxHeadingLength || line[0] is ' ' or '\t' or '>' or '-' or '*' or '|' || end >= text.Length)
            return default;
        var underEnd = EndOfLine(text, end);
        var under = text.AsSpan(end, underEnd - end).Trim();
        if (under.Length < 3)
            return default;
        if (under.IndexOfAnyExcept('=') < 0)
            return (1, line.ToString(), underEnd);
        return under.IndexOfAnyExcept('-') < 0 ? (2, line.ToString(), underEnd) : default;
    }

    private static int EndOfFrontMatter(string text)
    {
        if (!text.StartsWith("---\n", StringComparison.Ordinal) && !text.StartsWith("---\r\n", StringComparison.Ordinal))
            return 0;
        for (var line = EndOfLine(text, 0); line < text.Length; line = EndOfLine(text, line))
            if (text.AsSpan(line, EndOfLine(text, line) - line).Trim() is "---")
                return EndOfLine(text, line);
        return 0;
    }

    private static int EndOfLine(string text, int from)
    {
        var at = text.IndexOf('\n', from);
        return at < 0 ? text.Length : at + 1;
    }
}
