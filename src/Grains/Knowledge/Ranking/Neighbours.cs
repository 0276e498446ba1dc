namespace Sophia.Knowledge;

/// <summary>What chunks of one record do for each other.</summary>
internal static class Neighbours
{
    /// <summary>Gives each piece of a conversation a fading part of its neighbours' scores.</summary>
    public static void Lend(List<ScoredChunk> chunks, RankingOptions options)
    {
        foreach (var record in ByRecord(chunks).Where(r => r[0].Source.Kind == ChunkKind.Turns))
        {
            var scores = record.ToDictionary(c => c.Source.Ordinal, c => c.Score);
            foreach (var chunk in record)
                chunk.Score += Lent(scores, chunk.Source, options);
        }
    }

    /// <summary>Raises the best chunk of each record by what the next three score.</summary>
    public static void Unite(List<ScoredChunk> chunks, RankingOptions options)
    {
        if (options.SiblingWeight == 0)
            return;
        foreach (var record in ByRecord(chunks).Where(r => r[0].Source.Kind != ChunkKind.Turns && r.Count > 1))
        {
            var best = record.OrderByDescending(c => c.Score).ThenBy(c => c.Source.Ordinal).Take(4).ToList();
            best[0].Score += options.SiblingWeight * best.Skip(1).Select((c, place) => c.Score / (place + 1)).Sum();
        }
    }

    private static double Lent(Dictionary<int, double> scores, Candidate chunk, RankingOptions options)
    {
        var lent = 0.0;
        var fade = 1.0;
        for (var distance = 1; distance <= options.NeighbourReach; distance++, fade *= options.NeighbourFade)
            lent += fade * (options.TurnsBefore * scores.GetValueOrDefault(chunk.Ordinal - distance) + options.TurnsAfter * scores.GetValueOrDefault(chunk.Ordinal + distance));
        return lent;
    }

    private static IEnumerable<List<ScoredChunk>> ByRecord(List<ScoredChunk> chunks) =>
        chunks.GroupBy(c => c.Source.Record).Select(g => g.ToList());
}
