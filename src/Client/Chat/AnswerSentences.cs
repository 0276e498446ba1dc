using System.Text.RegularExpressions;

namespace Sophia.Chat;

/// <summary>Cuts an answer at its marks, and where a piece names no source at the borders that were flagged.</summary>
internal static class AnswerSentences
{
    public static IReadOnlyList<AnswerSentence> Of(ChatEvent done)
    {
        var sentences = new List<AnswerSentence>();
        var at = 0;
        foreach (var flagged in done.Uncited ?? [])
        {
            Marked(done.Text[at..flagged.Start], sentences);
            Add(done.Text.Substring(flagged.Start, flagged.Length), [], sentences);
            at = flagged.Start + flagged.Length;
        }
        Marked(done.Text[at..], sentences);
        return sentences;
    }

    private static void Marked(string text, List<AnswerSentence> sentences)
    {
        var at = 0;
        foreach (Match marks in AnswerMarks.Run().Matches(text))
        {
            var words = (text[at..marks.Index] + marks.Groups["end"].Value).Trim();
            int[] numbers = [.. AnswerMarks.One().Matches(marks.Value).Select(n => int.Parse(n.Groups[1].ValueSpan)).Distinct()];
            // A second mark behind the full stop belongs to the sentence before it.
            if (words.Length == 0 && sentences.Count > 0)
                sentences[^1] = sentences[^1] with { Marks = [.. sentences[^1].Marks.Union(numbers)] };
            else
                Add(words, numbers, sentences);
            at = marks.Index + marks.Length;
        }
        Add(text[at..], [], sentences);
    }

    private static void Add(string words, int[] marks, List<AnswerSentence> sentences)
    {
        if (words.Trim() is { Length: > 0 } trimmed)
            sentences.Add(new AnswerSentence(trimmed, marks));
    }
}
