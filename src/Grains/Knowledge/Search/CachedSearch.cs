using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Searches, and remembers the answers for as long as the index stands still.</summary>
/// <remarks>The key of an answer holds the stamp of the index and which code ranks, so an answer that newer records or another ranking would change is never
/// found. What the log has beyond the index is looked up anew each time. An answer that came without its part of meaning is not kept.
/// The last answer to each question is remembered besides, whatever the index does: it is given again, and says so, where a level of degradation wants answers from memory, and where the index fails.</remarks>
internal sealed class CachedSearch(SearchEngine engine, IIndexStore index, ILogStore log, KnowledgeCache cache, RankingOptions ranking, TimeProvider time, IFeatures? features = null, bool givesLastAnswers = true)
{
    /// <summary>When a refused question may be asked again. One step of recovery.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(30);

    /// <summary>What holds where the index itself gives no answer.</summary>
    private static readonly OfferedNow FailingIndex = new(DegradationLevel.Full, "the index does not answer", null, new DegradationEffects([], CacheOnly: true));

    private readonly string rankedBy = $"{typeof(SearchEngine).Module.ModuleVersionId} {ranking}";

    /// <exception cref="RefusedException">Invalid: see <see cref="ISearchGrain.Search"/>.</exception>
    public async Task<SearchAnswer> Search(TenantId tenant, SearchQuery query, CancellationToken cancellation)
    {
        SearchRules.Check(query);
        var offered = features?.Of(tenant) ?? OfferedNow.Everything;
        var (asked, began) = (JsonSerializer.Serialize(query, SearchJson.Default.SearchQuery), time.GetTimestamp());
        var last = CacheKey.Of(CacheOptions.LastAnswers, tenant, rankedBy, asked);
        if (offered.Effects.CacheOnly)
        {
            if (await Last(tenant, last, offered, began, cancellation) is { } kept)
                return kept;
            if (offered.Effects.RefusesMisses)
                throw new RefusedException(RefusalCode.Unavailable, $"Only questions that were answered before are answered for now (level {offered.Level.ToString().ToLowerInvariant()}: {offered.Because}).", retryAt: time.GetUtcNow() + AskAgainAfter);
        }
        try
        {
            return await Look(tenant, query, asked, last, began, cache.IsOn(CacheOptions.SearchAnswers) && !offered.IsOff(Feature.Caching), cancellation);
        }
        catch (RefusedException passed) when (passed.Code == RefusalCode.DeadlinePassed && !Deadline.IsPassed(time))
        {
            return await engine.Search(tenant, query, ranking, cancellation); // Another's time was over, who looked for the same.
        }
        catch (Exception failure) when (givesLastAnswers && failure is StorageException or TimeoutException)
        {
            if (await Last(tenant, last, FailingIndex, began, cancellation) is { } kept)
                return kept;
            throw;
        }
    }

    /// <summary>The answer of before, if there is one of the age allowed; without what was erased or deleted since, for which the log is asked.</summary>
    private async Task<SearchAnswer?> Last(TenantId tenant, CacheKey last, OfferedNow offered, long began, CancellationToken cancellation)
    {
        if (await cache.Kept(last, SearchAnswerFormat.Instance) is not { } kept || time.GetUtcNow() - kept.MadeAt > TimeSpan.FromSeconds(offered.Effects.CacheForSeconds))
            return null;
        var there = new Dictionary<(string Stream, string Key), bool>();
        foreach (var at in kept.Value.Hits.Select(hit => (hit.Citation.Stream, hit.Citation.Key)).Distinct())
            there[at] = await log.Newest(tenant, at.Stream, at.Key, cancellation) is { Operation: RecordOperation.Upsert };
        return kept.Value with
        {
            Hits = [.. kept.Value.Hits.Where(hit => there[(hit.Citation.Stream, hit.Citation.Key)])],
            Milliseconds = time.GetElapsedTime(began).TotalMilliseconds,
            Stale = offered.Effects.SaysStale ? new StaleAnswer(kept.MadeAt, offered.Because ?? "") : null,
        };
    }

    private async Task<SearchAnswer> Look(TenantId tenant, SearchQuery query, string asked, CacheKey last, long began, bool mayRemember, CancellationToken cancellation)
    {
        var (anew, seen) = (false, cache.Forgotten);
        if (!mayRemember || await index.Stamp(tenant, cancellation) is not { } stamp)
            return await Engine(cancellation);
        var key = CacheKey.Of(CacheOptions.SearchAnswers, tenant, rankedBy, stamp, asked);
        var answer = await cache.Get(key, SearchAnswerFormat.Instance, Engine, static loaded => loaded is { Degraded: null, Waited.Ticks: 0 }, cancellation);
        if (anew)
        {
            var kept = answer with { Waited = TimeSpan.Zero }; // Who finds it again waited for nobody.
            if (answer is { Degraded: null, Waited.Ticks: > 0 })
                cache.Keep(key, SearchAnswerFormat.Instance, kept, seen);
            if (answer.Hits.Count > 0) // That nothing was found is worth nothing later.
                cache.Keep(last, SearchAnswerFormat.Instance, kept, seen);
            return answer;
        }
        var head = await IndexLag.Head(log, tenant, answer.IndexedTo, cancellation);
        var took = time.GetElapsedTime(began);
        var waited = answer.Waited < took ? answer.Waited : took; // In another's place, who looked for the same, and perhaps longer.
        return answer with { Head = head, Milliseconds = (took - waited).TotalMilliseconds, Waited = waited };

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
