namespace Sophia.Knowledge;

/// <summary>Words of the best texts that may widen a question.</summary>
internal static class Feedback
{
    /// <summary>The words, the most telling first: those that take up most of the best texts, a better text counting more.</summary>
    public static List<KeyValuePair<string, double>> Telling(IReadOnlyList<(double Score, WordCount Words)> best, RankingOptions options)
    {
        var sum = best.Sum(b => b.Score);
        var telling = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (score, count) in best)
        {
            var words = Math.Max(options.FeedbackMinWords, count.TitleWords + count.BodyWords);
            foreach (var (stem, (title, body)) in count.Stems)
                if (stem.Length > 1 && !StopWords.IsStop(stem) && !StopWords.IsAsking(stem) && !stem.All(char.IsDigit))
                    telling[stem] = telling.GetValueOrDefault(stem) + score / sum * (title + body) / words;
        }
        return [.. telling.OrderByDescending(t => t.Value).ThenBy(t => t.Key, StringComparer.Ordinal)];
    }
}
