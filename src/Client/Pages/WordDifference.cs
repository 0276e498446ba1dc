using System.Text.RegularExpressions;

namespace Sophia.Pages;

public enum TextPartKind
{
    Same = 1,
    Removed = 2,
    Added = 3,
}

/// <summary>A stretch of a text that stayed, went, or came.</summary>
public sealed record TextPart(string Text, TextPartKind Kind);

/// <summary>Compares two texts word by word: the longest sequence of words that both have stays, the rest went or came.</summary>
internal static partial class WordDifference
{
    /// <summary>What is shown of one stretch that went or came, in UTF-16 units.</summary>
    public const int MaxText = 300;

    /// <summary>What is shown of what stayed, on either side of a change.</summary>
    public const int Around = 40;

    /// <summary>Words between the first and the last change beyond which the whole stretch went and came: comparing costs their product.</summary>
    private const int MaxWords = 500;

    public static IReadOnlyList<TextPart> Of(string before, string after)
    {
        string[] old = Words(before), now = Words(after);
        var lead = old.AsSpan().CommonPrefixLength(now);
        var tail = 0;
        while (tail < Math.Min(old.Length, now.Length) - lead && old[^(tail + 1)] == now[^(tail + 1)])
            tail++;
        var parts = new List<TextPart>();
        Add(parts, string.Concat(old.AsSpan(0, lead)), TextPartKind.Same);
        foreach (var part in Between(old[lead..^tail], now[lead..^tail]))
            Add(parts, part.Text, part.Kind);
        Add(parts, string.Concat(old.AsSpan(old.Length - tail)), TextPartKind.Same);
        var joined = Joined(parts);
        return [.. joined.Select((part, at) => Shortened(part, isFirst: at == 0, isLast: at == joined.Count - 1))];
    }

    /// <summary>A text on its own, as it is shown.</summary>
    public static string Cut(string text) => text.Length <= MaxText ? text : text[..Whole(text, MaxText)] + "…";

    private static IEnumerable<TextPart> Between(string[] old, string[] now)
    {
        if (old.Length > MaxWords || now.Length > MaxWords || old.Length == 0 || now.Length == 0)
        {
            yield return new(string.Concat(old), TextPartKind.Removed);
            yield return new(string.Concat(now), TextPartKind.Added);
            yield break;
        }
        var common = Common(old, now);
        var (i, j) = (0, 0);
        while (i < old.Length || j < now.Length)
            if (i < old.Length && j < now.Length && old[i] == now[j])
                yield return new(old[Step(ref i, ref j)], TextPartKind.Same);
            else if (i < old.Length && (j == now.Length || common[i + 1, j] >= common[i, j + 1]))
                yield return new(old[i++], TextPartKind.Removed);
            else
                yield return new(now[j++], TextPartKind.Added);

        static int Step(ref int i, ref int j)
        {
            j++;
            return i++;
        }
    }

    /// <summary>How many words the ends of both have in common, from each pair of places on.</summary>
    private static ushort[,] Common(string[] old, string[] now)
    {
        var common = new ushort[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
            for (var j = now.Length - 1; j >= 0; j--)
                common[i, j] = old[i] == now[j] ? (ushort)(common[i + 1, j + 1] + 1) : Math.Max(common[i + 1, j], common[i, j + 1]);
        return common;
    }

    /// <summary>Changes that only a blank or a sign stands between are one change: what went first, then what came.</summary>
    private static List<TextPart> Joined(List<TextPart> parts)
    {
        var joined = new List<TextPart>();
        for (var at = 0; at < parts.Count;)
        {
            if (parts[at].Kind == TextPartKind.Same)
            {
                Add(joined, parts[at++].Text, TextPartKind.Same);
                continue;
            }
            var (removed, added) = ("", "");
            for (; at < parts.Count && (parts[at].Kind != TextPartKind.Same || at + 1 < parts.Count && !parts[at].Text.Any(char.IsLetterOrDigit)); at++)
            {
                removed += parts[at].Kind == TextPartKind.Added ? "" : parts[at].Text;
                added += parts[at].Kind == TextPartKind.Removed ? "" : parts[at].Text;
            }
            Add(joined, removed, TextPartKind.Removed);
            Add(joined, added, TextPartKind.Added);
        }
        return joined;
    }

    private static void Add(List<TextPart> parts, string text, TextPartKind kind)
    {
        if (text.Length == 0)
            return;
        if (parts is [.., var last] && last.Kind == kind)
            parts[^1] = last with { Text = last.Text + text };
        else
            parts.Add(new TextPart(text, kind));
    }

    private static TextPart Shortened(TextPart part, bool isFirst, bool isLast) => part.Kind != TextPartKind.Same ? part with { Text = Cut(part.Text) }
        : part.Text.Length <= 2 * Around + 10 ? part
        : part with { Text = (isFirst ? "" : part.Text[..Whole(part.Text, Around)]) + "…" + (isLast ? "" : part.Text[Whole(part.Text, part.Text.Length - Around)..]) };

    /// <summary>A place in a text, moved before a sign that it would halve.</summary>
    private static int Whole(string text, int at) => at > 0 && at < text.Length && char.IsLowSurrogate(text[at]) ? at - 1 : at;

    private static string[] Words(string text) => [.. Word().Matches(text).Select(word => word.Value)];

    [GeneratedRegex(@"\w+|\s+|[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\w\s]")]
    private static partial Regex Word();
}
