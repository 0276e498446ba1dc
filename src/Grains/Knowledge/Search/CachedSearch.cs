using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Searches, and remembers the answers for as long as the index stands still.</summary>
/// <remarks>The key of an answer holds the stamp of the index and which code ranks, so an answer that newer records or another ranking would change is never
/// found. What the log has beyond the index is looked up anew each time. An answer that came without its part of meaning is not kept.</remarks>
internal sealed class CachedSearch(SearchEngine engine, IIndexStore index, ILogStore log, KnowledgeCache cache, RankingOptions ranking, TimeProvider time)
{
    private readonly string rankedBy = $"{typeof(SearchEngine).Module.ModuleVersionId} {ranking}";

    /// <exception cref="RefusedException">Invalid: see <see cref="ISearchGrain.Search"/>.</exception>
    public async Task<SearchAnswer> Search(TenantId tenant, SearchQuery query, CancellationToken cancellation)
    {
        SearchRules.Check(query);
        var (began, anew) = (time.GetTimestamp(), false);
        if (!cache.IsOn(CacheOptions.SearchAnswers) || await index.Stamp(tenant, cancellation) is not { } stamp)
            return await Engine(cancellation);
        var key = CacheKey.Of(CacheOptions.SearchAnswers, tenant, rankedBy, stamp, JsonSerializer.Serialize(query, SearchJson.Default.SearchQuery));
        var answer = await cache.Get(key, SearchAnswerFormat.Instance, Engine, static loaded => loaded.Degraded is null, cancellation);
        if (anew)
            return answer;
        var head = await IndexLag.Head(log, tenant, answer.IndexedTo, cancellation);
        return answer with { Head = head, Milliseconds = time.GetElapsedTime(began).TotalMilliseconds };

        Task<SearchAnswer> Engine(CancellationToken loading)
        {
            anew = true;
            return engine.Search(tenant, query, ranking, loading);
        }
    }
}

/// <summary>An answer as JSON.</summary>
internal sealed class SearchAnswerFormat : CacheFormat<SearchAnswer>
{
    public static readonly SearchAnswerFormat Instance = new();

    public override byte[] Write(SearchAnswer value) => JsonSerializer.SerializeToUtf8Bytes(value, SearchJson.Default.SearchAnswer);

    public override SearchAnswer? Read(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize(bytes, SearchJson.Default.SearchAnswer);

    public override long Weigh(SearchAnswer value) =>
        400 + value.Hits.Sum(hit => 500L + 2 * (hit.Text.Length + hit.Title.Length + (hit.Section?.Length ?? 0)) + 8 * hit.Highlights.Count + 120 * hit.Citation.Spans.Count + 50 * (hit.Words?.Count ?? 0)) + 120 * (value.Words?.Holding.Count ?? 0);
}

[JsonSerializable(typeof(SearchAnswer))]
[JsonSerializable(typeof(SearchQuery))]
internal sealed partial class SearchJson : JsonSerializerContext;
