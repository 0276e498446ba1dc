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

    /// <summary>The chance that one of <paramref name="yes"/> is above one of <paramref name="no"/>, equal ones counting half (area under the ROC curve; Mann and Whitney, 1947). Range 0 to 1; 0.5 where either is empty.</summary>
    public static double Auroc(IReadOnlyList<double> yes, IReadOnlyList<double> no)
    {
        if (yes.Count == 0 || no.Count == 0)
            return 0.5;
        var sorted = no.Order().ToArray();
        return yes.Sum(value => (Place(sorted, value, afterEqual: false) + Place(sorted, value, afterEqual: true)) / 2.0) / yes.Count / no.Count;
    }

    private static int Place(double[] sorted, double value, bool afterEqual)
    {
        var (from, until) = (0, sorted.Length);
        while (from < until)
        {
            var middle = (from + until) / 2;
            if (sorted[middle] < value || afterEqual && sorted[middle] == value)
                from = middle + 1;
            else
                until = middle;
        }
        return from;
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
