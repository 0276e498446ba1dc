namespace Sophia.Chat;

/// <summary>How much each word of a question says: more, the fewer passages hold it; most, where none does; little, where it belongs to the asking.</summary>
internal sealed class TermWeights
{
    private readonly List<(string Stem, double Weight)> weights;
    private readonly double total;

    private TermWeights(List<(string, double)> weights) => (this.weights, total) = (weights, weights.Sum(w => w.Item2));

    /// <summary>In the order of the question.</summary>
    public IReadOnlyList<(string Stem, double Weight)> Words => weights;

    /// <summary>Of all words, in nats.</summary>
    public double Total => total;

    /// <summary>By how many passages of the whole index hold a word; where that is not known, by how many of those found do.</summary>
    /// <param name="all">Passages in the index.</param>
    public static TermWeights Of(IReadOnlyList<string> stems, IReadOnlyList<IReadOnlySet<string>> found, long all, IReadOnlyDictionary<string, long> holding, ExtractiveOptions options)
    {
        return new([.. stems.Select(s => (s, (QuestionReading.IsAsking(s) ? options.AskingWeight : 1) * (holding.TryGetValue(s, out var count) ? Weight(count, all) : Weight(found.Count(p => p.Contains(s)), found.Count))))]);

        // As if so many more passages were there, of which a few hold any word: in a handful of passages it says nothing that a word is in all or in none of them.
        double Weight(long holding, long all) => Math.Log(1 + (all + options.AssumedPassages) / (holding + options.AssumedPassages * options.AssumedShare));
    }

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
