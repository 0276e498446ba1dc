using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Answers a search from a tenant's index: proposes by full text and nearness, ranks, marks, cites.</summary>
/// <remarks>Keeps stems of words it has seen, so it is for one caller at a time.</remarks>
/// <param name="embedders">Who embeds a tenant's questions; null: words alone answer.</param>
/// <param name="bulkheads">Gives places for what keeps a core busy; null: nobody counts it.</param>
public sealed class SearchEngine(IIndexStore index, ILogStore log, TimeProvider time, Func<TenantId, ITextEmbedder>? embedders = null, IBulkheads? bulkheads = null)
{
    private readonly QuestionEmbedder? embedder = embedders is null ? null : new QuestionEmbedder(embedders, time);
    private readonly WordAnalyzer analyzer = new();
    private readonly RarityCache rarity = new(index);

    /// <exception cref="RefusedException">Invalid: see <see cref="ISearchGrain.Search"/>. DeadlinePassed: between two of its steps nobody waited any more.</exception>
    public async Task<SearchAnswer> Search(TenantId tenant, SearchQuery query, RankingOptions options, CancellationToken cancellation)
    {
        SearchRules.Check(query);
        var began = time.GetTimestamp();
        var asked = AnalyzedQuery.Of(query.Text, analyzer, options);
        var question = await Question(tenant, query, asked, options, cancellation); // Before there is a place: an embedder may be far away, and slow.
        var work = new SearchPlace(bulkheads, tenant, time);
        // A place is for what keeps a core busy: all of it where the index is here, else what is done between waiting for the store.
        using var whole = index.IsLocal ? await work.Enter(cancellation) : default;
        var (candidates, weight, degraded) = await Propose(tenant, query, asked, question, options, cancellation);
        Deadline.ThrowIfPassed(time);
        Ranker ranker;
        IReadOnlyList<ScoredChunk> best;
        using (index.IsLocal ? default : await work.Enter(cancellation))
        {
            ranker = new Ranker(asked, candidates, options, weight);
            best = ranker.Best();
        }
        var ranked = await Rank(tenant, candidates, ranker, best, options, cancellation);
        Deadline.ThrowIfPassed(time);
        var hits = await Hits(tenant, ranked.GetRange(0, Math.Min(query.Limit, ranked.Count)), asked, ranker, cancellation);
        var reached = candidates.Cursor.Position;
        var head = await IndexLag.Head(log, tenant, reached, cancellation);
        return new SearchAnswer(hits, candidates.Matched, (time.GetElapsedTime(began) - work.Waited).TotalMilliseconds, reached, head, Counts(asked, candidates)) { Degraded = degraded, Waited = work.Waited };
    }

    /// <summary>The question's vector, or why there is none; neither where nobody wants one.</summary>
    private async Task<(EmbeddedTexts? Vector, string? Away)> Question(TenantId tenant, SearchQuery query, AnalyzedQuery asked, RankingOptions options, CancellationToken cancellation) =>
        embedder is null || asked.IsEmpty || options is { MeaningWeight: 0, RescueWeight: 0 } ? (null, null) : await embedder.Of(tenant, query.Text, options, cancellation);

    /// <summary>Candidates, what their nearness counts, and why it counts nothing where it should.</summary>
    private async Task<(CandidateSet Candidates, double Weight, string? Degraded)> Propose(TenantId tenant, SearchQuery query, AnalyzedQuery asked, (EmbeddedTexts? Vector, string? Away) embedded, RankingOptions options, CancellationToken cancellation)
    {
        var words = new CandidateQuery(asked.Terms, [.. asked.Weights.Keys], query.Filter, Math.Max(options.Pool, query.Limit));
        if (embedded.Vector is not { } question)
            return (await index.Candidates(tenant, words, cancellation), 0, embedded.Away);
        var near = words with { Near = new VectorQuery(question.Embedder, question.Vectors[0], options.Near) };
        if (options.MeaningWeightOf(question.Embedder) > 0)
            return Weighed(await index.Candidates(tenant, near, cancellation));
        // Words come first, and are mostly all that is needed: vectors are asked only where a word of the question stands nowhere.
        var found = await index.Candidates(tenant, words, cancellation);
        return Meaning.Weight(asked, found, question.Embedder, options) > 0 ? Weighed(await index.Candidates(tenant, near, cancellation)) : (found, 0, null);

        (CandidateSet, double, string?) Weighed(CandidateSet set) => (set, set.NotNear is null ? Meaning.Weight(asked, set, question.Embedder, options) : 0, set.TotalChunks == 0 ? null : set.NotNear);
    }

