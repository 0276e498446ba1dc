using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>A hit together with the words of the record version that it cites, so that every quote can be checked against what is stored.</summary>
/// <param name="Number">From 1, as the search ranked it.</param>
/// <param name="Weight">The hit's score as a share of the best hit's, 0 to 1.</param>
internal sealed record Passage(int Number, double Weight, SearchHit Hit, IReadOnlyList<PassagePiece> Pieces)
{
    /// <summary>What the record and section are called.</summary>
    public string Title => string.IsNullOrEmpty(Hit.Section) || Hit.Title.EndsWith(Hit.Section, StringComparison.Ordinal) ? Hit.Title : $"{Hit.Title} › {Hit.Section}";

    /// <summary>The exact words at a place of one piece.</summary>
    public Citation Cite(PassagePiece piece, int start, int length) =>
        Hit.Citation with { Spans = [new FieldSpan(piece.Field, piece.Start + start, length)] };
}

/// <summary>Text is the record's own: the UTF-16 span of <paramref name="Field"/> from <paramref name="Start"/>.</summary>
/// <param name="Speaker">Who says it, in a transcript.</param>
/// <param name="Label">The field's name for people, in an entity.</param>
internal sealed record PassagePiece(string Field, int Start, string Text, string? Speaker, string? Label);
