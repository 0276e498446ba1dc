namespace Sophia.Chat;

/// <summary>How much each word of a question says: more, the fewer of the passages found hold it; most, where none does.</summary>
internal sealed class TermWeights
{
    private readonly List<(string Stem, double Weight)> weights;
    private readonly double total;

    private TermWeights(List<(string, double)> weights) => (this.weights, total) = (weights, weights.Sum(w => w.Item2));

    public static TermWeights Of(IReadOnlyList<string> stems, IReadOnlyList<IReadOnlySet<string>> passages) =>
        new([.. stems.Select(s => (s, Math.Log(1 + (passages.Count + 0.5) / (passages.Count(p => p.Contains(s)) + 0.5))))]);

    /// <summary>The share of the question's weight that is in one of the sets, 0 to 1.</summary>
    public double Cover(params ReadOnlySpan<IReadOnlySet<string>> sets)
    {
        if (total == 0)
            return 0;
        var sum = 0.0;
        foreach (var (stem, weight) in weights)
            foreach (var set in sets)
                if (set.Contains(stem))
                {
                    sum += weight;
                    break;
                }
        return sum / total;
    }
}
