namespace Sophia.Knowledge;

/// <summary>How large pieces are. Words are runs without white space. The defaults are measured (docs/adr/0006).</summary>
/// <remarks>A change of a default changes what is in the index: raise <see cref="RecordChunker.Version"/> with it, so that every index is built anew.</remarks>
public sealed record ChunkingOptions
{
    /// <summary>Words that a piece of a conversation aims at; whole turns. Default 200.</summary>
    public int TurnsTargetWords { get; init; } = 200;

    /// <summary>A turn with more words is cut at sentences. Default 300.</summary>
    public int TurnMaxWords { get; init; } = 300;

    /// <summary>Words that the parts of a section or text aim at where it must be cut. Default 250.</summary>
    public int SectionTargetWords { get; init; } = 250;

    /// <summary>A section or text with at most so many words stays whole. Default 350.</summary>
    public int SectionMaxWords { get; init; } = 350;

    /// <summary>A section with fewer words stands together with its neighbour where both fit the target. Default 60.</summary>
    public int SectionMinWords { get; init; } = 60;

    /// <summary>UTF-16 units of source text in one chunk, whatever the words. Default 8,000.</summary>
    public int MaxChunkLength { get; init; } = 8_000;

    /// <summary>Chunks of one record; what lies beyond is not searchable. Default 20,000.</summary>
    public int MaxChunks { get; init; } = 20_000;

    /// <summary>UTF-16 units of one field that are looked at. Default 16 Mi.</summary>
    public int MaxFieldLength { get; init; } = 16 * 1024 * 1024;

    /// <summary>Values of one entity that are looked at, nested ones included. Default 5,000.</summary>
    public int MaxFields { get; init; } = 5_000;

    /// <summary>How deep an entity's nested objects and lists are followed. Default 16.</summary>
    public int MaxDepth { get; init; } = 16;

    /// <summary>A value with more words is text, and is found as such; others are "name: value" lines. Default 40.</summary>
    public int LongValueWords { get; init; } = 40;

    public static readonly ChunkingOptions Default = new();
}
