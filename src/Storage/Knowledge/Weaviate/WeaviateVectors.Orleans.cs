using System.Security.Cryptography;
using System.Text;
using Sophia.Tenants;
using Weaviate.Client;
using Weaviate.Client.Models;

namespace Sophia.Knowledge;

// Each embedder has a named vector of its own in every collection, since vectors of one name must be of one length. Which passages have which is known to the ledger; Weaviate is told
// nothing but the vectors. A vector is added to an object that is there (PATCH), never by writing the object, so that one that was swept meanwhile does not come back.
internal sealed partial class WeaviateIndexStore
{
    /// <summary>Vectors that are on their way at a time.</summary>
    private const int KeptAtOnce = 16;

    private readonly Lock namesGate = new();
    private readonly HashSet<(string Engine, string Vector)> names = [];

    public async Task<VectorState> State(TenantId tenant, CancellationToken cancellation)
    {
        var standing = await Standing(tenant, cancellation);
        return new VectorState(standing.Embedders.FirstOrDefault(embedder => embedder.Answering)?.Id, standing.Chunks, standing.Embedders.Where(e => e.Vectors > 0).ToDictionary(e => e.Id, e => e.Vectors));
    }

    public async Task<IReadOnlyList<ChunkText>> Lacking(TenantId tenant, EmbedderId embedder, int limit, CancellationToken cancellation)
    {
        if ((await Standing(tenant, cancellation)).Build is null)
            return [];
        var chunks = await Chunks(tenant, await ledger.Lacking(tenant, VectorName(embedder), limit, cancellation), cancellation);
        return [.. chunks.Select(chunk => new ChunkText(chunk.ChunkId, chunk.Title, chunk.Chunk.Section, chunk.Chunk.Text))];
    }

    public async Task Keep(TenantId tenant, EmbedderId embedder, IReadOnlyList<ChunkVector> vectors, CancellationToken cancellation)
    {
        if (vectors.Any(vector => vector.Vector.Length != 0 && vector.Vector.Length != embedder.Dimensions))
            throw new ArgumentException($"A vector of {embedder.Model} has {embedder.Dimensions} numbers.");
        var engine = await connection.Engine(cancellation);
        var standing = await ledger.Standing(tenant, engine, cancellation);
        if (standing.Build is null || vectors.Count == 0)
            return;
        var name = VectorName(embedder);
        await Name(engine, name, cancellation);
        var byChunk = vectors.DistinctBy(vector => vector.ChunkId).ToDictionary(vector => vector.ChunkId, vector => vector.Vector.ToArray());
        var held = (await ledger.Holding(tenant, [.. byChunk.Keys], cancellation)).DistinctBy(chunk => chunk.Chunk).ToList();
        string[] others = [.. standing.Embedders.Where(other => other.Vector != name && other.Vectors > 0).Select(other => other.Vector)];
        foreach (var kind in WeaviateSchema.Kinds)
            foreach (var some in held.Where(chunk => (chunk.Record.Kinds & Bit(kind)) != 0 && byChunk[chunk.Chunk].Length > 0).Chunk(KeptAtOnce))
                await Keep(tenant, kind, some.ToDictionary(Id, chunk => byChunk[chunk.Chunk]), name, others, cancellation);
        await writers(engine).Kept(tenant, name, embedder, held, cancellation);
    }

    public async Task Answer(TenantId tenant, EmbedderId embedder, CancellationToken cancellation) =>
        await writers(await connection.Engine(cancellation)).Answer(tenant, VectorName(embedder), embedder, cancellation);

    /// <summary>Weaviate takes the vectors of a change for all that the object has, so those of other embedders go along.</summary>
    private async Task Keep(TenantId tenant, ChunkKind kind, Dictionary<Guid, float[]> vectors, string name, string[] others, CancellationToken cancellation)
    {
        var there = await passages.Read(tenant, kind, vectors.Keys, ["chunk"], cancellation, others);
        await Task.WhenAll(there.Select(found => connection.Tell(async (client, limit) =>
        {
            var all = new Vectors((name, vectors[found.UUID!.Value]));
            foreach (var other in others.Where(found.Vectors.ContainsKey))
                all.Add(new NamedVector(other, (float[])found.Vectors[other]));
            try
            {
                await passages.Of(client, tenant, kind).Data.Update(found.UUID.Value, new { }, all, cancellationToken: limit);
            }
            catch (WeaviateNotFoundException)
            {
                // It left the index under our hands.
            }
            return true;
        }, cancellation)));
    }

    /// <summary>Sees to it that every collection knows the named vector. Two silos may add different ones at once, and one of them then loses: so it is looked at again.</summary>
    private async Task Name(string engine, string name, CancellationToken cancellation)
    {
        lock (namesGate)
            if (names.Contains((engine, name)))
                return;
        foreach (var kind in WeaviateSchema.Kinds)
            for (var attempt = 0; !await connection.Tell((client, limit) => Named(client, kind, name, attempt == 2, limit), cancellation); attempt++)
            {
            }
        lock (namesGate)
            names.Add((engine, name));
    }

    /// <summary>Whether it was there; if not it is added, to be looked at again.</summary>
    private async Task<bool> Named(WeaviateClient client, ChunkKind kind, string name, bool last, CancellationToken cancellation)
    {
        var collection = WeaviateSchema.Collection(connection.Options.Collections, kind);
        if ((await client.Collections.Export(collection, cancellation))?.VectorConfig.ContainsKey(name) == true)
            return true;
        try
        {
            await client.Collections.Use(collection).Config.AddVector(WeaviateSchema.Vector(name), cancellation);
            return false;
        }
        catch (WeaviateUnprocessableEntityException) when (!last)
        {
            return false;
        }
    }

    private static Guid Id(LedgerChunk chunk) => PassageObject.IdOf(chunk.Record.Edition, chunk.Chunk - chunk.Record.FirstChunk);

    private static string VectorName(EmbedderId embedder) =>
        "e" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{embedder.Model}\n{embedder.Version}\n{embedder.Dimensions}"))))[..16];
}
