using System.Text.RegularExpressions;

namespace Sophia.Pipelines;

/// <summary>Recognises a transcript written as lines "Speaker: text", a time before or after the name; other lines go on with the turn before.</summary>
internal static partial class SpokenLines
{
    private const int FewestTurns = 4;

    public static IReadOnlyList<SpokenTurn>? Read(string text)
    {
        var turns = new List<(string Speaker, string? Start, List<string> Lines)>();
        var (lines, spoken) = (0, 0);
        foreach (var span in text.AsSpan().EnumerateLines())
        {
            var line = span.Trim();
            if (line.IsEmpty)
                continue;
            lines++;
            if (Line().Match(line.ToString()) is { Success: true } match)
            {
                spoken++;
                var start = match.Groups["before"].Success ? match.Groups["before"] : match.Groups["after"];
                turns.Add((match.Groups["speaker"].Value.Trim(), start.Success ? start.Value : null, [match.Groups["text"].Value.Trim()]));
            }
            else if (turns.Count > 0)
                turns[^1].Lines.Add(line.ToString());
            else if (lines > FewestTurns)
                return null;
        }
        // "key: value" files look alike, but there every name stands once.
        var speakers = turns.Select(t => t.Speaker).Distinct(StringComparer.OrdinalIgnoreCase).Count();
        return turns.Count >= FewestTurns && spoken > 0.6 * lines && speakers <= turns.Count / 2
            ? [.. turns.Select(t => new SpokenTurn(t.Speaker, string.Join('\n', t.Lines), t.Start))]
            : null;
    }

    [GeneratedRegex(@"^(?:[\[(]?(?<before>\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?)[\])]?\s+)?(?<speaker>\p{L}[\p{L}\p{M}\d .'’_-]{0,60}?)\s*(?:[\[(](?<after>\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?)[\])])?\s*:\s+(?<text>\S.*)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Line();
}

/// <summary>Reads WebVTT and SubRip cues; a cue's speaker is its voice tag or a "Name:" before its words, and cues of one speaker in a row stay cues.</summary>
internal static partial class CaptionCues
{
    public static IReadOnlyList<SpokenTurn> Read(string text)
    {
        var turns = new List<SpokenTurn>();
        string? start = null;
        var words = new List<string>();
        foreach (var span in text.AsSpan().EnumerateLines())
        {
            var line = span.Trim().ToString();
            if (Timing().Match(line) is { Success: true } timing)
            {
                Flush(turns, start, words);
                start = timing.Groups["start"].Value.Replace(',', '.');
            }
            else if (line.Length == 0)
                Flush(turns, start, words, ref start);
            else if (start is not null)
                words.Add(line);
        }
        Flush(turns, start, words);
        return turns;
    }

    private static void Flush(List<SpokenTurn> turns, string? start, List<string> words, ref string? open)
    {
        Flush(turns, start, words);
        open = null;
    }

    private static void Flush(List<SpokenTurn> turns, string? start, List<string> words)
    {
        if (start is not null && words.Count > 0)
        {
            var said = string.Join(' ', words);
            var voice = Voice().Match(said);
            var plain = Tag().Replace(said, "").Trim();
            var named = voice.Success ? null : Named().Match(plain);
            var (speaker, spoken) = voice.Success ? (voice.Groups["speaker"].Value.Trim(), plain)
                : named is { Success: true } ? (named.Groups["speaker"].Value.Trim(), named.Groups["text"].Value) : ("", plain);
            if (spoken.Length > 0)
                turns.Add(new SpokenTurn(speaker, spoken, start));
        }
        words.Clear();
    }

    [GeneratedRegex(@"^(?<start>(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3})\s*-->\s*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Timing();

    [GeneratedRegex(@"^<v(?:\.[^ >]*)?\s+(?<speaker>[^>]{1,100})>", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Voice();

    [GeneratedRegex(@"</?[a-zA-Z][^>]{0,200}>|<\d[\d:.]{0,20}>", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Tag();

    [GeneratedRegex(@"^(?<speaker>\p{Lu}[\p{L}\p{M}\d .'’_-]{0,60}?):\s+(?<text>\S.*)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Named();
}
