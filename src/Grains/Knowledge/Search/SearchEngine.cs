using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Answers a search from a tenant's index: proposes by full text, ranks, marks, cites.</summary>
/// <remarks>Keeps stems of words it has seen, so it is for one caller at a time.</remarks>
public sealed class SearchEngine(IIndexStore index, ILogStore log, TimeProvider time)
{
    private readonly WordAnalyzer analyzer = new();

    /// <exception cref="RefusedException">Invalid: see <see cref="ISearchGrain.Search"/>.</exception>
    public async Task<SearchAnswer> Search(TenantId tenant, SearchQuery query, RankingOptions options, CancellationToken cancellation)
    {
        SearchRules.Check(query);
        var began = time.GetTimestamp();
        var asked = AnalyzedQuery.Of(query.Text, analyzer, options);
        var candidates = await index.Candidates(tenant, new CandidateQuery(asked.Terms, [.. asked.Weights.Keys], query.Filter, Math.Max(options.Pool, query.Limit)), cancellation);
        var ranked = await Rank(tenant, asked, candidates, options, cancellation);
        var hits = ranked.Take(query.Limit).Select(chunk => Hit(chunk, asked)).ToArray();
        var reached = await index.Cursor(tenant, cancellation);
        var head = await IndexLag.Head(log, tenant, reached.Position, cancellation);
        return new SearchAnswer(hits, candidates.Matched, time.GetElapsedTime(began).TotalMilliseconds, reached.Position, head, Counts(asked, candidates));
    }

    private static WordCounts Counts(AnalyzedQuery asked, CandidateSet candidates) =>
        new(candidates.TotalChunks, asked.Weights.Keys.ToDictionary(stem => stem, stem => candidates.DocumentFrequency.GetValueOrDefault(stem), StringComparer.Ordinal));

    private async Task<List<ScoredChunk>> Rank(TenantId tenant, AnalyzedQuery asked, CandidateSet candidates, RankingOptions options, CancellationToken cancellation)
    {
        var ranker = new Ranker(asked, candidates, new CandidateReader(analyzer), options);
        var telling = ranker.Widening();
        if (telling.Count > 0)
            await Widen(tenant, ranker, telling, options, cancellation);
        return ranker.Finish();
    }

    /// <summary>Looks up how common the telling words are, the most telling first, until enough of them are rare.</summary>
    private async Task Widen(TenantId tenant, Ranker ranker, IReadOnlyList<KeyValuePair<string, double>> telling, RankingOptions options, CancellationToken cancellation)
    {
        var chosen = new List<KeyValuePair<string, double>>();
        var known = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var group in telling.Chunk(2 * Math.Max(1, options.FeedbackTerms)))
        {
            foreach (var (stem, chunks) in await index.DocumentFrequency(tenant, [.. group.Select(t => t.Key)], cancellation))
                known[stem] = chunks;
            chosen.AddRange(group.Where(t => ranker.IsRare(known.GetValueOrDefault(t.Key))).Take(options.FeedbackTerms - chosen.Count));
            if (chosen.Count >= options.FeedbackTerms)
                break;
        }
        ranker.Widen(chosen, known);
    }

    private SearchHit Hit(ScoredChunk found, AnalyzedQuery asked)
    {
        var (source, chunk) = (found.Source, found.Source.Chunk);
        var spans = chunk.Spans.Select(span => new FieldSpan(span.Field, span.Start, span.Length)).ToArray();
        return new SearchHit(
            found.Score, source.ChunkId, new Citation(source.Stream, source.Key, source.Version, spans), chunk.Kind, source.Title, chunk.Text,
            Highlighter.Spans(chunk.Text, asked, analyzer), chunk.Section, chunk.Speakers, source.At);
    }
}
