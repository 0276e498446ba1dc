using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>The vectors in SQLite: in the tenant's <c>index.db</c>, beside the chunks they belong to.</summary>
internal sealed class SqliteVectorStore(DatabaseFiles files) : IVectorStore
{
    private static readonly VectorState None = new(null, 0, new Dictionary<EmbedderId, long>());

    public Task<VectorState> State(TenantId tenant, CancellationToken cancellation) =>
        files.Read(tenant, IndexSchema.Kind, d => new SqliteVectors(d).State(), None, cancellation);

    public Task<IReadOnlyList<ChunkText>> Lacking(TenantId tenant, EmbedderId embedder, int limit, CancellationToken cancellation) =>
        files.Read<IReadOnlyList<ChunkText>>(tenant, IndexSchema.Kind, d => new SqliteVectors(d).Lacking(embedder, limit), [], cancellation);

    public Task Keep(TenantId tenant, EmbedderId embedder, IReadOnlyList<ChunkVector> vectors, CancellationToken cancellation)
    {
        var codes = VectorBatch.Encode(embedder, vectors);
        return files.Write(tenant, IndexSchema.Kind, d =>
        {
            new SqliteVectors(d).Keep(embedder, codes);
            return true;
        }, cancellation, Durability.Normal, codes.Sum(c => c.Code.Length));
    }

    public async Task Answer(TenantId tenant, EmbedderId embedder, CancellationToken cancellation)
    {
        await files.Write(tenant, IndexSchema.Kind, d =>
        {
            new SqliteVectors(d).Answer(embedder);
            return true;
        }, cancellation, Durability.Normal);
        while (await files.Write(tenant, IndexSchema.Kind, d => new SqliteVectors(d).Sweep(), cancellation, Durability.Normal))
            cancellation.ThrowIfCancellationRequested();
    }
}
