using System.Text.RegularExpressions;
using Sophia.Chat;

namespace Sophia.Pages;

/// <summary>A sentence of an answer: the white space before it, its words, and its marks as written, each with its source.</summary>
internal sealed record MarkedSentence(string Lead, string Text, IReadOnlyList<(string Mark, ChatSource Source)> Sources);

/// <summary>Cuts an answer after its marks ([3]), so that each sentence, its full stop included, stands with the links to its sources.</summary>
internal static class Marks
{
    public static IReadOnlyList<MarkedSentence> Sentences(string text, IReadOnlyList<ChatSource> sources)
    {
        var sentences = new List<MarkedSentence>();
        var at = 0;
        foreach (Match run in AnswerMarks.Run().Matches(text))
        {
            var known = AnswerMarks.One().Matches(run.Value).Select(m => (m.Value, Source: Of(m, sources))).ToList();
            if (known.Exists(k => k.Source is null))
                continue;
            Add(text[at..run.Index] + run.Groups["end"].Value, [.. known.Select(k => (k.Value, k.Source!))]);
            at = run.Index + run.Length;
        }
        Add(text[at..], []);
        return sentences;

        void Add(string piece, IReadOnlyList<(string, ChatSource)> marks)
        {
            var words = piece.TrimStart();
            if (piece.Length > 0 || marks.Count > 0)
                sentences.Add(new MarkedSentence(piece[..^words.Length], words, marks));
        }
    }

    private static ChatSource? Of(Match mark, IReadOnlyList<ChatSource> sources) =>
        int.TryParse(mark.Groups[1].ValueSpan, out var number) ? sources.FirstOrDefault(s => s.Mark == number) : null;
}
