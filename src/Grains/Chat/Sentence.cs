namespace Sophia.Chat;

/// <summary>A sentence of a passage: where it stands in its piece, how it reads, and which stems are in it.</summary>
/// <param name="Order">Its place within the passage, from 0.</param>
internal sealed record Sentence(Passage Passage, PassagePiece Piece, int Start, int Length, int Order, IReadOnlySet<string> Stems, int Words)
{
    /// <summary>The record's own words.</summary>
    public string Quote => Piece.Text.Substring(Start, Length);
}
