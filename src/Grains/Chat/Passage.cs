using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>A hit together with the words of the record version that it cites, so that every quote can be checked against what is stored.</summary>
/// <param name="Number">From 1, as the search ranked it.</param>
/// <param name="Weight">The hit's score as a share of the best hit's, 0 to 1.</param>
internal sealed record Passage(int Number, double Weight, SearchHit Hit, IReadOnlyList<PassagePiece> Pieces)
{
    /// <summary>What the record is called, and all headings that the passage stands under.</summary>
    public string Title => With(Hit.Section);

    /// <summary>What the record is called, and the heading that a place stands under.</summary>
    public string TitleAt(PassagePiece piece, int start) =>
        With(Hit.Kind != ChunkKind.Section ? Hit.Section : piece.HeadingBefore(start) ?? Hit.Section?.Split(" / ")[0]);

    /// <summary>The exact words at a place of one piece.</summary>
    public Citation Cite(PassagePiece piece, int start, int length) =>
        Hit.Citation with { Spans = new[] { new FieldSpan(piece.Field, piece.Start + start, length) } };

    private string With(string? section) =>
        string.IsNullOrEmpty(section) || Hit.Title.EndsWith(section, StringComparison.Ordinal) ? Hit.Title : $"{Hit.Title} › {section}";
}

/// <summary>Text is the record's own: the UTF-16 span of <paramref name="Field"/> from <paramref name="Start"/>.</summary>
/// <param name="Speaker">Who says it, in a transcript.</param>
/// <param name="Label">The field's name for people, in an entity.</param>
internal sealed record PassagePiece(string Field, int Start, string Text, string? Speaker, string? Label)
{
    /// <summary>Whether a place stands in a heading of Markdown.</summary>
    public bool IsHeading(int at)
    {
        while (at > 0 && Text[at - 1] is ' ' or '\t')
            at--;
        return at > 0 && Text[at - 1] == '#';
    }

    /// <summary>The last heading of Markdown before a place, as plain text, or null.</summary>
    public string? HeadingBefore(int at)
    {
        for (var line = LineAt(at); line >= 0; line = line == 0 ? -1 : LineAt(line - 1))
            if (Text[line] == '#' && Text.AsSpan(line).TrimStart('#') is [' ', ..] rest)
                return MarkdownLine.Heading((rest.IndexOf('\n') is >= 0 and var end ? rest[..end] : rest).ToString());
        return null;
    }

    private int LineAt(int at) => at == 0 ? 0 : Text.LastIndexOf('\n', at - 1) + 1;
}
