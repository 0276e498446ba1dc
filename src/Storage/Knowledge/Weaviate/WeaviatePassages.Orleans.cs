using Sophia.Tenants;
using Weaviate.Client;
using Weaviate.Client.Models;

namespace Sophia.Knowledge;

/// <summary>Writes, reads and sweeps passages of one tenant at a time. A tenant comes to be in Weaviate when it first writes.</summary>
internal sealed class WeaviatePassages(WeaviateConnection connection)
{
    /// <summary>UTF-16 units of text in one batch, at which it ends.</summary>
    private const int BatchText = 2 * 1024 * 1024;

    /// <summary>Objects that are asked for by id in one call.</summary>
    private const int ReadAtOnce = 200;

    /// <summary>Editions in one sweep. Weaviate removes at most 10,000 objects in a call, and the rest in the next.</summary>
    private const int SweptAtOnce = 200;

    private readonly Lock gate = new();
    private readonly HashSet<(string Engine, TenantId Tenant)> made = [];

    public CollectionClient Of(WeaviateClient client, TenantId tenant, ChunkKind kind) => client.Collections.Use(WeaviateSchema.Collection(connection.Options.Collections, kind)).WithTenant(tenant.Value);

    /// <summary>Makes the tenant in every collection.</summary>
    public async Task Make(string engine, TenantId tenant, CancellationToken cancellation)
    {
        lock (gate)
            if (made.Contains((engine, tenant)))
                return;
        foreach (var kind in WeaviateSchema.Kinds)
            await connection.Tell(async (client, limit) =>
            {
                var tenants = client.Collections.Use(WeaviateSchema.Collection(connection.Options.Collections, kind)).Tenants;
                if (!await tenants.Exists(tenant.Value, limit))
                    await tenants.Create(new Tenant { Name = tenant.Value, Status = TenantActivityStatus.Active }, limit);
                return true;
            }, cancellation);
        lock (gate)
        {
            if (made.Count >= 100_000)
                made.Clear();
            made.Add((engine, tenant));
        }
    }

    /// <summary>The tenant is deleted; one that has its name later is made anew.</summary>
    public void Forget(TenantId tenant)
    {
        lock (gate)
            made.RemoveWhere(known => known.Tenant == tenant);
    }

    /// <exception cref="PassageRefusedException">Weaviate takes passages, but not all of these.</exception>
    public async Task Write(TenantId tenant, IEnumerable<(ChunkKind Kind, PassageObject Object, long Index)> passages, CancellationToken cancellation)
    {
        foreach (var ofKind in passages.GroupBy(passage => passage.Kind))
            foreach (var batch in Batches(ofKind.Select(passage => new BatchInsertRequest(passage.Object, PassageObject.IdOf(passage.Object.Edition, passage.Index)))))
                await connection.Tell((client, limit) => Insert(Of(client, tenant, ofKind.Key), batch, limit), cancellation);
    }

    /// <summary>Objects by id; one that is not there is left out.</summary>
    public async Task<List<WeaviateObject>> Read(TenantId tenant, ChunkKind kind, IEnumerable<Guid> ids, string[] properties, CancellationToken cancellation, params string[] vectors)
    {
        var found = new List<WeaviateObject>();
        foreach (var some in ids.Chunk(ReadAtOnce))
            found.AddRange(await connection.Ask((client, limit) => Of(client, tenant, kind).Query.FetchObjects(filters: Filter.UUID.ContainsAny(some), limit: (uint)some.Length,
                returnProperties: properties, includeVectors: vectors.Length > 0 ? new Weaviate.Client.Models.VectorQuery(vectors) : null, cancellationToken: limit), cancellation));
        return found;
    }

    /// <summary>Removes every object of these editions and builds.</summary>
    public async Task Sweep(TenantId tenant, IReadOnlyList<Leaving> leavings, CancellationToken cancellation)
    {
        foreach (var (property, ids) in new[] { ("edition", leavings.Where(l => !l.Whole)), ("build", leavings.Where(l => l.Whole)) })
            foreach (var some in ids.Select(leaving => leaving.Id).Chunk(SweptAtOnce))
                foreach (var kind in WeaviateSchema.Kinds)
                    while (await connection.Tell((client, limit) => Of(client, tenant, kind).Data.DeleteMany(Filter.Property(property).ContainsAny(some), cancellationToken: limit), cancellation) is { } swept && swept.Matches > 0)
                        if (swept.Failed > 0)
                            throw new Log.StorageException(Log.StorageFault.Unknown, $"Weaviate at {connection.Options.Server} could not remove {swept.Failed} passages.");
    }

    private static async Task<bool> Insert(CollectionClient collection, List<BatchInsertRequest> batch, CancellationToken cancellation)
    {
        var refused = (await collection.Data.InsertMany(batch, cancellation)).Count(entry => entry.Error is not null);
        if (refused == 0)
            return true;
        // Is it these passages, or does it take none at all (a full disk, a read-only tenant)? An empty one in the place of the first tells; it is swept with its edition.
        if (refused < batch.Count || (await collection.Data.InsertMany([batch[0] with { Data = ((PassageObject)batch[0].Data).Blank() }], cancellation)).All(entry => entry.Error is null))
            throw new PassageRefusedException(refused, batch.Count);
        throw new WeaviateServerException("Weaviate takes no passages.");
    }

    private IEnumerable<List<BatchInsertRequest>> Batches(IEnumerable<BatchInsertRequest> requests)
    {
        var (batch, text) = (new List<BatchInsertRequest>(), 0);
        foreach (var request in requests)
        {
            batch.Add(request);
            text += 2 * ((PassageObject)request.Data).Text.Length;
            if (batch.Count < connection.Options.BatchChunks && text < BatchText)
                continue;
            yield return batch;
            (batch, text) = ([], 0);
        }
        if (batch.Count > 0)
            yield return batch;
    }
}
