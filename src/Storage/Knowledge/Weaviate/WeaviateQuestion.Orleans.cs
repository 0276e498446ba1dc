using Sophia.Tenants;
using Weaviate.Client;
using Weaviate.Client.Models;

namespace Sophia.Knowledge;

/// <summary>One question to Weaviate: the same of each collection at once, and what they answer brought together.</summary>
internal sealed class WeaviateQuestion(WeaviateConnection connection, WeaviatePassages passages, TenantId tenant, CandidateQuery query, string[] stems, string? vector, string[]? editions)
{
    /// <summary>Weight of nearness against words where both rank. Ranks are fused, so that neither score needs a scale.</summary>
    private const float Alpha = 0.5f;

    private readonly Filter? filter = WeaviateFilter.Of(query.Filter, editions);

    private IEnumerable<ChunkKind> Kinds => query.Filter?.Kind is { } kind ? [kind] : WeaviateSchema.Kinds;

    private VectorQuery? Near => vector is null ? null : query.Near;

    /// <summary>How many passages it may propose: so many for their words, and so many more for their nearness.</summary>
    public int Limit => (stems.Length > 0 ? query.Limit : 0) + (Near?.Limit ?? 0);

    /// <summary>The best of each collection in turns: scores of two collections do not compare, since words are rarer in one than in the other, and the ranker scores all of them anew.</summary>
    /// <param name="more">How many more to ask for than are wanted.</param>
    public async Task<List<Found>> Best(int more, CancellationToken cancellation)
    {
        var limit = Limit + more;
        var lists = await Task.WhenAll(Kinds.Select(kind => Best(kind, (uint)limit, cancellation)));
        return [.. Enumerable.Range(0, lists.Max(list => list.Count)).SelectMany(rank => lists.Where(list => rank < list.Count).Select(list => list[rank])).Take(limit)];
    }

    /// <summary>Everything that passes the filter, oldest first.</summary>
    public async Task<List<Found>> Everything(int limit, CancellationToken cancellation)
    {
        var lists = await Task.WhenAll(Kinds.Select(kind => Ask(kind, (collection, token) => collection.Query.FetchObjects(filters: filter, limit: (uint)limit, returnProperties: PassageObject.OfCandidate, cancellationToken: token), cancellation)));
        return [.. lists.SelectMany(list => list).OrderBy(found => found.Candidate.ChunkId)];
    }

    /// <summary>How many passages pass the filter, and how many of those hold a stem.</summary>
    public async Task<(long Scope, long Matched)> Count(CancellationToken cancellation)
    {
        var scope = editions is null ? Task.FromResult(0L) : Count(Kinds, filter, cancellation);
        var matched = stems.Length == 0 ? Task.FromResult(0L) : Count(Kinds, filter.And(WeaviateFilter.Words(stems)), cancellation);
        return (await scope, await matched);
    }

    /// <summary>In how many passages of the whole index a stem stands.</summary>
    public Task<long> Frequency(string stem, CancellationToken cancellation) => Count(WeaviateSchema.Kinds, WeaviateFilter.Words([stem]), cancellation);

    /// <summary>The cosine of each candidate that has a vector. Weaviate compares so few of them one by one, not by its graph.</summary>
    public async Task<Dictionary<long, float>> Similarities(IReadOnlyList<Found> candidates, CancellationToken cancellation)
    {
        if (Near is not { } near || vector is null)
            return [];
        var lists = await Task.WhenAll(candidates.GroupBy(found => found.Candidate.Kind).Select(ofKind => connection.Ask(async (client, token) => await passages.Of(client, tenant, ofKind.Key).Query.NearVector(
            Vector(near, vector), filters: Filter.UUID.ContainsAny(ofKind.Select(found => found.Id).ToArray()), limit: (uint)ofKind.Count(), returnProperties: new[] { "chunk" },
            returnMetadata: new MetadataQuery(MetadataOptions.Distance), cancellationToken: token), cancellation)));
        return lists.SelectMany(list => list).Where(found => found.Metadata.Distance is not null).ToDictionary(found => found.Int("chunk"), found => (float)(1 - found.Metadata.Distance!.Value));
    }

    private Task<List<Found>> Best(ChunkKind kind, uint limit, CancellationToken cancellation) => Ask(kind, (collection, token) => (Near, stems.Length) switch
    {
        (null, _) => collection.Query.BM25(string.Join(' ', stems), searchFields: ["words"], filters: filter, limit: limit, returnProperties: PassageObject.OfCandidate,
            returnMetadata: new MetadataQuery(MetadataOptions.Score), cancellationToken: token),
        ({ } near, 0) => collection.Query.NearVector(Vector(near, vector!), filters: filter, limit: limit, returnProperties: PassageObject.OfCandidate,
            returnMetadata: new MetadataQuery(MetadataOptions.Distance), cancellationToken: token),
        ({ } near, _) => collection.Query.Hybrid(string.Join(' ', stems), HybridVectorInput.FromVectorSearch(Vector(near, vector!)), alpha: Alpha, queryProperties: ["words"], fusionType: HybridFusion.Ranked,
            limit: limit, filters: filter, returnProperties: PassageObject.OfCandidate, returnMetadata: new MetadataQuery(MetadataOptions.Score), cancellationToken: token),
    }, cancellation);

    private Task<List<Found>> Ask(ChunkKind kind, Func<CollectionClient, CancellationToken, Task<WeaviateResult>> question, CancellationToken cancellation) => connection.Ask(async (client, token) =>
        (await question(passages.Of(client, tenant, kind), token)).Select(found => new Found(found.UUID ?? Guid.Empty, found.Candidate(kind), found.Text("edition"))).ToList(), cancellation);

    private async Task<long> Count(IEnumerable<ChunkKind> kinds, Filter? of, CancellationToken cancellation) =>
        (await Task.WhenAll(kinds.Select(kind => connection.Ask(async (client, token) => (await passages.Of(client, tenant, kind).Aggregate.OverAll(totalCount: true, filters: of, cancellationToken: token)).TotalCount, cancellation)))).Sum();

    private static VectorSearchInput Vector(VectorQuery near, string name) => (name, near.Vector.ToArray());
}

/// <param name="Edition">Which writing of its record it is of.</param>
internal readonly record struct Found(Guid Id, Candidate Candidate, string Edition);
