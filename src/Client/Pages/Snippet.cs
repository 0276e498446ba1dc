using System.Text.RegularExpressions;
using Sophia.Knowledge;

namespace Sophia.Pages;

/// <summary>A piece of a text, and whether it is what was looked for.</summary>
public sealed record SnippetPart(string Text, bool Marked);

/// <summary>The stretch of a passage that says most about a question: where its words stand closest together.</summary>
internal static partial class Snippet
{
    /// <summary>The most characters that are shown of a passage, in UTF-16 units.</summary>
    public const int MaxLength = 420;

    /// <summary>What is shown before the first marked word at most.</summary>
    private const int Before = 90;

    /// <summary>A word is not cut unless it is longer.</summary>
    private const int LongestWord = 40;

    public static IReadOnlyList<SnippetPart> Of(string text, IReadOnlyList<TextSpan> highlights)
    {
        TextSpan[] marks = [.. highlights.Where(mark => mark.Start >= 0 && mark.Length > 0 && mark.Start <= text.Length - mark.Length).OrderBy(mark => mark.Start)];
        var from = text.Length <= MaxLength || marks.Length == 0 ? 0 : WordStart(text, Math.Max(0, Densest(marks) - Before));
        var until = text.Length - from <= MaxLength ? text.Length : WordEnd(text, from + MaxLength);
        var parts = new List<SnippetPart>();
        var at = from;
        foreach (var mark in marks)
        {
            if (mark.Start < at || mark.Start + mark.Length > until)
                continue;
            if (mark.Start > at)
                parts.Add(new SnippetPart(text[at..mark.Start], false));
            parts.Add(new SnippetPart(text.Substring(mark.Start, mark.Length), true));
            at = mark.Start + mark.Length;
        }
        if (at < until)
            parts.Add(new SnippetPart(text[at..until], false));
        if (from > 0)
            parts.Insert(0, new SnippetPart("… ", false));
        if (until < text.Length)
            parts.Add(new SnippetPart(" …", false));
        return parts;
    }

    /// <summary>A part on as few lines as it needs: fields of a row and headings of a document are told apart by a dot. What was said and code keep their lines.</summary>
    public static string Flowing(string part, ChunkKind kind) => kind switch
    {
        ChunkKind.Entity => LineEnds().Replace(part, " · "),
        ChunkKind.Section => LineEnds().Replace(NextHeadings().Replace(FirstHeading().Replace(part, ""), " · "), " "),
        _ => part,
    };

    /// <summary>Where the stretch begins that holds the most marks; the first of equals.</summary>
    private static int Densest(TextSpan[] marks)
    {
        var (best, most, end) = (marks[0].Start, 0, 0);
        for (var first = 0; first < marks.Length; first++)
        {
            while (end < marks.Length && marks[end].Start + marks[end].Length <= marks[first].Start + MaxLength - Before)
                end++;
            if (end - first > most)
                (best, most) = (marks[first].Start, end - first);
        }
        return best;
    }

    private static int WordStart(string text, int at)
    {
        for (var start = at; start > Math.Max(0, at - LongestWord); start--)
            if (char.IsWhiteSpace(text[start - 1]))
                return start;
        return NotWithinPair(text, at);
    }

    private static int WordEnd(string text, int at)
    {
        for (var end = at; end > at - LongestWord; end--)
            if (char.IsWhiteSpace(text[end]))
                return end;
        return NotWithinPair(text, at);
    }

    private static int NotWithinPair(string text, int at) => at > 0 && at < text.Length && char.IsLowSurrogate(text[at]) ? at - 1 : at;

    [GeneratedRegex(@"\s*\n\s*")]
    private static partial Regex LineEnds();

    [GeneratedRegex(@"\A#{1,6}[ \t]+")]
    private static partial Regex FirstHeading();

    [GeneratedRegex(@"\s*\n\s*#{1,6}[ \t]+")]
    private static partial Regex NextHeadings();
}