    private static WordCounts Counts(AnalyzedQuery asked, CandidateSet candidates) =>
        new(candidates.TotalChunks, asked.Weights.Keys.ToDictionary(stem => stem, stem => candidates.DocumentFrequency.GetValueOrDefault(stem), StringComparer.Ordinal));

    private async Task<List<ScoredChunk>> Rank(TenantId tenant, CandidateSet candidates, Ranker ranker, IReadOnlyList<ScoredChunk> best, RankingOptions options, CancellationToken cancellation)
    {
        if (best.Count > 0)
            await Widen(tenant, candidates.Cursor, ranker, best, options, cancellation);
        return ranker.Finish();
    }

    /// <summary>Reads the best texts and looks up how common their telling words are, the most telling first, until enough of them are rare.</summary>
    private async Task Widen(TenantId tenant, IndexCursor cursor, Ranker ranker, IReadOnlyList<ScoredChunk> best, RankingOptions options, CancellationToken cancellation)
    {
        var counter = new WordCounter(analyzer);
        var scores = best.ToDictionary(b => b.Source.ChunkId, b => b.Score);
        var texts = await index.Chunks(tenant, [.. scores.Keys], cancellation);
        var telling = Feedback.Telling([.. texts.Select(text => (scores[text.ChunkId], counter.Count(text.Chunk, text.Title)))], options);
        var chosen = new List<KeyValuePair<string, double>>();
        var known = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var group in telling.Chunk(2 * Math.Max(1, options.FeedbackTerms)))
        {
            foreach (var (stem, chunks) in await rarity.Of(tenant, cursor, [.. group.Select(t => t.Key)], cancellation))
                known[stem] = chunks;
            chosen.AddRange(group.Where(t => ranker.IsRare(known.GetValueOrDefault(t.Key))).Take(options.FeedbackTerms - chosen.Count));
            if (chosen.Count >= options.FeedbackTerms)
                break;
        }
        ranker.Widen(chosen, known);
    }

    private async Task<IReadOnlyList<SearchHit>> Hits(TenantId tenant, List<ScoredChunk> ranked, AnalyzedQuery asked, Ranker ranker, CancellationToken cancellation)
    {
        if (ranked.Count == 0)
            return [];
        var scored = ranked.ToDictionary(chunk => chunk.Source.ChunkId);
        var texts = await index.Chunks(tenant, [.. ranked.Select(chunk => chunk.Source.ChunkId)], cancellation);
        var highlighter = new Highlighter(asked, analyzer);
        return texts.Select(text => Hit(text, scored[text.ChunkId], ranker, highlighter)).ToArray();
    }

    private static SearchHit Hit(IndexedChunk found, ScoredChunk scored, Ranker ranker, Highlighter highlighter)
    {
        var chunk = found.Chunk;
        var spans = chunk.Spans.Select(span => new FieldSpan(span.Field, span.Start, span.Length)).ToArray();
        return new SearchHit(
            scored.Score, found.ChunkId, new Citation(found.Stream, found.Key, found.Version, spans), chunk.Kind, found.Title, chunk.Text,
            highlighter.Spans(chunk), chunk.Section, chunk.Speakers.ToArray(), found.At) { Words = ranker.HeldBy(scored), Nearness = ranker.NearnessOf(scored) };
    }
}
