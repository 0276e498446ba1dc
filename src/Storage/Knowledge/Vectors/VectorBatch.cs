namespace Sophia.Knowledge;

/// <summary>Vectors as they are kept, oldest chunk first. Pure.</summary>
internal static class VectorBatch
{
    /// <exception cref="ArgumentException">A vector has another dimension than its embedder.</exception>
    public static List<(long Chunk, byte[] Code)> Encode(EmbedderId embedder, IReadOnlyList<ChunkVector> vectors)
    {
        if (vectors.FirstOrDefault(v => !v.Vector.IsEmpty && v.Vector.Length != embedder.Dimensions) is { } wrong)
            throw new ArgumentException($"{embedder.Model} makes vectors of {embedder.Dimensions} dimensions, this one has {wrong.Vector.Length}.", nameof(vectors));
        return [.. vectors.OrderBy(v => v.ChunkId).Select(v => (v.ChunkId, VectorCode.Encode(v.Vector.Span)))];
    }
}
