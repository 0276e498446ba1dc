namespace Sophia.Knowledge;

/// <summary>Questions to a whole collection: which documents come first? A document stands where its best passage does.</summary>
internal sealed class DocumentEvaluation(DocumentSet set) : IEvaluation
{
    /// <summary>Passages asked for, which hold a hundred documents or more.</summary>
    private const int Passages = 400;

    public string[] Modes => ["sophia", "words", "vectors", "hybrid", "rrf", "rrf-default", "bm25"];

    public async Task Fill(ScratchSophia sophia, CancellationToken cancellation)
    {
        var file = Path.Combine(sophia.Files, "documents.jsonl");
        set.Write?.Invoke(file);
        await sophia.Ingest(set.Corpus ?? file, set.Key, cancellation);
    }

    public async Task<EvalScore> Run(string mode, Searcher search, CancellationToken cancellation)
    {
        var (gain, recall, reciprocal, times) = (0.0, 0.0, 0.0, new List<double>());
        foreach (var (text, relevant) in set.Questions)
        {
            var asked = new SearchQuery(text, Passages);
            times.Add((await search(asked with { Limit = IEvaluation.TimedLimit }, cancellation)).Milliseconds);
            var answer = await search(asked, cancellation);
            var ranking = answer.Hits.Select(hit => hit.Citation.Key).Distinct(StringComparer.Ordinal).ToList();
            gain += RetrievalMetrics.Ndcg10(ranking, relevant);
            recall += RetrievalMetrics.Recall100(ranking, relevant);
            reciprocal += RetrievalMetrics.Reciprocal(ranking, relevant);
        }
        var count = set.Questions.Count;
        return new EvalScore(set.Name, mode, count) { Ndcg10 = gain / count, Recall100 = recall / count, Mrr = reciprocal / count, MedianMs = RetrievalMetrics.Median(times) };
    }
}
