namespace Sophia.Knowledge;

/// <summary>How good a ranking is. Pure.</summary>
internal static class RetrievalMetrics
{
    /// <summary>Normalised discounted cumulative gain of the first ten, relevance being yes or no (Järvelin and Kekäläinen, 2002). Range 0 to 1.</summary>
    public static double Ndcg10(IReadOnlyList<string> ranking, IReadOnlySet<string> relevant)
    {
        var gain = ranking.Take(10).Select((id, place) => relevant.Contains(id) ? Discount(place) : 0).Sum();
        return gain / Enumerable.Range(0, Math.Min(10, relevant.Count)).Sum(Discount);
    }

    /// <summary>The share of what is relevant among the first hundred.</summary>
    public static double Recall100(IReadOnlyList<string> ranking, IReadOnlySet<string> relevant) => ranking.Take(100).Count(relevant.Contains) / (double)relevant.Count;

    /// <summary>One over the rank of the first relevant one, 0 without any.</summary>
    public static double Reciprocal(IReadOnlyList<string> ranking, IReadOnlySet<string> relevant)
    {
        for (var place = 0; place < ranking.Count; place++)
            if (relevant.Contains(ranking[place]))
                return 1.0 / (place + 1);
        return 0;
    }

    /// <summary>Runs without white space.</summary>
    public static int Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    public static double Median(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? 0 : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private static double Discount(int place) => 1 / Math.Log2(place + 2);
}
