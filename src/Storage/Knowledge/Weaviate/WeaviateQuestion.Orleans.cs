using Sophia.Tenants;
using Weaviate.Client;
using Weaviate.Client.Models;

namespace Sophia.Knowledge;

// Weaviate's own hybrid query fuses two rankings into one list, of which it keeps neither rank nor cosine. Candidates are wanted as two lists with limits of their own and with
// cosines, for a ranker that fuses them; so both halves of the hybrid query are asked for side by side, of every collection at once.

/// <summary>One question to Weaviate, and what its collections answer brought together.</summary>
internal sealed class WeaviateQuestion(WeaviateConnection connection, WeaviatePassages passages, TenantId tenant, CandidateQuery query, string[] stems, string? vector, string[]? editions)
{
    private readonly Filter? filter = WeaviateFilter.Of(query.Filter, editions);

    private IEnumerable<ChunkKind> Kinds => query.Filter?.Kind is { } kind ? [kind] : WeaviateSchema.Kinds;

    /// <summary>The best by words of each collection in turns: scores of two collections do not compare, since words are rarer in one than in the other, and the ranker scores all of them anew.</summary>
    /// <param name="more">How many more to ask for than are wanted.</param>
    public async Task<List<Found>> Words(int more, CancellationToken cancellation)
    {
        if (stems.Length == 0)
            return [];
        var lists = await OfAll((collection, token) => collection.Query.BM25(string.Join(' ', stems), searchFields: ["words"], filters: filter, limit: (uint)(query.Limit + more),
            returnProperties: PassageObject.OfCandidate, returnMetadata: new MetadataQuery(MetadataOptions.Score), cancellationToken: token), cancellation);
        return [.. Enumerable.Range(0, lists.Max(list => list.Count)).SelectMany(rank => lists.Where(list => rank < list.Count).Select(list => list[rank])).Take(query.Limit + more)];
    }

    /// <summary>The nearest, with their cosines.</summary>
    /// <inheritdoc cref="Words" path="/param"/>
    public async Task<List<Found>> Nearest(int more, CancellationToken cancellation)
    {
        if (vector is null || query.Near is not { Limit: > 0 } near)
            return [];
        var lists = await OfAll((collection, token) => Near(collection, near, filter, near.Limit + more, PassageObject.OfCandidate, token), cancellation);
        return [.. lists.SelectMany(list => list).OrderByDescending(found => found.Candidate.Similarity).ThenBy(found => found.Candidate.ChunkId).Take(near.Limit + more)];
    }

    /// <summary>Everything that passes the filter, oldest first.</summary>
    public async Task<List<Found>> Everything(int limit, CancellationToken cancellation)
    {
        var lists = await OfAll((collection, token) => collection.Query.FetchObjects(filters: filter, limit: (uint)Math.Max(1, limit), returnProperties: PassageObject.OfCandidate, cancellationToken: token), cancellation);
        return [.. lists.SelectMany(list => list).OrderBy(found => found.Candidate.ChunkId)];
    }

    /// <summary>How many passages pass the filter, where it names records, and how many of those hold a stem.</summary>
    public async Task<(long Scope, long Matched)> Count(CancellationToken cancellation)
    {
        var scope = editions is null ? Task.FromResult(0L) : Count(Kinds, filter, cancellation);
        var matched = stems.Length == 0 ? Task.FromResult(0L) : Count(Kinds, filter.And(WeaviateFilter.Words(stems)), cancellation);
        await Task.WhenAll(scope, matched);
        return (await scope, await matched);
    }

    /// <summary>In how many passages of the whole index a stem stands.</summary>
    public Task<long> Frequency(string stem, CancellationToken cancellation) => Count(WeaviateSchema.Kinds, WeaviateFilter.Words([stem]), cancellation);

    /// <summary>The cosine of each candidate that has a vector. Weaviate compares so few of them one by one, not by its graph.</summary>
    public async Task<Dictionary<long, float>> Similarities(IReadOnlyCollection<Found> candidates, CancellationToken cancellation)
    {
        if (vector is null || query.Near is not { } near)
            return [];
        var lists = await Task.WhenAll(candidates.GroupBy(found => found.Candidate.Kind).Select(ofKind => connection.Ask((client, token) =>
            Near(passages.Of(client, tenant, ofKind.Key), near, Filter.UUID.ContainsAny(ofKind.Select(found => found.Id).ToArray()), ofKind.Count(), ["chunk"], token), cancellation)));
        return lists.SelectMany(list => list).Where(found => found.Metadata.Distance is not null).ToDictionary(found => found.Int("chunk"), Cosine);
    }

    private Task<WeaviateResult> Near(CollectionClient collection, VectorQuery near, Filter? of, int limit, string[] properties, CancellationToken cancellation) => collection.Query.NearVector(
        (vector!, near.Vector.ToArray()), filters: of, limit: (uint)limit, returnProperties: properties, returnMetadata: new MetadataQuery(MetadataOptions.Distance), cancellationToken: cancellation);

    private Task<List<Found>[]> OfAll(Func<CollectionClient, CancellationToken, Task<WeaviateResult>> question, CancellationToken cancellation) =>
        Task.WhenAll(Kinds.Select(kind => connection.Ask(async (client, token) => (await question(passages.Of(client, tenant, kind), token)).Select(found => new Found(
            found.UUID ?? Guid.Empty, found.Candidate(kind) with { Similarity = found.Metadata.Distance is null ? null : Cosine(found) }, found.Text("edition"))).ToList(), cancellation)));

    private async Task<long> Count(IEnumerable<ChunkKind> kinds, Filter? of, CancellationToken cancellation) =>
        (await Task.WhenAll(kinds.Select(kind => connection.Ask(async (client, token) => (await passages.Of(client, tenant, kind).Aggregate.OverAll(totalCount: true, filters: of, cancellationToken: token)).TotalCount, cancellation)))).Sum();

    private static float Cosine(WeaviateObject found) => (float)(1 - found.Metadata.Distance!.Value);
}

/// <param name="Edition">Which writing of its record it is of.</param>
internal readonly record struct Found(Guid Id, Candidate Candidate, string Edition);
