using System.Text.RegularExpressions;
using Sophia.Chat;

namespace Sophia.Pages;

/// <summary>Finds the marks ([3]) of an answer's text, so that each becomes a link to its source.</summary>
internal static partial class Marks
{
    public static IEnumerable<(string Text, ChatSource? Source)> Split(string text, IReadOnlyList<ChatSource> sources)
    {
        var at = 0;
        foreach (Match mark in Mark().Matches(text))
        {
            if (!int.TryParse(mark.Groups[1].ValueSpan, out var number) || sources.FirstOrDefault(s => s.Mark == number) is not { } source)
                continue;
            if (mark.Index > at)
                yield return (text[at..mark.Index], null);
            yield return (mark.Value, source);
            at = mark.Index + mark.Length;
        }
        if (at < text.Length)
            yield return (text[at..], null);
    }

    [GeneratedRegex(@"\[(\d{1,4})\]")]
    private static partial Regex Mark();
}
