using System.Text.RegularExpressions;
using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>Makes a quote readable inside an answer: on one line, without Markdown, and with nothing in it that looks like a mark of ours.</summary>
internal static partial class SentenceDisplay
{
    public static string Of(Sentence sentence)
    {
        var text = Plain(sentence.Quote);
        if (sentence.Piece.Speaker is { } speaker)
            return $"{Plain(speaker)}: {text}";
        return sentence.Piece.Label is { } label && sentence.Words <= 30 ? $"{Plain(sentence.Passage.Hit.Title)}, {Plain(label)}: {text}" : text;
    }

    public static string Plain(string text)
    {
        text = MarkdownLine.Plain(text);
        text = MarkLike().Replace(text, "($1)");
        text = Annotations().Replace(text, " ");
        text = SpacedMarks().Replace(text, "$1");
        return Spaces().Replace(text, " ").Trim();
    }

    [GeneratedRegex(@"\[(\d+)\]", RegexOptions.None, 1000)]
    private static partial Regex MarkLike();

    // Transcripts mark noises and slips: {vocalsound}, {disfmarker}.
    [GeneratedRegex(@"\{[a-z]{3,20}\}", RegexOptions.None, 1000)]
    private static partial Regex Annotations();

    [GeneratedRegex(@"\s+([.,;:!?])(?=\s|$)", RegexOptions.None, 1000)]
    private static partial Regex SpacedMarks();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Spaces();
}
