using System.Text;
using System.Text.RegularExpressions;
using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>A text that grows by pieces and cites passages as [n]. A mark that names no passage is dropped; each other one gets the words it most likely means.</summary>
internal sealed partial class MarkedText(IReadOnlyList<Passage> passages)
{
    /// <summary>The longest mark that is waited for, such as "[1, 2, 3]", in UTF-16 units.</summary>
    private const int LongestMark = 24;

    private readonly AnswerWords words = new();
    private readonly StringBuilder whole = new();
    private string held = "";
    private int sentenceStart;

    /// <summary>What may be shown now; null where the piece could be the beginning of a mark.</summary>
    public AnswerStep.Said? Add(string piece)
    {
        held += piece;
        var open = held.LastIndexOf('[');
        var waits = open >= 0 && held.IndexOf(']', open) < 0 && held.Length - open <= LongestMark ? open : held.Length;
        // The space before a mark goes with it, should the mark be dropped.
        while (waits > 0 && held[waits - 1] == ' ')
            waits--;
        var ready = held[..waits];
        held = held[waits..];
        return ready.Length == 0 ? null : Say(ready);
    }

    public AnswerStep.Said? End()
    {
        var rest = held.TrimEnd();
        held = "";
        return rest.Length == 0 ? null : Say(rest);
    }

    /// <summary>The spans of the whole text whose sentences cite nothing.</summary>
    public IReadOnlyList<TextSpan> Uncited()
    {
        var text = whole.ToString();
        var spans = SentenceSplitter.Split(text);
        var cited = new bool[spans.Count];
        for (var i = 0; i < spans.Count; i++)
        {
            var sentence = text.Substring(spans[i].Start, spans[i].Length);
            var leading = LeadingMarks().Match(sentence).Length;
            if (leading > 0 && i > 0)
                cited[i - 1] = true;
            cited[i] |= Marks().IsMatch(sentence[leading..]) || leading == sentence.Length;
        }
        return spans.Where((s, i) => !cited[i] && text.AsSpan(s.Start, s.Length).ContainsAnyInRange('0', 'z')).ToArray();
    }

    private AnswerStep.Said? Say(string ready)
    {
        var sources = new List<ChatSource>();
        var shown = new StringBuilder();
        var at = 0;
        foreach (Match mark in Marks().Matches(ready))
        {
            shown.Append(ready, at, mark.Index - at);
            at = mark.Index + mark.Length;
            int[] numbers = [.. mark.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries).Select(n => int.TryParse(n, out var number) ? number : 0).Where(n => n >= 1 && n <= passages.Count).Distinct()];
            if (numbers.Length == 0)
            {
                while (shown.Length > 0 && shown[^1] == ' ')
                    shown.Length--;
                continue;
            }
            var sentence = whole.ToString(sentenceStart, whole.Length - sentenceStart) + shown;
            foreach (var number in numbers)
            {
                shown.Append('[').Append(number).Append(']');
                sources.Add(Source(number, sentence));
            }
        }
        shown.Append(ready, at, ready.Length - at);
        whole.Append(shown);
        sentenceStart = Math.Max(sentenceStart, SentenceSplitter.Split(whole.ToString(sentenceStart, whole.Length - sentenceStart)) is { Count: > 0 } spans ? sentenceStart + spans[^1].Start : sentenceStart);
        return shown.Length == 0 ? null : new AnswerStep.Said(shown.ToString(), sources);
    }

    private ChatSource Source(int number, string sentence)
    {
        var passage = passages[number - 1];
        var asked = words.Stems(sentence);
        var (piece, span, _) = passage.Pieces
            .SelectMany(p => SentenceSplitter.Split(p.Text).Select(s => (Piece: p, Span: s, Shared: Shared(p, s, asked))))
            .DefaultIfEmpty((Piece: passage.Pieces[0], Span: new TextSpan(0, passage.Pieces[0].Text.Length), Shared: 0))
            .MaxBy(x => x.Shared);
        return new ChatSource(number, passage.Title, piece.Text.Substring(span.Start, span.Length), passage.Cite(piece, span.Start, span.Length));
    }

    private double Shared(PassagePiece piece, TextSpan span, HashSet<string> asked)
    {
        var stems = words.Stems(piece.Text.Substring(span.Start, span.Length));
        return stems.Count == 0 ? 0 : stems.Count(asked.Contains) / Math.Sqrt(stems.Count);
    }

    [GeneratedRegex(@"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]", RegexOptions.None, 1000)]
    private static partial Regex Marks();

    [GeneratedRegex(@"^(?:\s*\[\d{1,3}\])+[\s.]*", RegexOptions.None, 1000)]
    private static partial Regex LeadingMarks();
}
