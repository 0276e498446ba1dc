using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The vectors of the chunks that an index holds. The engine of <see cref="IIndexStore"/> implements it too: a chunk that leaves the index takes its vectors along, in the same transaction.</summary>
/// <remarks>Vectors of several embedders may lie side by side: a new embedder's are made beside the old one's, and answer once they are complete (<see cref="Answer"/>).</remarks>
public interface IVectorStore
{
    Task<VectorState> State(TenantId tenant, CancellationToken cancellation);

    /// <summary>Chunks that have no vector of this embedder, oldest first, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<ChunkText>> Lacking(TenantId tenant, EmbedderId embedder, int limit, CancellationToken cancellation);

    /// <summary>Keeps vectors. One whose chunk has left the index meanwhile is dropped; one that is there already is replaced. An empty one says that its text cannot be embedded: the chunk is lacking no more, and near to nothing.</summary>
    /// <exception cref="ArgumentException">A vector that is not empty has another dimension than the embedder.</exception>
    Task Keep(TenantId tenant, EmbedderId embedder, IReadOnlyList<ChunkVector> vectors, CancellationToken cancellation);

    /// <summary>From now on this embedder's vectors answer; all others' are removed.</summary>
    Task Answer(TenantId tenant, EmbedderId embedder, CancellationToken cancellation);
}

/// <param name="Answering">Whose vectors questions are compared with; null: nobody's yet.</param>
/// <param name="Chunks">Chunks in the index.</param>
/// <param name="Vectors">How many of them each embedder has done, those that cannot be embedded among them.</param>
public sealed record VectorState(EmbedderId? Answering, long Chunks, IReadOnlyDictionary<EmbedderId, long> Vectors);

/// <summary>What of a chunk is embedded: its title and section, then its text.</summary>
public sealed record ChunkText(long ChunkId, string Title, string? Section, string Text);

/// <param name="Vector">Of length 1; empty where the text cannot be embedded.</param>
public sealed record ChunkVector(long ChunkId, ReadOnlyMemory<float> Vector);

/// <summary>A question as a vector: the nearest chunks that pass the filter are proposed too, whether a term stands in them or not.</summary>
/// <param name="Limit">Chunks at most that are proposed for their nearness.</param>
public sealed record VectorQuery(EmbedderId Embedder, ReadOnlyMemory<float> Vector, int Limit);
