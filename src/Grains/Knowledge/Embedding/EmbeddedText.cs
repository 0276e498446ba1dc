namespace Sophia.Knowledge;

/// <summary>What of a passage is embedded, and what an embedder must give for it. Pure.</summary>
internal static class EmbeddedText
{
    /// <summary>A text that no model refuses: its vector says who embeds, and that somebody does.</summary>
    public const string Harmless = "hello";

    /// <summary>Title and section say what a passage is about, which its own words may not.</summary>
    public static string Of(ChunkText chunk) => string.Join('\n', new[] { chunk.Title, chunk.Section, chunk.Text }.Where(part => !string.IsNullOrWhiteSpace(part)));

    /// <exception cref="InvalidDataException">The embedder gave too few or too many vectors, or one that is none.</exception>
    public static void Check(EmbeddedTexts made, int texts)
    {
        if (made.Vectors.Count != texts)
            throw new InvalidDataException($"{made.Embedder.Model} made {made.Vectors.Count} vectors of {texts} texts.");
        foreach (var vector in made.Vectors)
            if (vector.Length != made.Embedder.Dimensions || !IsFinite(vector.Span))
                throw new InvalidDataException($"{made.Embedder.Model} made a vector that is not {made.Embedder.Dimensions} finite numbers.");
    }

    private static bool IsFinite(ReadOnlySpan<float> vector)
    {
        foreach (var value in vector)
            if (!float.IsFinite(value))
                return false;
        return true;
    }
}
