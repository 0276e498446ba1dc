namespace Sophia.Knowledge;

// Scores of words and cosines have no common unit, so nearness is measured by the question's own candidates: the nearest counts 1, the farthest that
// was proposed 0, and the weight says what that is worth against the best score of words. Reciprocal ranks would forget by how much the first is
// better than the second, so that no weight would leave a clear hit alone.
//
// The weight depends on who embeds. A model knows what words mean and counts as much as they do. The built-in embedder knows only letters, which the
// ranker knows better: it counts nothing, but for the share of a question's words that stand nowhere in the index. There, misspelt or of another
// form, words have nothing to say and letters do. So it can rescue a miss and does not touch a hit.

/// <summary>What nearness to a question adds to the scores of words. Pure.</summary>
internal static class Meaning
{
    /// <summary>The share of a question's words that stand nowhere in the index, 0 to 1.</summary>
    public static double Unknown(AnalyzedQuery asked, CandidateSet set)
    {
        var all = asked.Weights.Values.Sum();
        return all <= 0 ? 0 : asked.Weights.Where(w => set.DocumentFrequency.GetValueOrDefault(w.Key) == 0).Sum(w => w.Value) / all;
    }

    /// <summary>The weight of nearness for a question.</summary>
    public static double Weight(AnalyzedQuery asked, CandidateSet set, EmbedderId embedder, RankingOptions options) =>
        options.MeaningWeightOf(embedder) + options.RescueWeight * Unknown(asked, set);

    /// <summary>Adds nearness to scores.</summary>
    public static void Add(List<ScoredChunk> chunks, double weight)
    {
        var near = chunks.FindAll(c => c.Source.Similarity is not null);
        if (weight <= 0 || near.Count == 0)
            return;
        var (nearest, farthest) = (near.Max(c => c.Source.Similarity!.Value), near.Min(c => c.Source.Similarity!.Value));
        var best = chunks.Max(c => c.Score);
        var worth = weight * (best > 0 ? best : 1) / Math.Max(1e-6, nearest - farthest);
        foreach (var chunk in near)
            chunk.Score += worth * (chunk.Source.Similarity!.Value - farthest);
    }

    /// <summary>Replaces scores by the sum of reciprocal places in the order of words and, weighed, in the order of nearness.</summary>
    public static void JoinByRank(List<ScoredChunk> chunks, double weight, double constant)
    {
        if (weight <= 0)
            return;
        var byWords = chunks.FindAll(c => c.Score > 0).OrderByDescending(c => c.Score).ThenBy(c => c.Source.ChunkId).ToList();
        var byNearness = chunks.FindAll(c => c.Source.Similarity is not null).OrderByDescending(c => c.Source.Similarity).ThenBy(c => c.Source.ChunkId).ToList();
        chunks.ForEach(chunk => chunk.Score = 0);
        for (var place = 0; place < byWords.Count; place++)
            byWords[place].Score += 1 / (constant + place + 1);
        for (var place = 0; place < byNearness.Count; place++)
            byNearness[place].Score += weight / (constant + place + 1);
    }
}
