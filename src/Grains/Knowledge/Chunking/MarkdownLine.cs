using System.Text.RegularExpressions;

namespace Sophia.Knowledge;

/// <summary>Makes a line of Markdown readable as plain text: links by their words, emphasis and tags without their signs.</summary>
public static partial class MarkdownLine
{
    /// <summary>On one line, with single spaces.</summary>
    public static string Plain(string line)
    {
        line = Tags().Replace(line, " ");
        line = Links().Replace(line, "$1");
        line = References().Replace(line, "$1");
        line = Emphasis().Replace(line, "$2");
        line = Escapes().Replace(line, "$1");
        return Spaces().Replace(line, " ").Trim();
    }

    /// <summary>A heading without what only closes it: <c>## **Dining expenses:** ##</c> is "Dining expenses".</summary>
    public static string Heading(string line) => Plain(line.Trim().TrimEnd('#')).TrimEnd(':', ' ');

    [GeneratedRegex(@"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>|<!--.*?-->", RegexOptions.IgnoreCase | RegexOptions.Singleline, 1000)]
    private static partial Regex Tags();

    [GeneratedRegex(@"!?\[([^\]\n]*)\]\([^)\n]*\)", RegexOptions.None, 1000)]
    private static partial Regex Links();

    [GeneratedRegex(@"!?\[([^\]\n]+)\]\[[^\]\n]*\]", RegexOptions.None, 1000)]
    private static partial Regex References();

    [GeneratedRegex(@"(\*\*|__|\*|`)(?=\S)([^*`\n]+?)(?<=\S)\1", RegexOptions.None, 1000)]
    private static partial Regex Emphasis();

    [GeneratedRegex(@"\\([\\`*_{}\[\]()#+\-.!|<>])", RegexOptions.None, 1000)]
    private static partial Regex Escapes();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Spaces();
}
